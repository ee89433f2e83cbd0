"""Rules as literature: records, and the pages that are made from them."""

from catalog.card import card as card
from catalog.latex import latex_card as latex_card
from catalog.latex import latex_section as latex_section
from catalog.literature import find as find
from catalog.literature import literature as literature
from catalog.markdown import markdown_card as markdown_card
from catalog.reading import read_card as read_card
from catalog.record import Comparison as Comparison
from catalog.record import Evidence as Evidence
from catalog.record import Interval as Interval
from catalog.record import Look as Look
from catalog.record import ParameterNote as ParameterNote
from catalog.record import Record as Record
from catalog.record import Reference as Reference
from catalog.record import Setting as Setting
from catalog.record import TermLoss as TermLoss
from catalog.record import load_record as load_record
from catalog.record import save_record as save_record
