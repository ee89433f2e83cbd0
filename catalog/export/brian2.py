"""A rule as synapses of Brian 2: one object that keeps every state, and functions for events.

Brian 2 runs the same one-step maps as rulegen, at the end of each of its steps, so that both give
the same numbers. Pre, post and global states are kept in each synapse, which costs memory and
makes the synapses independent of the model of the neurons.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import sympy as sp

from rulegen.catalog.export.code import PREVIOUS, Code, definition, kept_before
from rulegen.catalog.export.names import PYTHON, changed, identifiers, variables
from rulegen.catalog.export.page import head
from rulegen.catalog.export.places import formulas, has_pole, nonlocal_problems
from rulegen.catalog.records.record import Record
from rulegen.grammar import SIGNALS, Event, Form, Rule, Site
from rulegen.grammar.algebra.operators import erf, spow
from rulegen.grammar.algebra.symbols import IMPULSES, WEIGHT, symbol
from rulegen.grammar.rule.system import Equation, make_system

TITLE = '"""A plasticity rule as synapses of Brian 2, exported by rulegen."""'
NEW = "new "

#: Where synapses find the signals: in a variable of the neurons, or in one of their own.
SIGNAL_NAMES = {
    "pre": "r_pre", "post": "r_post", "u": "u_post", "pre_u": "u_pre", "slope": "slope_post",
    "drive": "drive_post", "drive_recurrent": "drive_recurrent_post",
    "drive_input": "drive_input_post", "drive_feedback": "drive_feedback_post",
    "xi": "noise_post", "error": "error_post", "pre_error": "error_pre", "zeta": "zeta", "R": "R",
    "pre_spike": "impulse_in", "post_spike": "impulse_out", "dt": "(dt/ms)",
    "N_pre": "N_pre", "N_post": "N_post", "t": "t_trial",
}  # fmt: skip

WORDS = PYTHON | {
    "abs", "arccos", "arcsin", "arctan", "ceil", "clip", "cos", "cosh", "exp", "expm1", "exprel",
    "floor", "int", "log", "log10", "log1p", "poisson", "rand", "randn", "sign", "sin", "sinh",
    "sqrt", "tan", "tanh", "timestep", "e", "inf", "pi", "xi", "t", "dt", "i", "j", "N", "delay",
    "t_in_timesteps", "N_incoming", "N_outgoing", "lastspike", "lastupdate", "refractory", "ms",
    "auto", "bool", "break", "case", "char", "const", "default", "do", "double", "enum", "extern",
    "float", "goto", "long", "new", "private", "public", "register", "short", "signed", "sizeof",
    "static", "struct", "switch", "this", "typedef", "union", "unsigned", "void", "volatile",
    "w_eff", "bias", "active", "name", "source", "target", "namespace", "variables", "state",
    # what Brian keeps under these names at every Synapses
    "add_attribute", "add_dependency", "after_run", "before_run", "clock", "code_objects",
    "default_event", "equations", "event_driven", "events", "get_states", "id", "indices", "order",
    "run", "run_regularly", "runner", "set_states", "updaters", "when",
    "Synapses", "connect", "PARAMETERS", "MODEL", "STEP", "KEPT", "synapses", "condition",
    "t_start",
    *SIGNAL_NAMES.values(), *SIGNALS,
}  # fmt: skip
#: Units, with prefixes and powers, and the endings of what synapses read from neurons.
UNITS = re.compile(
    r"(da|[yzafpnumcdhkMGTPEZY])?(meter|metre|molar|gramme|gram|kilogramme|kilogram|mole?|candle"
    r"|amp|ampere|kelvin|second|radian|steradian|hertz|newton|pascal|joule|watt|coulomb|volt|farad"
    r"|ohm|siemens|weber|tesla|henry|lumen|lux|becquerel|gray|sievert|katal|liter|litre|celsius"
    r"|[VAFSM]|Hz|m|s)[23]?|.*_(pre|post)"
)


def taken(name: str) -> bool:
    """Whether a name cannot be used for a state or a parameter."""
    return name in WORDS or UNITS.fullmatch(name) is not None


class BrianCode(Code):
    """Expressions of Brian 2, which have no choice and no minimum or maximum."""

    def function(self, name: str, args: Sequence[str]) -> str:
        """A function, made of others where Brian 2 has none."""
        match name:
            case "max":
                return f"clip({args[0]}, {args[1]}, inf)"
            case "min":
                return f"clip({args[0]}, -inf, {args[1]})"
            case "relu":
                return f"clip({args[0]}, 0.0, inf)"
            case "sigmoid":
                return f"(1.0/(1.0 + exp(-({args[0]}))))"
            case "mod":
                x, y = args
                return f"({x} - ({y})*floor(({x})/({y})))"
            case "spow":
                return f"(sign({args[0]})*abs({args[0]})**({args[1]}))"
        return f"{name}({', '.join(args)})"

    def choice(self, condition: str, first: str, second: str) -> str:
        """A condition is 1 or 0."""
        if (first, second) == ("1.0", "0.0"):
            return f"int({condition})"
        return f"(int({condition})*({first}) + (1.0 - int({condition}))*({second}))"


def problems(rule: Rule) -> list[str]:
    """What of a rule Brian 2 cannot express.

    Example:
        >>> from rulegen.grammar import parse
        >>> problems(parse("nonlocal max_pre\\nw <- w/max_pre(w)"))
        ['`w` has `max_pre`: synapse code of Brian 2 sees one synapse at a time']
    """
    found = nonlocal_problems(rule, "synapse code of Brian 2 sees one synapse at a time")
    for place, expr in formulas(rule):
        branches = [case.expr for p in expr.atoms(sp.Piecewise) for case in p.args]
        if any(has_pole(branch) for branch in branches):
            found.append(
                f"{place} has a condition: Brian 2 computes both cases and multiplies by 0 or 1, "
                "and a case here may be infinite"
            )
        if expr.has(erf):
            found.append(f"{place} has `erf`: Brian 2 has no such function")
        if any(not p.args[1].is_positive for p in expr.atoms(spow)):
            found.append(f"{place} has `spow` with an exponent that may be negative")
    for state in rule.states:
        still = state.form is Form.AVERAGE or state.expr == symbol(state.name)
        if state.per_condition and not still:
            found.append(
                f"`{state.name}` is kept per condition and changes at every step: a module keeps "
                "what changes at events"
            )
        reads_weights = symbol(WEIGHT) in rule.expand(state.initial).free_symbols
        if reads_weights or (state.per_condition and not state.initial.is_number):
            found.append(f"`{state.name}` begins at a formula of what is set later in Brian 2")
    return found


def write(record: Record) -> str:
    """The text of a module with `connect` and a function for each event.

    Example:
        >>> record = Record(name="hebb", title="Hebb", description="",
        ...                 equations="w += 0.1*pre*post")
        >>> print(*write(record).partition("STEP")[2].splitlines()[1:4], sep="\\n")
        new_w = 0.1*r_post*r_pre + w
        w = new_w
        \"\"\"
    """
    return "\n".join(Script(record).lines()) + "\n"


class Script:
    """One rule on its way to Brian 2."""

    def __init__(self, record: Record) -> None:
        self.record, self.rule, self.system = record, record.rule, make_system(record.rule)
        system = self.system
        self.stepped = (*system.synapse, *system.neuron, *system.weights)
        self.events = [e for event in Event for e in system.events[event]]
        self.forward = {target: self.rule.expand(expr) for target, expr in self.rule.forward}
        exprs = [e.expr for e in (*self.stepped, *self.events)] + list(self.forward.values())
        self.read = {s.name for e in exprs for s in e.free_symbols}
        self.previous = kept_before(exprs)
        keys = [n for n in variables(self.rule) if n not in SIGNALS]
        keys += [NEW + e.name for e in self.stepped] + [PREVIOUS + n for n in self.previous]
        self.names = identifiers(keys, taken, "_0") | SIGNAL_NAMES
        self.code = self.reader(self.names)

    def reader(self, names: dict[str, str]) -> BrianCode:
        """A writer of expressions that uses these names."""
        return BrianCode(names, self.system.sites, {p.name for p in self.rule.parameters})

    def lines(self) -> list[str]:
        """All lines of the module."""
        own = {n: v for n, v in self.names.items() if n not in SIGNALS}
        values = {own[p.name]: p.value for p in self.rule.parameters if p.value is not None}
        lines = [TITLE, "", *head(self.record, "#", [*changed(self.rule, own), *self.notes()])]
        lines += ["", "from brian2 import Synapses, ms", "", f"PARAMETERS = {values!r}"]
        lines += ["", 'MODEL = """', *self.model(), '"""', "", 'STEP = """', *self.step(), '"""']
        if self.system.per_condition:
            lines += ["", "# Averages of each condition, by the name of the synapses.", "KEPT = {}"]
        lines += self.connect()
        for event, name, arguments in EVENTS:
            lines += definition(name, f"{arguments}, condition=0", self.event(event))
        return lines

    def notes(self) -> list[str]:
        """What the neurons must have."""
        read = [SIGNALS[n] for n in sorted(self.read & SIGNAL_NAMES.keys())]
        needs = [
            f"{self.names[s.name]}: {s.meaning}."
            for s in read
            if self.names[s.name].endswith(("_pre", "_post")) and not s.name.startswith("N_")
        ]
        ends = (
            "All times are numbers in ms. A variable x_pre or x_post is x of the source or target."
        )
        return [ends, *needs] if needs else [ends]

    def model(self) -> list[str]:
        """Variables of each synapse."""
        kept = [WEIGHT, *self.system.initial, *(PREVIOUS + n for n in self.previous)]
        kept += sorted(self.read & ({"zeta"} | IMPULSES))
        lines = [f"{self.names[name]} : 1" for name in kept]
        if "R" in self.read:
            lines.append("R : 1 (shared)")
        if "t" in self.read:
            lines += ["t_start : second (shared)", "t_trial = (t - t_start)/ms : 1 (shared)"]
        for target, expr in self.forward.items():
            name = "w_eff" if target == WEIGHT else "bias"
            lines.append(f"{name} = {self.code(expr, Site.SYNAPSE)} : 1")
        return lines

    def step(self) -> list[str]:
        """New values from old ones; the weights see new synapse states."""
        names, system = self.names, self.system
        first = (*system.synapse, *system.neuron)
        lines = [f"{names[NEW + e.name]} = {self.value(e, self.code)}" for e in first]
        seen = names | {e.name: names[NEW + e.name] for e in system.synapse}
        fresh = self.reader(seen)
        lines += [f"{names[NEW + e.name]} = {self.value(e, fresh)}" for e in system.weights]
        # What `x` means to the weights in this step is `prev(x)` in the next.
        lines += [f"{names[PREVIOUS + name]} = {seen[name]}" for name in self.previous]
        lines += [f"{names[e.name]} = {names[NEW + e.name]}" for e in self.stepped]
        return lines + [f"{names[name]} = 0.0" for name in sorted(self.read & IMPULSES)]

    def value(self, equation: Equation, code: Code) -> str:
        """The new value of what an equation defines."""
        rule = self.rule
        if equation.name != WEIGHT:
            return code(equation.expr, Site.SYNAPSE)
        text = code(equation.expr, Site.SYNAPSE)
        if (rule.lower, rule.upper) != (-sp.oo, sp.oo):
            text = f"clip({text}, {rule.lower!r}, {rule.upper!r})"
        return f"int(i != j)*({text})" if rule.zero_diagonal else text

    def connect(self) -> list[str]:
        """The function that makes the synapses."""
        told = [
            '"""Synapses that follow the rule, with weights 0.',
            "",
            "`where` goes to Synapses.connect. `model`, `on_pre` and `on_post` are added to the",
            'code of the rule, as in `on_pre="v_post += w*mV"`.',
            '"""',
        ]
        impulse = {name: f"{self.names[name]} += ms/dt" for name in self.read & IMPULSES}
        before = impulse.get("pre_spike"), impulse.get("post_spike")
        paths = [
            f'    {path}="{code}\\n" + {path},' if code else f"    {path}={path} or None,"
            for path, code in zip(("on_pre", "on_post"), before, strict=True)
        ]
        lines = [
            *told,
            "values = PARAMETERS | (parameters or {})",
            "synapses = Synapses(",
            "    source,",
            "    target,",
            "    MODEL + model,",
            *paths,
            "    namespace=values,",
            ")",
            "synapses.connect(**where)",
        ]
        lines += [
            f"synapses.{self.names[name]} = {self.first(value)}"
            for name, value in self.system.initial.items()
            if value != 0
        ]
        lines += ['synapses.run_regularly(STEP, when="end")', "return synapses"]
        options = 'source, target, parameters=None, model="", on_pre="", on_post="", **where'
        return definition("connect", options, lines)

    def first(self, value: sp.Expr) -> str:
        """An initial value: a number, or code for each synapse."""
        return repr(float(value)) if value.is_number else f'"{self.code(value, Site.SYNAPSE)}"'

    def event(self, event: Event) -> list[str]:
        """Updates in the order of the text; each sees what the earlier ones did."""
        lines, own = [f'"""{TOLD[event]}"""'], self.system.per_condition
        if event is Event.TRIAL_START:
            lines += ["synapses.t_start = synapses.clock.t"] if "t" in self.read else []
            for name in sorted(own):
                start = float(self.system.initial[name])
                key = f'synapses.name, "{name}", condition'
                lines.append(f"synapses.{self.names[name]} = KEPT.get(({key}), {start!r})")
            lines += [f"synapses.{self.names[PREVIOUS + name]} = 0.0" for name in self.previous]
        equations = self.system.events[event]
        rewarded = any("R" in {s.name for s in e.expr.free_symbols} for e in equations)
        lines += ["synapses.R = reward"] if rewarded else []
        lines += [
            f'synapses.{self.names[e.name]} = "{self.value(e, self.code)}"' for e in equations
        ]
        lines += ["synapses.R = 0.0"] if rewarded else []
        for name in sorted(own & {e.name for e in equations}):
            key = f'synapses.name, "{name}", condition'
            lines.append(f"KEPT[{key}] = synapses.{self.names[name]}[0]")
        return lines


EVENTS = (
    (Event.TRIAL_START, "on_trial_start", "synapses, reward=0.0"),
    (Event.REWARD, "on_reward", "synapses, reward"),
    (Event.TRIAL_END, "on_trial_end", "synapses, reward=0.0"),
)
TOLD = {
    Event.TRIAL_START: "Call this at the beginning of a trial.",
    Event.REWARD: "Call this when a reward arrives.",
    Event.TRIAL_END: "Call this at the end of a trial.",
}
