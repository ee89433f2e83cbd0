"""How alike rules are, and what a rule is called."""
