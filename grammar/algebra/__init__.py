"""Vocabulary: symbols, operators, expressions, and the parts of a rule."""
