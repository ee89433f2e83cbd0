"""What every program for Brian 2 has beside its rule: where signals are, and how it keeps apart."""

from __future__ import annotations

from rulegen.grammar import Event

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

#: Where synapses find the signals: in a variable of the neurons, or in one of their own.
SIGNAL_NAMES = {
    "pre": "r_pre", "post": "r_post", "u": "u_post", "pre_u": "u_pre", "slope": "slope_post",
    "drive": "drive_post", "drive_recurrent": "drive_recurrent_post",
    "drive_input": "drive_input_post", "drive_feedback": "drive_feedback_post",
    "xi": "noise_post", "error": "error_post", "pre_error": "error_pre", "zeta": "zeta", "R": "R",
    "pre_spike": "impulse_in", "post_spike": "impulse_out", "dt": "(dt/ms)",
    "N_pre": "(1.0*N_pre)", "N_post": "(1.0*N_post)", "t": "t_trial",
}  # fmt: skip
#: What is 0 when a trial begins, whatever the neurons did before.
SILENT = SIGNAL_NAMES.keys() - {"dt", "N_pre", "N_post"}
#: What the code of the synapses names beside the names of the rule.
OWN = (
    *("w_eff", "bias", "trial_step", "t_trial", "made"),
    *("impulse_in", "impulse_out", "silence", "zeta", "R"),
)
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
