"""Rules made to be exported: awkward names, awkward values, and random ones of both."""

from __future__ import annotations

import random

from rulegen.grammar import Rule, RuleError, parse
from rulegen.grammar.algebra.operators import NONLOCAL

#: Names of simulators, of array libraries, of languages, and of the exports themselves.
NAMES = [
    "e", "f", "x", "y", "r", "v", "g", "h", "i", "j", "k", "n", "m", "p", "s", "T", "weight",
    "noise", "error_in", "x_", "tau_", "lambda", "xi_bar", "alpha_1", "theta_2", "eta", "np",
    "jnp", "state", "signals", "step", "init", "place", "fill", "bounded", "exec", "float",
    "mV", "lastspike", "id", "delay", "rate", "int", "double", "new", "template", "M_PI",
    "syn_id", "post_tr", "new_w", "port", "target", "dendritic_delay", "n_post", "old", "value",
    "w_bar", "A_post", "b", "prev_pre", "r_pre", "I_syn", "V_m", "t_ref", "offset", "E_L",
    "conditions", "active", "clock", "choice", "larger", "NAMES", "renamed", "impulse_in",
    "t_trial", "w_eff", "bias", "w_rule",
]  # fmt: skip

#: Formulas at their edges, for values between -1 and 1, 0 among them.
EDGES = [
    "clip(post, 0.6, 0.4)", "clip(post, u, 0.4)", "clip(1/u, 0.6, 0.4)", "1/u", "u/u**2", "-1/u",
    "xi/u", "u**-3", "1/(u*xi)", "log(abs(u))", "log(u)", "sqrt(u)", "spow(u, -1)", "spow(u, 0.5)",
    "spow(u, xi)", "abs(u)**xi", "u**xi", "u**3", "sign(u)", "sign(log(u))", "relu(log(u))",
    "min(u, log(xi))", "min(log(xi), u)", "max(u, log(xi), 0)", "max(1/u, 0)", "min(-1/u, 0)",
    "1/u if u > 0 else 0", "0 if u == 0 else xi/u", "log(u) if u > 0 else -1", "u == 0", "u != xi",
    "(u > 0 and xi > 0) + 2*(u <= 0 or xi != 0)", "exp(700*u)*exp(700*u)", "sigmoid(900*u)",
    "sigmoid(-900*u)", "tanh(1/u)", "exp(-1/u)", "exp(1/u)", "1/(1 + exp(900*u))", "cos(1/u)",
    "erf(u)", "erf(1/u)", "floor(3*u)", "floor(1/u)", "mod(u, 0.3)", "mod(u, -0.3)", "mod(1, u)",
    "mod(u > 0, xi > 0)", "mod(-1e-20*u, 1e-20)", "floor(u + sin(2*pi))", "mod(1/u, xi)",
    "mod(u, 1/xi)", "sin(pi*u)", "1e-20*N_post**60", "1e-20*((u > 0) + (xi > 0) + 2)**60",
]  # fmt: skip
#: Rules of which every simulator is asked.
MADE_UP = {
    "diagonal at the start": "e <- 0.9*e + pre : synapse\non trial start: e <- 0.2/(1 + abs(w))\n"
    "w += 0.1*e*post\ndiagonal w = 0",
    "edges": "\n".join(f"x_{i} <- {text} : post" for i, text in enumerate(EDGES))
    + "\nw += pre*(x_0 + x_1)\non reward: x_0 <- 0.5/u; w += 1/u - 1/u",
    "names": "param r = 0.2\nparam noise = 0.3\nparam xi_1 = 2\nxi_bar = lowpass(xi, 20)\n"
    "choice <- 0.5*choice + noise*xi : post\ndelay <- delay + R : global\n"
    "dw/dt = 0.01*(post - r)*pre + choice*xi_bar/100 + prev(u)*xi_1\n"
    "param owner = 0.5\nparam int32_t = 0.3\nself = owner*pre : pre\n"
    "complex <- 0.5*complex + int32_t*self*post : synapse\n"
    "on reward: w += R*delay + complex; delay <- r/2",
    "previous": "e <- 0.9*e + u*prev(pre) : synapse\nx <- prev(x) + prev(w)*R : synapse\n"
    "w += prev(e)*pre + prev(R)*x/(1 + x**2)\non trial end: x <- 0; w -= e",
    "conditions": "R_bar[condition] = average(R, 0.3)\n"
    "S_bar[condition] = average(R_bar[condition], 0.5)\ninitial S_bar = 2\n"
    "e <- 0.5*e + pre*u\non reward: w += (R - R_bar[condition])*e*S_bar[condition]\n"
    "bounds w in [-0.5, inf]\ndiagonal w = 0",
    "spikes": "param tau = 20 ms\ntau*dx/dt = -x\ny <- 0.9*y : post\ne <- 0.8*e : synapse\n"
    "on pre_spike: x <- 1; e += x*y; w -= 0.1*w*y\n"
    "on post_spike: w <- clip(w + 0.1*e, -2, 2); y += 0.5",
    "initial": "param a = 0.3\nx = lowpass(u, 20) : post\ninitial x = erf(2*a)/N_pre\n"
    "y <- 0.9*y + pre : pre\ninitial y = max(a, 0.1*N_post)\nw += x*y",
}
MADE_UP["groups"] = (
    "param in_fast_pre = 0.3\nx = lowpass(pre, 20)\ninitial e = pre.fast*0.5\n"
    "e <- 0.9*e + u*x*pre.fast - post.r*pre.excitatory*pre\n"
    "on reward: w += R*e*post.fast + (0.1 if post.inhibitory > 0 else in_fast_pre)*pre"
)
#: What a state may begin at; one of a synapse also at its weight.
FIRST = ["1", "0.25", "-0.1", "0.3/N_pre", "erf(0.2*N_post)", "mod(N_pre, 0.7)"]


