"""Symbolic rule discovery for synaptic plasticity: `import rulegen as rg`."""

from lazy_loader import attach_stub

# Names are those of the stub beside this file, each loaded when it is first asked for: reading a
# rule shall not wait for what simulates one.
__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
