"""Rules as text and as LaTeX."""