#: By site: what a formula there may read. A number gives what has a unit the unit that it needs.
LEAVES = {
    "global": ["R", "0.5", "1", "2", "0", "-0.3", "0.1*t", "0.5*dt"],
    "pre": ["pre", "pre_u", "pre_error", "0.6*pre_spike", "pre.excitatory"],
    "post": [
        "post",
        "u",
        "slope",
        "xi",
        "error",
        "drive",
        "drive_input",
        "0.7*post_spike",
        "post.fast",
    ],
    "synapse": ["w", "zeta", "0.1*N_post"],
}
SEES = {
    "global": ["global"],
    "pre": ["global", "pre", "pre"],
    "post": ["global", "post", "post"],
    "synapse": ["global", "pre", "post", "synapse", "synapse"],
}
SHAPES = [
    "({0} + {1})", "({0} - {1})", "-({0})", "({0})*({1})", "({0})/(1 + abs({1}))", "({0})/({1})",
    "min({0}, {1})", "max({0}, {1}, 0)", "clip({0}, -1, 1)", "clip({0}, {1}, 0.4)", "abs({0})",
    "(({0}) if ({1}) > 0 else ({2}))", "(({0}) >= ({1}))", "(({0}) == ({1}))", "sign({0})",
    "(({0}) > 0 and ({1}) <= 0 or ({2}) != 1)", "relu({0})", "sqrt(abs({0}))", "({0})**2",
    "({0})**3", "(1 + abs({0}))**-0.5", "(1 + abs({0}))**clip({1}, -2, 2)", "sigmoid({0})",
    "exp(-abs({0}))", "log(1 + abs({0}))", "spow({0}, 1.5)", "tanh({0})", "sin({0})", "cos({0})",
    "erf({0})", "floor({0})", "mod({0}, {1})", "mod({0}, 0.7)", "sin(pi*({0}))",
]  # fmt: skip
#: Sums over neurons, and the site at which they can be read.
SUMS = {"sum_pre": "post", "max_pre": "post", "sum_post": "pre", "max_post": "pre"}


