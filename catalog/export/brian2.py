"""A rule as synapses of Brian 2: one object that keeps every state, and functions for events.

Brian 2 runs the same one-step maps as rulegen, at the end of each of its steps, so that both give
the same numbers. Pre, post and global states are kept in each synapse, which costs memory and
makes the synapses independent of the model of the neurons.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import sympy as sp

from rulegen.catalog.export.brian2_code import FUNCTIONS, BrianCode, function_lines
from rulegen.catalog.export.brian2_parts import (
    BESIDE,
    CONNECT,
    EVENTS,
    IMPORTS,
    OWN,
    SIGNAL_NAMES,
    SILENT,
    TOLD,
)
from rulegen.catalog.export.code import Code, definition, kept_before
from rulegen.catalog.export.names import changed, identifiers, variables
from rulegen.catalog.export.page import head
from rulegen.catalog.export.places import foreign_problems, formulas, nonlocal_problems
from rulegen.catalog.export.words import taken_in_brian2
from rulegen.catalog.records.record import Record
from rulegen.grammar import SIGNALS, Event, Form, Rule, Site
from rulegen.grammar.algebra.operators import delay
from rulegen.grammar.algebra.symbols import IMPULSES, WEIGHT, symbol
from rulegen.grammar.rule.draws import standards
from rulegen.grammar.rule.system import Equation, make_system

TITLE = '"""A plasticity rule as synapses of Brian 2, exported by rulegen."""'
NEW = "new "
#: The new value of a weight, and 0 of a neuron on itself.
APART = "choice(int(i != j), {}, 0.0)"


def problems(rule: Rule) -> list[str]:
    """What of a rule Brian 2 cannot express.

    Example:
        >>> from rulegen.grammar import parse
        >>> problems(parse("nonlocal max_pre\\nw <- w/max_pre(w)"))
        ['`w` has `max_pre`: synapse code of Brian 2 sees one synapse at a time']
    """
    found = foreign_problems(rule)
    found += nonlocal_problems(rule, "synapse code of Brian 2 sees one synapse at a time")
    found += [
        f"{place} has `delay`: a variable of a synapse of Brian 2 keeps one step"
        for place, expr in formulas(rule)
        if expr.atoms(delay)
    ]
    numbers = {n.owner: n for n in standards(rule)}
    found += [
        f"`{n.owner}` draws for a neuron: a program keeps all numbers at the synapse"
        for n in numbers.values()
        if n.site is not Site.SYNAPSE
    ]
    for target, expr in rule.forward:
        read = {s.name for s in rule.expand(expr).free_symbols}
        found += [
            f"`forward {target}` reads `{name}`, which Brian 2 draws after the step"
            for name in sorted(read & numbers.keys())
            if not numbers[name].once
        ]
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
        self.forward = system.forward
        exprs = [e.expr for e in (*self.stepped, *self.events)] + list(self.forward.values())
        self.read = {s.name for e in exprs for s in e.free_symbols}
        self.previous = kept_before(exprs)
        # A variable x_pre of Brian 2 is x of the source; no signal begins like these.
        groups = {g.name: f"in_{g.group}_{g.side}" for g in self.rule.groups}
        self.given = SIGNAL_NAMES | groups
        keys = [n for n in variables(self.rule) if n not in SIGNALS and n not in groups]
        keys += [NEW + e.name for e in self.stepped] + [node.memory for node in self.previous]
        keys += [n.name for n in system.standards]
        taken = frozenset(groups.values())
        own = identifiers(keys, lambda name: name in taken or taken_in_brian2(name), "_0")
        self.names = own | self.given
        self.lots = {
            self.names[n.name]: "randn()" if n.normal else "rand()" for n in system.standards
        }
        self.fresh = {self.names[n.name]: n.name for n in system.standards if not n.once}
        self.own = [*own.values(), *OWN]
        self.code = self.reader(self.names)
        self.first = {name: self.start(value) for name, value in system.initial.items()}

    def reader(self, names: dict[str, str]) -> BrianCode:
        """A writer of expressions that uses these names."""
        return BrianCode(names, self.system.sites, {p.name for p in self.rule.parameters})

    def start(self, value: sp.Expr) -> str:
        """An initial value: a number, or code for each synapse."""
        return repr(float(value)) if value.is_number else f'"{self.code(value, Site.SYNAPSE)}"'

    def lines(self) -> list[str]:
        """All lines of the module."""
        own = {n: v for n, v in self.names.items() if n not in self.given}
        values = {own[p.name]: p.value for p in self.rule.parameters}
        events = [
            line
            for event, name, arguments in EVENTS
            for line in definition(name, f"{arguments}, condition=0", self.event(event))
        ]
        code = ["", 'MODEL = """', *self.model(), '"""', "", 'STEP = """', *self.step(), '"""']
        text = "\n".join([*code, *events, *self.first.values(), *self.begun()])
        used = [name for name in self.own if re.search(rf"\b{name}\b", text)]
        called = [name for name in FUNCTIONS if f"{name}(" in text]
        lines = [TITLE, "", *head(self.record, "#", [*changed(self.rule, own), *self.notes()]), ""]
        lines += [*(f.in_numpy for n in called if (f := FUNCTIONS[n]).in_numpy), *IMPORTS, ""]
        lines += [f"PARAMETERS = {values!r}", *code, "", f"NAMES = {used}"]
        if self.system.per_condition:
            lines += ["", "# Averages of each condition, by the name of the synapses.", "KEPT = {}"]
        for name in called:
            lines += function_lines(name)
        for name, (arguments, body) in BESIDE.items():
            lines += definition(name, arguments, body)
        return [*lines, *self.connect(called), *events]

    def notes(self) -> list[str]:
        """What the neurons must have."""
        read = [SIGNALS[n] for n in sorted(self.read & SIGNAL_NAMES.keys())]
        needs = [
            f"{self.names[s.name]}: {s.meaning}."
            for s in read
            if self.names[s.name].endswith(("_pre", "_post")) and not s.name.startswith("N_")
        ]
        needs += [
            f"{self.names[g.name]}: 1 where the {g.side}synaptic neuron is {g.group}, else 0."
            for g in self.rule.groups
        ]
        ends = (
            "All times are numbers in ms. A variable x_pre or x_post is x of the source or target."
        )
        return [ends, *needs] if needs else [ends]

    def model(self) -> list[str]:
        """Variables of each synapse."""
        kept = [WEIGHT, *self.system.initial, *(node.memory for node in self.previous)]
        kept += sorted(self.read & ({"zeta"} | IMPULSES))
        lines = [f"{self.names[p.name]} : 1 (constant, shared)" for p in self.rule.parameters]
        lines += [f"{self.names[name]} : 1" for name in kept]
        lines += [f"{name} : 1" for name in self.lots]
        if "R" in self.read:
            lines.append("R : 1 (shared)")
        if "t" in self.read:
            # Counted in steps: a difference of times in seconds has lost the last digits.
            lines += ["trial_step : 1", "t_trial = trial_step*(dt/ms) : 1"]
        first = {s.name for e in self.system.events[Event.TRIAL_START] for s in e.expr.free_symbols}
        begun = bool(self.lots) or '"' in "".join(self.first.values())
        lines += ["made : 1"] if self.events or begun else []
        lines += ["silence : 1 (constant, shared)"] if first & SILENT else []
        for target, expr in self.forward.items():
            name, text = "w_eff" if target == WEIGHT else "bias", self.code(expr, Site.SYNAPSE)
            if target == WEIGHT and self.rule.zero_diagonal:
                text = APART.format(text)
            lines.append(f"{name} = {text} : 1")
        return lines

    def step(self) -> list[str]:
        """New values from old ones; the weights see new synapse states."""
        names, system = self.names, self.system
        first = (*system.synapse, *system.neuron)
        read = {s.name for e in self.stepped for s in e.expr.free_symbols}
        lines = [f"{name} = {self.lots[name]}" for name, key in self.fresh.items() if key in read]
        lines += [f"{names[NEW + e.name]} = {self.value(e, self.code)}" for e in first]
        seen = names | {e.name: names[NEW + e.name] for e in system.synapse}
        fresh = self.reader(seen)
        lines += [f"{names[NEW + e.name]} = {self.value(e, fresh)}" for e in system.weights]
        # What `x` means to the weights in this step is `prev(x)` in the next.
        lines += [f"{names[e.memory]} = {seen[e.args[0].name]}" for e in self.previous]
        lines += [f"{names[e.name]} = {names[NEW + e.name]}" for e in self.stepped]
        return lines + (["trial_step += 1"] if "t" in self.read else [])

    def value(self, equation: Equation, code: Code) -> str:
        """The new value of what an equation defines."""
        rule = self.rule
        if equation.name != WEIGHT:
            return code(equation.expr, Site.SYNAPSE)
        text = code(equation.expr, Site.SYNAPSE)
        if rule.lower > -sp.oo:
            text = f"larger({text}, {rule.lower!r})"
        if rule.upper < sp.oo:
            text = f"smaller({text}, {rule.upper!r})"
        return APART.format(text) if rule.zero_diagonal else text

    def begun(self) -> list[str]:
        """What a step begins with; events after the last step see its spikes."""
        lines = [f"{self.names[name]} = 0.0" for name in sorted(self.read & IMPULSES)]
        if self.rule.zero_diagonal:  # whatever weights are set
            lines.append(f"{self.names[WEIGHT]} = {APART.format(self.names[WEIGHT])}")
        return lines

    def connect(self, called: Sequence[str]) -> list[str]:
        """The function that makes the synapses, whose code calls these functions."""
        impulse = {name: f"{self.names[name]} += ms/dt" for name in self.read & IMPULSES}
        before = impulse.get("pre_spike"), impulse.get("post_spike")
        paths = [
            f'    {path}=word_substitute("{code}\\n", names) + {path},'
            if code
            else f"    {path}={path} or None,"
            for path, code in zip(("on_pre", "on_post"), before, strict=True)
        ]
        functions = ", ".join(f'"{name}": {name}' for name in called)
        lines = [
            *CONNECT,
            "synapses = Synapses(",
            "    source,",
            "    target,",
            "    word_substitute(MODEL, names) + model,",
            *paths,
            f"    namespace={{{functions}}},",
            ")",
            "synapses.connect(**where)",
            "for name, value in values.items():",
            "    put(synapses, name, value)",
        ]
        lines += [
            f'put(synapses, "{name}", "{lot}")'
            for name, lot in self.lots.items()
            if name not in self.fresh
        ]
        lines += [
            f'put(synapses, "{self.names[name]}", {value})'
            for name, value in self.first.items()
            if value != "0.0"
        ]
        step = "word_substitute(STEP, names)"
        lines += [f'synapses.run_regularly({step}, when="end")']
        if first := self.begun():
            begin = "\\n".join(first)
            lines += [f'synapses.run_regularly(word_substitute("{begin}", names), when="start")']
        lines += ["return synapses"]
        options = 'source, target, parameters=None, model="", on_pre="", on_post="", **where'
        return definition("connect", options, lines)

    def event(self, event: Event) -> list[str]:
        """Updates in the order of the text; each sees what the earlier ones did."""
        lines, own, code = [f'"""{TOLD[event]}"""'], self.system.per_condition, self.code
        if event is Event.TRIAL_START:
            lines += ['put(synapses, "trial_step", 0.0)'] if "t" in self.read else []
            for name in sorted(own):
                key = f'synapses.name, "{name}", condition'
                kept = f"KEPT.get(({key}), {self.first[name]})"
                lines.append(f'put(synapses, "{self.names[name]}", {kept})')
            lines += [f'put(synapses, "{self.names[node.memory]}", 0.0)' for node in self.previous]
            code = self.reader(self.names | dict.fromkeys(SILENT, "silence"))
        equations = self.system.events[event]
        read = {s.name for e in equations for s in e.expr.free_symbols}
        if self.rule.zero_diagonal and WEIGHT in read:  # whatever weights are set
            weight = self.names[WEIGHT]
            lines.append(f'put(synapses, "{weight}", "{APART.format(weight)}")')
        lines += [
            f'put(synapses, "{name}", "{self.lots[name]}")'
            for name, key in self.fresh.items()
            if key in read
        ]
        rewarded = any("R" in {s.name for s in e.expr.free_symbols} for e in equations)
        lines += ['put(synapses, "R", reward)'] if rewarded else []
        lines += [
            f'put(synapses, "{self.names[e.name]}", "{self.value(e, code)}")' for e in equations
        ]
        lines += ['put(synapses, "R", 0.0)'] if rewarded else []
        for name in sorted(own & {e.name for e in equations}):
            key = f'synapses.name, "{name}", condition'
            value = f'getattr(synapses, seen(synapses, "{self.names[name]}"))[0]'
            lines.append(f"KEPT[{key}] = {value}")
        return lines
