"""The rule: what was read, its terms, units, locality and digest."""
