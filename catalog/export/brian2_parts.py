"""What every program for Brian 2 has beside its rule: how it keeps out of the neurons' way."""

from __future__ import annotations

IMPORTS = (
    "import numpy as np",
    "from brian2 import Synapses, check_units, implementation, ms",
    "from brian2.utils.stringtools import get_identifiers, word_substitute",
)
#: Functions that know which variables the neurons have.
BESIDE = {
    "renamed": (
        "source, target",
        [
            '"""Other names for those of `NAMES` that neurons have as well."""',
            "theirs = {*source.variables, *target.variables}",
            "names, taken = {}, theirs.union(NAMES)",
            "for name in sorted(theirs.intersection(NAMES)):",
            "    names[name] = name",
            "    while names[name] in taken:",
            '        names[name] += "_rule"',
            "    taken.add(names[name])",
            "return names",
        ],
    ),
    "seen": (
        "synapses, name",
        [
            '"""What a variable of the rule is called at these synapses."""',
            "return renamed(synapses.source, synapses.target).get(name, name)",
        ],
    ),
    "put": (
        "synapses, name, value",
        [
            '"""Give a variable of the rule a value, or what code makes of its variables."""',
            "if isinstance(value, str):",
            "    # By way of another: of `x = x + y` Brian 2 makes something that may not run.",
            "    value = word_substitute(value, renamed(synapses.source, synapses.target))",
            '    setattr(synapses, seen(synapses, "made"), value)',
            '    value = seen(synapses, "made")',
            "setattr(synapses, seen(synapses, name), value)",
        ],
    ),
}
CONNECT = (
    '"""Synapses that follow the rule, with weights 0.',
    "",
    "`where` goes to Synapses.connect. `model`, `on_pre` and `on_post` are added to the code of",
    'the rule, as in `on_pre="v_post += w*mV"`. What neurons call by a name of the rule, such as',
    "`w`, is `w_rule` at the synapses.",
    '"""',
    "values = PARAMETERS | (parameters or {})",
    "for name, value in values.items():",
    "    if value is None:",
    '        raise ValueError(f"the parameter {name} has no value: state it in `parameters`")',
    "names = renamed(source, target)",
    'for name in sorted(get_identifiers(f"{model} {on_pre} {on_post}") & names.keys()):',
    "    raise ValueError(",
    '        f"{name} is a variable of the rule and of the neurons: write {names[name]}, or "',
    '        f"{name}_pre or {name}_post"',
    "    )",
)
