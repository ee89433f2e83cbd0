"""Rules as literature: records, and the pages that are made from them."""

from lazy_loader import attach_stub

# Names are those of the stub beside this file, each loaded when it is first asked for.
__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
