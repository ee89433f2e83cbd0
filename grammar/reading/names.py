"""What a name means: signal, state, definition, parameter, or a mistake with a remedy."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

import sympy as sp

from rulegen.grammar.algebra.draws import DISTRIBUTIONS
from rulegen.grammar.algebra.operators import SHARED
from rulegen.grammar.algebra.parts import Parameter
from rulegen.grammar.algebra.symbols import (
    SIGNALS,
    UNGROUPED,
    WEIGHT,
    Site,
    is_foreign,
    is_group,
    symbol,
)
from rulegen.grammar.reading.calls import CALLS, call_of
from rulegen.grammar.reading.draft import check_parameters
from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.reading.foreign_units import alone
from rulegen.grammar.reading.lexer import GREEK, Token
from rulegen.grammar.reading.quantities import UNITS, unit_value
from rulegen.grammar.reading.remedies import for_group, for_name, no_number
from rulegen.grammar.reading.source import Line
from rulegen.grammar.reading.suggest import suggest
from rulegen.grammar.reading.words import RESERVED, meaning_of

#: The running reward baseline, which a rule may use without defining it.
BASELINE = "R_bar"

_STEM = re.compile(r"[A-Za-z]+")
_GREEK_PARAMETERS = frozenset(GREEK) - set(SIGNALS)


#: What is of one neuron or the other, by what stands behind its side: `pre.u` is `pre_u`.
SIDED = {
    "u": {"pre": "pre_u"}, "error": {"pre": "pre_error"}, "rate": {"pre": "pre", "post": "post"},
    "spike": {"pre": "pre_spike", "post": "post_spike"},
} | {
    name: {"pre": ""}
    for name in ("slope", "xi", "drive", "drive_recurrent", "drive_input", "drive_feedback")
}  # fmt: skip
#: Numbers that have a name.
CONSTANTS: dict[str, sp.Expr] = {"pi": sp.pi}


def constant(name: str) -> sp.Expr | None:
    """The number or unit that an undefined name stands for, or None.

    A single letter is no unit where it stands alone: more likely it is a state without equation.

    Example:
        >>> constant("pi"), constant("ms"), constant("s")
        (pi, ms, None)
    """
    return CONSTANTS.get(name, unit_value(name) if len(name) > 1 else None)


def is_parameter_name(name: str) -> bool:
    """Whether an undeclared name is a parameter: it starts with the name of a Greek letter.

    Example:
        >>> [is_parameter_name(n) for n in ("theta_1", "tau_u", "Delta", "xi_bar", "etas")]
        [True, True, True, False, False]
    """
    stem = _STEM.match(name)
    return stem is not None and stem.group().lower() in _GREEK_PARAMETERS


class Names:
    """The names of one text.

    Attributes:
        parameters: declared ones, then implicit ones as the formulas use them.
        implicit: names of the parameters that the text does not declare.
        baseline: the first use of an undefined `R_bar`.
        foreign: states of other rules, as the formulas use them.
        groups: of neurons, likewise.
        written: those of all formulas, read or not.
        changed: where an event changes what may have no equation.
    """

    def __init__(
        self,
        parameters: Mapping[str, Parameter],
        states: Mapping[str, bool],
        definitions: Collection[str],
        written: Collection[str] = (),
        changed: Mapping[str, tuple[Line, Token]] = MappingProxyType({}),
    ) -> None:
        self.parameters = dict(parameters)
        self.states, self.definitions = states, definitions
        self.changed = changed
        self.defined, self.written = [*states, *definitions], written
        self.implicit: list[str] = []
        self.baseline: Token | None = None
        self.foreign: set[str] = set()
        self.groups: set[str] = set()

    def resolve(self, line: Line, token: Token) -> sp.Expr:
        """The symbol or number of a name, or an error with what was probably meant."""
        name = token.text
        if is_foreign(name):
            self._check_foreign(line, token)
            self.foreign.add(name)
        elif is_group(name):
            self._check_group(line, token)
            self.groups.add(name)
        elif name in self.states:
            self._check_subscript(line, token, self.states[name])
        elif name == BASELINE and name not in self.defined:
            self.baseline = self.baseline or token
            self._check_subscript(line, token, self.baseline.per_condition)
        elif name in self.definitions or name in SIGNALS or name == WEIGHT:
            self._check_subscript(line, token, False)
        elif name not in self.parameters and (number := constant(name)) is not None:
            self._check_subscript(line, token, False)
            return number
        elif name in self.parameters or is_parameter_name(name):
            self._check_subscript(line, token, False)
            if name not in self.parameters:
                self.parameters[name] = Parameter(name)
                check_parameters(self.parameters, line, token)
                self.implicit.append(name)
        else:
            raise self._unknown(line, token)
        return symbol(name)

    def no_state(self, line: Line, token: Token) -> RuleError:
        """What is said of a name without an equation that an event changes."""
        what, remedy = meaning_of(token.text)
        if what:
            return line.error(f"`{token.text}` {what}, and no state", token.column, remedy)
        near = suggest(token.text, [*self.states, WEIGHT])
        declare = f"declare it: `{token.text} <- {token.text} : synapse`"
        message = f"`{token.text}` is not a state"
        return line.error(message, token.column, f"{near} Else, {declare}" if near else declare)

    def _check_foreign(self, line: Line, token: Token) -> None:
        """Refuse what is no state of another rule, or one for each condition."""
        whose, _, name = token.text.partition(".")
        if token.per_condition:
            raise line.error(
                "of another rule one number is read, and none for each condition",
                token.column,
                f"let the rule of `{whose}` keep the one at hand, `now <- {name}[condition] : "
                f"global`, and write `{whose}.now`",
            )
        if name not in SIGNALS and name != WEIGHT:
            return
        # The number of sources is another one for each projection.
        shared = name in SIGNALS.keys() - {"N_pre"} and SIGNALS[name].site.fits(Site.POST)
        raise line.error(
            f"`{name}` is {'a signal' if name in SIGNALS else 'the weight'}, and states alone are "
            "read of other rules",
            token.column,
            f"write `{name}`"
            if shared
            else f"let a global or postsynaptic state of the rule of `{whose}` gather it",
        )

    def _check_group(self, line: Line, token: Token) -> None:
        """Refuse what is no name of a group of neurons."""
        side, _, name = token.text.partition(".")
        if token.per_condition:
            raise line.error(
                f"which neurons belong to `{token.text}` does not depend on the condition",
                token.column,
                f"write `{token.text}`",
            )
        if name in self.defined or name in UNGROUPED:
            own = SIDED.get(name, {}).get(side, name)
            raise line.error(
                f"`{name}` is no group of neurons, of which `{token.text}` says whether the "
                f"{side}synaptic one belongs to it",
                token.column,
                f"write `{own}`" if own else f"`{name}` is that of the postsynaptic neuron alone",
            )

    def _check_subscript(self, line: Line, token: Token, per_condition: bool) -> None:
        if token.per_condition and not per_condition:
            raise line.error(
                f"`{token.text}` is not kept per condition",
                token.column,
                f"write `{token}` in its equation as well, or `{token.text}` everywhere",
            )
        if per_condition and not token.per_condition:
            raise line.error(
                f"`{token.text}` is kept per condition",
                token.column,
                f"write `{token.text}[condition]` everywhere",
            )

    def _unknown(self, line: Line, token: Token) -> RuleError:
        name = token.text
        if remedy := no_number(name):
            return line.error(f"`{name}` is no number that a formula has", token.column, remedy)
        if name in RESERVED:
            return line.error(
                f"`{name}` is a word of the language", token.column, "use another name here"
            )
        if name in SHARED:
            return line.error(
                f"`{name}` is a function", token.column, f"write `{CALLS[name]}`, or define it"
            )
        if name in self.changed:
            raise self.no_state(*self.changed[name])
        own = [*self.defined, *self.parameters]
        remedy = for_name(name, own, [*SIGNALS, WEIGHT, BASELINE])
        if name in DISTRIBUTIONS:
            return line.error(f"`{name}` draws a number", token.column, f"write `{call_of(name)}`")
        declare = f"if it is a parameter, declare it: `param {name} = 1`"
        if group := for_group(name, self.written):
            remedy = f"did you mean `pre.{group}` or `post.{group}`?"
        elif name in UNITS:
            remedy = f"As a unit it follows its number, `10 {name}` and `5/(1 {name})`."
        elif name == "e" and line.text[token.column :].lstrip().startswith("**"):
            remedy = "Write `exp(x)` for a power of e."
        elif (unit := alone(name)) and not remedy:
            remedy = f"{unit[0].upper()}{unit[1:]}."
        return line.error(
            f"`{name}` is not known",
            token.column,
            f"{remedy} Else, {declare}" if remedy else declare,
        )
