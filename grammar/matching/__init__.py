"""What a rule is in terms of another: shapes, coefficients and their equations."""
