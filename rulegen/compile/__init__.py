"""From a rule to JAX: one-step system, tangents, lowering, plan, compiled rule."""

from lazy_loader import attach_stub

# Loaded when asked for: the plan of a rule needs no JAX.
__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
