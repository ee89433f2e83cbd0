"""A rule as a stand-alone module of functions on arrays; NumPy and JAX differ in a few words."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from rulegen.catalog.export.code import definition, kept_before, keys_read
from rulegen.catalog.export.library import ArrayCode, Library, helpers
from rulegen.catalog.export.names import changed, identifiers, variables
from rulegen.catalog.export.page import head
from rulegen.catalog.export.words import ARRAYS
from rulegen.catalog.records.record import Record
from rulegen.grammar import SIGNALS, Event, Site
from rulegen.grammar.algebra.decay import DT
from rulegen.grammar.algebra.operators import delay
from rulegen.grammar.algebra.symbols import WEIGHT
from rulegen.grammar.rule.system import Equation, System, make_system

NEW = "new "
CONSTANTS = frozenset({"dt", "N_pre", "N_post"})
SHAPES = {Site.GLOBAL: "()", Site.PRE: "n_pre", Site.POST: "n_post", Site.SYNAPSE: "w.shape"}
#: The shapes of as many of them as a delay has steps.
RINGS = {"()": "({},)", "n_pre": "({}, n_pre)", "n_post": "({}, n_post)"}
RINGS |= {"w.shape": "({}, *w.shape)"}
ARGUMENTS = "state, signals, dt, parameters=PARAMETERS, condition=0"


def module(record: Record, library: Library) -> str:
    """The text of the module."""
    return "\n".join(Module(record, library).lines()) + "\n"


class Module:
    """One rule on its way to a module."""

    def __init__(self, record: Record, library: Library) -> None:
        self.record, self.library, self.rule = record, library, record.rule
        self.np = library.short
        self.system: System = make_system(self.rule)
        system = self.system
        self.forward = system.forward
        self.stepped = (*system.synapse, *system.weights, *system.neuron)
        self.earlier = kept_before(e.expr for e in self.stepped)
        keys = variables(self.rule) + [NEW + e.name for e in self.stepped]
        keys += [node.memory for node in self.earlier]
        keys += [number.name for number in system.standards]
        self.names = identifiers(keys, ARRAYS.__contains__)
        parameters = {p.name for p in self.rule.parameters}
        self.code = ArrayCode(library, self.names, system.sites, parameters)

    def lines(self) -> list[str]:
        """All lines of the module."""
        top = [f'"""{self.library.title}"""', ""]
        notes = [GROUPED.format(g.name, SHAPES[g.site]) for g in self.rule.groups]
        top += [*head(self.record, "#", [*changed(self.rule, self.names), *notes]), ""]
        if self.system.standards and self.library.random[0]:
            top += [self.library.random[0]]
        top += [self.library.imports]
        values = {p.name: p.value for p in self.rule.parameters if p.value is not None}
        top += ["", f"PARAMETERS = {values!r}"]
        lines = [*self.draw(), *self.init()]
        lines += self.function("forward", FORWARD, self.forward_body())
        lines += self.function("step", STEP, self.step_body())
        for event, name, told in EVENTS:
            lines += self.function(name, told, self.event_body(event))
        called = "\n".join(lines)
        bounded = ("w", BOUNDED, self.bounded_body())
        for name, (args, told, code) in (helpers(self.library) | {"bounded": bounded}).items():
            if f"{name}(" in called:
                lines += definition(name, args, [f'"""{told}"""', *code])
        return top + lines

    def function(self, name: str, told: str, body: list[str]) -> list[str]:
        """A public function on (state, signals, dt, parameters, condition)."""
        return definition(name, ARGUMENTS, [f'"""{told}"""', *body], self.library.quiet)

    def draw(self) -> list[str]:
        """The function that makes random numbers, where the rule draws any."""
        numbers, library = self.system.standards, self.library
        if not numbers:
            return []
        ready = library.random[1].format(count=len(numbers))
        rows = [
            f'    "{n.name}": {(library.bell if n.normal else library.even)}'.format(
                shape=DRAWN[n.site], index=index
            )
            for index, n in enumerate(numbers)
        ]
        return definition(
            "draw",
            "random, w",
            [
                f'"""{DRAW}"""',
                f"w = {self.np}.asarray(w, float)",
                "n_post, n_pre = w.shape",
                *([ready] if ready else []),
                "return {",
                *(f"{row}," for row in rows),
                "}",
            ],
        )

    def init(self) -> list[str]:
        """The function that makes the first state."""
        np, sites, rows = self.np, self.system.sites, []
        formulas = [f for f in self.system.initial.values() if not f.is_number]
        read = [line for line in self.unpack(formulas) if not line.endswith('state["w"]')]
        for name, value in self.system.initial.items():
            shape = "conditions" if name in self.system.per_condition else SHAPES[sites[name]]
            first = self.code(value, sites[name])
            rows.append(f'    "{name}": {np}.full({shape}, {first}, w.dtype),')
        for node in self.earlier:
            shape = SHAPES[sites[node.args[0].name]]
            if isinstance(node, delay):
                shape = RINGS[shape].format(f"steps_back({float(node.args[1])!r}, dt)")
            rows.append(f'    "{node.memory}": {np}.zeros({shape}, w.dtype),')
        timed = any(isinstance(node, delay) for node in self.earlier)
        timed |= any(f.has(DT) for f in formulas)
        return definition(
            "init",
            ("w, draws, " if any(n.once for n in self.system.standards) else "w, ")
            + ("dt, " if timed else "")
            + "conditions=1"
            + (", parameters=PARAMETERS" if formulas else "")
            + (", dt=1.0" if formulas and not timed else ""),
            [
                f'"""{INIT}"""',
                f"w = {np}.array(w, float)",
                "n_post, n_pre = w.shape",
                *([f"w = {self.apart('w')}"] if self.rule.zero_diagonal else []),
                *(read if formulas else []),
                "return {",
                '    "w": w,',
                *rows,
                "}",
            ],
        )

    def unpack(self, exprs: Iterable[sp.Basic], written: Iterable[str] = ()) -> list[str]:
        """Lines that fetch what the expressions read and what is written."""
        read = {WEIGHT, *written}.union(*map(keys_read, exprs))
        lines = []
        for name in sorted(read & {WEIGHT, *self.system.initial}, key=self.order):
            at = "[condition]" if name in self.system.per_condition else ""
            lines.append(f'{self.names[name]} = state["{name}"]{at}')
        for node in self.earlier:
            if node.memory in read:
                at = "[-1]" if isinstance(node, delay) else ""
                lines.append(f'{self.names[node.memory]} = state["{node.memory}"]{at}')
        for name in sorted(read & (SIGNALS.keys() - CONSTANTS), key=self.order):
            lines.append(f'{self.names[name]} = {self.np}.asarray(signals["{name}"], w.dtype)')
        for number in self.system.standards:
            if number.name in read:
                given = "draws" if number.once else "signals"
                fetched = f'{self.np}.asarray({given}["{number.name}"], w.dtype)'
                lines.append(f"{self.names[number.name]} = {fetched}")
        told = [p.name for p in self.rule.parameters] + [g.name for g in self.rule.groups]
        for name in told:
            if name in read:
                fetched = f'{self.np}.asarray(parameters["{name}"], w.dtype)'
                lines.append(f"{self.names[name]} = {fetched}")
        if read & {"N_pre", "N_post"}:
            lines.append("N_post, N_pre = (float(n) for n in w.shape)")
        return lines

    def order(self, name: str) -> int:
        """The place of a name among all names."""
        return list(self.names).index(name)

    def value(self, equation: Equation) -> str:
        """The new value of what an equation defines, in its shape."""
        name = equation.name
        text = self.code(equation.expr, equation.site)
        if name in self.system.per_condition:
            return text
        text = f"fill({self.names[name]}, {text})"
        rule = self.rule
        limited = rule.zero_diagonal or (rule.lower, rule.upper) != (-sp.oo, sp.oo)
        return f"bounded({text})" if name == WEIGHT and limited else text

    def step_body(self) -> list[str]:
        """Synapse states, then weights, then the others: see the order of evaluation."""
        system, names = self.system, self.names
        first = (*system.synapse, *system.neuron)
        lines = self.unpack(
            (e.expr for e in self.stepped),
            [e.name for e in self.stepped] + [str(node.args[0]) for node in self.earlier],
        )
        lines += [f"{names[NEW + e.name]} = {self.value(e)}" for e in first]
        lines += [f"{names[e.name]} = {names[NEW + e.name]}" for e in system.synapse]
        lines += [f"{names[NEW + e.name]} = {self.value(e)}" for e in system.weights]
        result = {e.name: names[NEW + e.name] for e in self.stepped}
        # What `x` means to the weights in this step is `prev(x)` in the next.
        for node in self.earlier:
            now = names[str(node.args[0])]
            result[node.memory] = (
                f'moved_on(state["{node.memory}"], {now})'
                if isinstance(node, delay)
                else f"fill({names[node.memory]}, {now})"
            )
        return lines + self.answer(result)

    def event_body(self, event: Event) -> list[str]:
        """Updates in the order of the text; each sees what the earlier ones did."""
        equations = self.system.events[event]
        lines = self.unpack((e.expr for e in equations), [e.name for e in equations])
        result = {}
        for e in equations:
            lines.append(f"{self.names[e.name]} = {self.value(e)}")
            result[e.name] = self.names[e.name]
        if event is Event.TRIAL_START:
            for node in self.earlier:
                result[node.memory] = f'{self.np}.zeros_like(state["{node.memory}"])'
        return (lines if equations else []) + self.answer(result)

    def answer(self, result: dict[str, str]) -> list[str]:
        """The return of a state in which some values are new."""
        for name in result.keys() & self.system.per_condition:
            result[name] = f'place(state["{name}"], condition, {result[name]})'
        if self.library.own:
            kept = [WEIGHT, *self.system.initial, *(node.memory for node in self.earlier)]
            result = {name: f'state["{name}"]{self.library.own}' for name in kept} | result
        pairs = [f'    "{name}": {value},' for name, value in result.items()]
        return ["return {", "    **state,", *pairs, "}"] if pairs else ["return dict(state)"]

    def forward_body(self) -> list[str]:
        """The weights and the bias that the circuit uses."""
        lines = self.unpack(self.forward.values())
        weight, bias = self.forward.get(WEIGHT), self.forward.get("bias")
        shown = self.names[WEIGHT] + self.library.own
        if weight is not None:
            shown = f"fill(w, {self.code(weight, Site.SYNAPSE)})"
            shown = self.apart(shown) if self.rule.zero_diagonal else shown
        zeros = f"{self.np}.zeros(w.shape[0], w.dtype)"
        lines.append(f"bias = {zeros}")
        if bias is not None:
            lines[-1] = f"bias = fill({zeros}, {self.code(bias, Site.POST)})"
        return [*lines, f"return {shown}, bias"]

    def bounded_body(self) -> list[str]:
        """Bounds and the diagonal."""
        np, rule, lines = self.np, self.rule, []
        if (rule.lower, rule.upper) != (-sp.oo, sp.oo):
            lower, upper = (limit(value, np) for value in (rule.lower, rule.upper))
            lines.append(f"w = {np}.clip(w, {lower}, {upper})")
        if rule.zero_diagonal:
            lines.append(f"w = {self.apart('w')}")
        return [*lines, "return w"]

    def apart(self, weights: str) -> str:
        """The weights, with 0 for those of neurons on themselves."""
        return f"{self.np}.where({self.np}.eye(*w.shape, dtype=bool), 0.0, {weights})"


GROUPED = 'parameters["{}"] is given beside PARAMETERS: which neurons belong, 1 or 0, shape ({},).'
BOUNDED = "The weights within their bounds."
DRAWN = SHAPES | {Site.PRE: "(n_pre,)", Site.POST: "(n_post,)"}
DRAW = "Random numbers of the start, or of a step or event, which belong to its signals."
INIT = "The state before the first trial, for weights of shape (N_post, N_pre)."
FORWARD = "The weights and the bias that the circuit uses in the next step."
STEP = "The state after one step of dt ms."
EVENTS = (
    (Event.REWARD, "on_reward", "The state after a reward, the signal R."),
    (Event.TRIAL_START, "on_trial_start", "The state at the beginning of a trial."),
    (Event.TRIAL_END, "on_trial_end", "The state at the end of a trial."),
)


def limit(value: float, np: str) -> str:
    """A bound as code."""
    return {float("inf"): f"{np}.inf", float("-inf"): f"-{np}.inf"}.get(value, repr(value))
