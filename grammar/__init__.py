"""Rules as mathematics: SymPy, and networkx for spaces, never JAX."""

from lazy_loader import attach_stub

# Names are those of the stub beside this file, each loaded when it is first asked for.
__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
