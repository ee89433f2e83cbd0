"""Rules in other languages: programs that run without rulegen, and pages."""

from rulegen.catalog.export.formats import Export as Export
from rulegen.catalog.export.formats import export as export
from rulegen.catalog.export.formats import problems as problems
from rulegen.catalog.export.page import carried as carried
