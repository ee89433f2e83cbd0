"""Rules in other languages: programs that run without rulegen, and pages."""

from catalog.export.formats import FORMATS as FORMATS
from catalog.export.formats import export as export
from catalog.export.formats import problems as problems
from catalog.export.page import carried as carried
