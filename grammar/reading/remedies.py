"""What people write from habit, and what to write in its place."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence

from rulegen.grammar.algebra.operators import OPERATORS
from rulegen.grammar.algebra.parts import Event
from rulegen.grammar.algebra.symbols import SIGNALS, SIGNS, is_group
from rulegen.grammar.reading.calls import call_of, distributions
from rulegen.grammar.reading.foreign_words import OWN
from rulegen.grammar.reading.suggest import suggest

# fmt: off
#: What papers and programs call the signals.
_SIGNALS_ELSEWHERE = {
    "pre": ("x", "x_j", "r_j", "y_j", "v_j", "pre_j", "r_pre", "x_pre", "rate_pre", "pre_rate"),
    "post": ("y", "y_i", "r_i", "x_i", "v_i", "post_i", "r_post", "y_post", "rate_post",
             "post_rate", "rate", "r"),
    "u": ("v", "V", "V_m", "v_m", "u_i", "h_i", "voltage", "potential", "membrane"),
    "pre_u": ("u_j", "u_pre", "v_pre"),
    "pre_spike": ("S_j", "s_j", "s_pre", "S_pre", "spike_pre", "pre_spikes"),
    "post_spike": ("S_i", "s_i", "s_post", "S_post", "spike_post", "post_spikes", "spike",
                   "spikes"),
    "R": ("r_t", "reward", "rew", "dopamine", "DA"),
    "xi": ("noise", "random", "rand"),
    "w": ("w_ij", "W", "W_ij", "weight", "weights", "J", "J_ij"),
    "R_bar": ("baseline", "R_mean", "mean_R", "R_avg"),
}
# fmt: on
NAMES = {other: name for name, others in _SIGNALS_ELSEWHERE.items() for other in others}
#: Values of other languages.
_VALUES = {"True": "write 1.", "true": "write 1.", "False": "write 0.", "false": "write 0."}

#: Short words for the groups that Dale's law makes.
_GROUPS = {"exc": "excitatory", "inh": "inhibitory"}
_ENDLESS = ("inf", "infinity", "infty")

#: What others call the distributions.
ELSEWHERE = {
    **dict.fromkeys(("rand", "random", "Uniform"), f"write `{call_of('uniform')}`"),
    **dict.fromkeys(("randn", "gauss", "gaussian", "Normal", "N"), f"write `{call_of('normal')}`"),
    "binomial": f"write `{call_of('bernoulli')}`",
    "exponential": "write `-MEAN*log(1 - uniform(0, 1))`",
}

_SUM = "say over which neurons: `sum_pre(...)` or `sum_post(...)`, declared `nonlocal`"
_EVEN = "give a random number a name, `n = uniform(0, 1) : synapse` on a line of its own"
_BELL = "give a random number a name, `n = normal(0, 1) : synapse` on a line of its own"
_STEP = "write a comparison, `(x > 0)`, which is 1 or 0"
_STATE = "a trace is a state on a line of its own: `x_bar = lowpass(x, tau)`"
_MEAN = "write `sum_pre(...)/N_pre` or `sum_post(...)/N_post`, declared `nonlocal`"
_NORMAL = "write `on trial end: w <- w/sum_pre(w)`, declared `nonlocal sum_pre`"
_DOT = "write `sum_pre(w*pre)` for a sum over the neurons of one side, declared `nonlocal`"
_SPIKE = (
    "for a product write `delta*(...)`; what happens at a spike is an event, `on pre_spike: ...`"
)
#: Functions that the language does not have.
FUNCTIONS = ELSEWHERE | {
    "outer": f"{OWN}: write `post*pre`",
    **dict.fromkeys(("dot", "matmul", "einsum"), _DOT),
    **dict.fromkeys(("highpass", "detrend"), "write `x - x_bar` with `x_bar = lowpass(x, tau)`"),
    **dict.fromkeys(("delta", "dirac", "Dirac"), _SPIKE),
    **dict.fromkeys(("cumsum", "integral"), "an integral over time is a state: `dx/dt = ...`"),
    **dict.fromkeys(("diff", "gradient"), "write `x - prev(x)` for the change in a step"),
    "softmax": "write `exp(x)/sum_post(exp(x))`, declared `nonlocal sum_post`",
    "maximum": "write `max(x, y)`",
    "minimum": "write `min(x, y)`",
    "square": "write `x**2`",
    "onReceive": "write `on pre_spike: ...` or `on post_spike: ...`",
    "sum": _SUM,
    "mean": _MEAN,
    "avg": _MEAN,
    "mean_pre": "write `sum_pre(...)/N_pre`, declared `nonlocal`",
    "mean_post": "write `sum_post(...)/N_post`, declared `nonlocal`",
    **dict.fromkeys(("normalize", "normalise"), _NORMAL),
    "norm": "write `sqrt(sum_pre(x**2))`, declared `nonlocal`",
    **dict.fromkeys(("rand", "random", "choice"), _EVEN),
    **dict.fromkeys(("randn", "gauss", "gaussian"), _BELL),
    "poisson": distributions(),
    "gamma": f"for a product write `gamma*(...)`; {distributions()}",
    **dict.fromkeys(("heaviside", "Heaviside", "H", "Theta", "step", "theta"), _STEP),
    **dict.fromkeys(("trace", "filter", "convolve", "ema", "smooth"), _STATE),
    "ln": "write `log(x)`",
    "log2": "write `log(x)/log(2)`",
    "log10": "write `log(x)/log(10)`",
    "pow": "write `x**p`",
    "round": "write `floor(x + 0.5)`",
    "ceil": "write `-floor(-x)`",
    "int": "write `floor(x)`",
    "tan": "write `sin(x)/cos(x)`",
    "sinh": "write `(exp(x) - exp(-x))/2`",
    "cosh": "write `(exp(x) + exp(-x))/2`",
    "logistic": "write `sigmoid(x)`",
    "sgn": "write `sign(x)`",
    "fabs": "write `abs(x)`",
    "erfc": "write `1 - erf(x)`",
    "d": "write `dx/dt = ...` for a derivative",
}


def for_name(name: str, own: Sequence[str], given: Sequence[str]) -> str:
    """What an unknown name may mean: a name of the text first, then what others call so.

    Example:
        >>> for_name("x", [], ["xi"])
        'did you mean `pre`, as in `pre*post`?'
    """
    changing = {f"d{known}": known for known in (*own, *given)}
    changing |= {f"{known}_dot": known for known in (*own, *given)}
    if known := changing.get(name):
        return f"write `({known} - prev({known}))/dt` for the rate at which `{known}` changes."
    if near := suggest(name, own):
        return near
    if name in _VALUES:
        return _VALUES[name]
    if name in NAMES:
        rate = ", as in `pre*post`" if NAMES[name] in ("pre", "post") else ""
        return f"did you mean `{NAMES[name]}`{rate}?"
    return suggest(name, given)


def is_endless(name: str) -> bool:
    """Whether a word stands for an infinite number somewhere.

    Example:
        >>> is_endless("Infinity"), is_endless("in")
        (True, False)
    """
    return name.lower() in _ENDLESS


def no_number(name: str) -> str:
    """What to write in place of what is no finite number; "" for any other word."""
    if is_endless(name):
        return "write a finite number; a limit on one side is `min(x, HIGH)` or `max(x, LOW)`"
    return "write a number" if name.lower() == "nan" else ""


def for_group(name: str, known: Collection[str]) -> str:
    """The group of neurons that a name without a side means, or "".

    Example:
        >>> for_group("excitatori", ()), for_group("fast", ["pre.fast"]), for_group("x", ())
        ('excitatory', 'fast', '')
    """
    if name in {*SIGNS, *(group.partition(".")[2] for group in known)}:
        return name
    if name in _GROUPS:
        return _GROUPS[name]
    close = difflib.get_close_matches(name, SIGNS, n=1, cutoff=0.7)
    return close[0] if close else ""


def event_meant(word: str) -> str:
    """The event that a word means, such as what other programs call it, or "".

    Example:
        >>> event_meant("pre"), event_meant("on_post"), event_meant("trial_end"), event_meant("x")
        ('pre_spike', 'post_spike', 'trial end', '')
    """
    plain = word.removeprefix("on_").replace("_", " ").replace("begin", "start")
    events = {e.value.replace("_", " "): e.value for e in Event}
    parts = [e for e in events if plain and (e.startswith(plain) or e.endswith(plain))]
    close = difflib.get_close_matches(plain, events, n=1, cutoff=0.6)
    return events[parts[0]] if len(parts) == 1 else events[close[0]] if close else ""


def of_others(name: str) -> tuple[str, str]:
    """What a name with a dot is, which no rule defines or changes, and the remedy.

    Example:
        >>> of_others("pre.excitatory")[0]
        'is a group of neurons'
    """
    if is_group(name):
        return "is a group of neurons", "the circuit says which neurons belong to it"
    return "is a state of another rule", "that rule alone changes it"


def for_function(name: str, known: Collection[str]) -> str:
    """What to write in place of a function that there is not."""
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    if name.lower() in OPERATORS:
        return f"write `{name.lower()}(...)`"
    product = f"for a product write `{name}*(...)`"
    if name in SIGNALS:
        return (
            f"{product}; one step earlier it was `prev({name})`, and 20 ms earlier "
            f"`delay({name}, 20 ms)`"
        )
    return suggest(name, [*OPERATORS, *known]) or product
