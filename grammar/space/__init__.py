"""Spaces of rules: productions, structures, slots."""
