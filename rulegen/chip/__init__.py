"""Loops that run on chip: one group of threads for each life, everything in their registers."""
