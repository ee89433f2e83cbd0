"""What circuits have become by learning: how they changed, what they do, how alike they are.

All of it works on what `rulegen.analysis.dissect` returns, with lives first, and makes tables and
pictures.
"""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
