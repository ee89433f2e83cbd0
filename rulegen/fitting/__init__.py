"""Values: gradient ascent, quadratic surfaces, tuning, and how good estimators are."""
