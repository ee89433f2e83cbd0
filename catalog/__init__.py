"""Rules as literature: records, and the pages that are made from them."""

from rulegen.catalog.pages.card import card as card
from rulegen.catalog.pages.latex import latex_card as latex_card
from rulegen.catalog.pages.latex import latex_section as latex_section
from rulegen.catalog.pages.markdown import markdown_card as markdown_card
from rulegen.catalog.pages.reading import read_card as read_card
from rulegen.catalog.records.literature import find as find
from rulegen.catalog.records.literature import literature as literature
from rulegen.catalog.records.record import Comparison as Comparison
from rulegen.catalog.records.record import Evidence as Evidence
from rulegen.catalog.records.record import Interval as Interval
from rulegen.catalog.records.record import Look as Look
from rulegen.catalog.records.record import ParameterNote as ParameterNote
from rulegen.catalog.records.record import Record as Record
from rulegen.catalog.records.record import Reference as Reference
from rulegen.catalog.records.record import Setting as Setting
from rulegen.catalog.records.record import TermLoss as TermLoss
from rulegen.catalog.records.record import load_record as load_record
from rulegen.catalog.records.record import save_record as save_record
