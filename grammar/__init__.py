"""Rules as mathematics: SymPy and networkx, never JAX."""

from grammar.errors import ConfigError as ConfigError
from grammar.errors import RuleError as RuleError
from grammar.errors import RulegenError as RulegenError
from grammar.errors import RunError as RunError
from grammar.families import confavreux as confavreux
from grammar.families import maoutsa as maoutsa
from grammar.families import mehta as mehta
from grammar.families import polynomial as polynomial
from grammar.latex_names import format_number as format_number
from grammar.locality import LocalityCertificate as LocalityCertificate
from grammar.locality import LocalityItem as LocalityItem
from grammar.parse import parse as parse
from grammar.parts import Definition as Definition
from grammar.parts import Event as Event
from grammar.parts import Form as Form
from grammar.parts import Parameter as Parameter
from grammar.parts import RuleParts as RuleParts
from grammar.parts import State as State
from grammar.parts import Update as Update
from grammar.rule import Rule as Rule
from grammar.symbols import SIGNALS as SIGNALS
from grammar.symbols import Signal as Signal
from grammar.symbols import Site as Site
from grammar.symbols import symbol as symbol
from grammar.terms import Term as Term
from grammar.unparse import unparse as unparse