#: Random numbers of a step, and of a life.
DRAWS = ["normal(0, 1)", "2*uniform(-0.5, 1)", "lognormal(0.5, 0.3) - 0.2", "bernoulli(0.3)"]


def random_rule(seed: int, sums: bool = False) -> Rule | None:
    """A rule with a digest, or None where this seed makes a text that is none."""
    try:
        rule = parse(random_text(seed, sums))
        return rule if rule.digest else None
    except RuleError:
        return None


def random_text(
    seed: int, sums: bool = False, draws: bool = False, depth: int = 3, weight: int = 1
) -> str:
    """What somebody may have typed; most of it is a rule.

    `sums`: it may read other neurons; `draws`: every fourth draws random numbers; `depth`: of
    formulas; `weight`: how often a parameter is taken, beside other values that are alike anywhere.
    """
    draft = Draft(random.Random(seed), sums, depth, weight)
    if draws and seed % 4 == 0:
        draft.draw(random.Random(f"draws {seed}"))
    return draft.text()


def random_spike_rule(seed: int) -> Rule | None:
    """A rule of traces and spikes, of the kind that NEST follows."""
    rng = random.Random(seed)
    lines: list[str] = []
    # When its neuron fires, NEST may have forgotten what a trace of that neuron was.
    seen = {"pre": ["w", "0.7"], "post": ["w", "0.7"]}
    for name, side, read_at in (("x", "pre", ("pre", "post")), ("y", "post", ("pre",))):
        jump = rng.choice(["{s}", f"{{s}}*(1 - {name}/2)", "0.4*{s}"]).format(s=f"{side}_spike")
        lines.append(f"{name} = accumulate({jump}, {rng.choice([10, 20, 35])})")
        traces = [name]
        if rng.random() < 0.4:
            lines.append(f"{name}_slow = lowpass({name}, {rng.choice([15, 40])})")
            traces.append(f"{name}_slow")
        for there in read_at:
            seen[there] += traces

    def formula(side: str, depth: int) -> str:
        if depth == 0 or rng.random() < 0.2:
            return rng.choice(seen[side])
        return rng.choice(SHAPES).format(*(formula(side, depth - 1) for _ in range(3)))

    terms = [f"0.02*tanh({formula(side, 2)})*{side}_spike" for side in ("pre", "post", "post")]
    lines.append(f"dw/dt = 0.01*x*post_spike - 0.01*y*pre_spike + {' + '.join(terms)}")
    lines += ["bounds w in [0, 2]"] if rng.random() < 0.3 else []
    try:
        return parse("\n".join(lines))
    except RuleError:
        return None


