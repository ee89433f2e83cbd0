"""Rules as mathematics: SymPy and networkx, never JAX."""