class Draft:
    """One text as it grows."""

    def __init__(self, rng: random.Random, sums: bool, depth: int, weight: int) -> None:
        self.rng, self.sums, self.depth, self.weight = rng, sums, depth, weight
        self.names = rng.sample(NAMES, 8)
        self.leaves = {site: list(leaves) for site, leaves in LEAVES.items()}
        self.leaves["synapse"] += ["opposite(w)"] if sums else []
        self.lines: list[str] = []

    def draw(self, rng: random.Random) -> None:
        """A number drawn in every step and one drawn once a life, for the formulas to read."""
        free = [name for name in NAMES if name not in self.names]
        for name, form in zip(rng.sample(free, 2), ("{} = {}", "param {} = {}"), strict=True):
            site = rng.choice([*SEES])
            self.lines.append(f"{form.format(name, rng.choice(DRAWS))}  : {site}")
            self.leaves[site] += [name, name]

    def text(self) -> str:
        """The whole rule."""
        rng = self.rng
        for _ in range(rng.randint(0, 2)):
            name, value = self.names.pop(), rng.choice(["0.5", "2", "0.3", "1"])
            self.lines.append(f"param {name} = {value}")
            self.leaves["global"] += [name] * self.weight
        states = {self.names.pop(): rng.choice([*SEES]) for _ in range(rng.randint(1, 4))}
        for name, site in states.items():
            self.leaves[site].append(name)
            if self.sums and site == "synapse":
                self.leaves[site].append(f"opposite({name})")
        if rng.random() < 0.3:
            self.leaves["global"].append("R_bar[condition]")
            self.lines.append("R_bar[condition] = average(R, 0.3)")
        if rng.random() < 0.3:
            name, site = self.names.pop(), rng.choice([*SEES])
            self.lines.append(f"{name} = {self.formula(site, 2)}  : {site}")
            self.leaves[site].append(name)
        for name, site in states.items():
            self.lines.append(self.state(name, site))
            if rng.random() < 0.3:
                first = rng.choice([*FIRST, *(["0.5*w"] if site == "synapse" else [])])
                self.lines.append(f"initial {name} = {first}")
        if rng.random() < 0.7:
            form = rng.choice(["dw/dt = {}", "w += {}", "w <- 0.9*w + {}"])
            self.lines.append(form.format(f"0.1*{self.formula('synapse', self.depth, True)}"))
        for event in rng.sample(["reward", "trial start", "trial end"], rng.randint(0, 2)):
            target = rng.choice([*states, "w"])
            site = states.get(target, "synapse")
            change = rng.choice(["<-", "+=", "-="])
            self.lines.append(f"on {event}: {target} {change} 0.2*{self.formula(site, 2)}")
        if rng.random() < 0.4:
            side = rng.choice(["pre", "post"])
            target = rng.choice([*(n for n, at in states.items() if at in (side, "synapse")), "w"])
            change = rng.choice(["<-", "+=", "-="])
            drive = self.formula(states.get(target, "synapse"), 2, True)
            self.lines.append(f"on {side}_spike: {target} {change} 0.2*{drive}")
        name, site = rng.choice([*states.items()])
        if rng.random() < 0.2:
            self.lines.append(f"forward w = w + 0.1*abs({name})")
        if site in ("post", "global") and rng.random() < 0.3:
            self.lines.append(f"forward bias = 1 - {name}")
        self.lines += [
            line
            for line in ("bounds w in [-1, 2]", "diagonal w = 0", "integrate euler")
            if rng.random() < 0.2
        ]
        used = [name for name in sorted(NONLOCAL) if f"{name}(" in "\n".join(self.lines)]
        self.lines += [f"nonlocal {', '.join(used)}"] if used else []
        return "\n".join(self.lines)

    def state(self, name: str, site: str) -> str:
        """How a state changes at every step."""
        drive = self.formula(site, self.depth, True)
        form = self.rng.choice([
            f"{name} = lowpass({drive}, 20)",
            f"{name} = accumulate(0.1*{drive}, 30)",
            f"d{name}/dt = -{name}/15 + 0.1*{drive}",
            f"d{name}/dt = 0.05*{drive}",
            f"{name} <- 0.5*{name} + 0.3*{drive}",
            f"{name} <- {name}",
        ])  # fmt: skip
        return f"{form}  : {site}"

    def formula(self, site: str, depth: int, stepped: bool = False) -> str:
        """A formula as seen from a site; `stepped`, one that may look a step back."""
        rng = self.rng
        if depth == 0 or rng.random() < 0.15:
            leaf = rng.choice(self.leaves[rng.choice(SEES[site])])
            plain = leaf.replace("_", "a").isalnum() and not leaf[0].isdigit()
            return f"prev({leaf})" if stepped and plain and rng.random() < 0.2 else leaf
        if self.sums and site in ("pre", "post", "synapse") and rng.random() < 0.15:
            fitting = [name for name, there in SUMS.items() if site in (there, "synapse")]
            return f"{rng.choice(fitting)}({self.formula('synapse', depth - 1, stepped)})"
        inner = [self.formula(site, depth - 1, stepped) for _ in range(3)]
        return rng.choice(SHAPES).format(*inner)
