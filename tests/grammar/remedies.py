"""Texts that are no rules, and the rules that they become where their remedy is followed.

Each row is (text, line, column, fragment of the remedy, the text after it).
"""

from __future__ import annotations

Y = "\ny = lowpass(post, 20)"

REMEDIES: list[tuple[str, int, int, str, str]] = [
    # Units of other languages
    ("w += pre*20 min", 1, 13, "write `1200 s`", "w += pre*(1200 s)/ms"),
    ("x = lowpass(pre, 20 min)\nw += x", 1, 21, "`1200 s`", "x = lowpass(pre, 1200 s)\nw += x"),
    ("w += delay(pre, 2 sec)", 1, 19, "write `2 s`", "w += delay(pre, 2 s)"),
    (
        "param tau = 20 min\nw += pre*tau/ms",
        1,
        16,
        "`1200 s`",
        "param tau = 1200 s\nw += pre*tau/ms",
    ),
    ("param k = 3/min\nw += k*pre*ms", 1, 13, "write `0.05/s`", "param k = 0.05/s\nw += k*pre*ms"),
    ("param k = 3/kHz\nw += k*pre/ms", 1, 13, "`0.003/Hz`", "param k = 0.003/Hz\nw += k*pre/ms"),
    ("w += pre*20*min/ms", 1, 13, "as a unit it is `60 s`", "w += pre*20*60 s/ms"),
    ("w += pre*20*sec/ms", 1, 13, "As a unit it is `1 s`", "w += pre*20*1 s/ms"),
    ("w += pre*20 mV", 1, 13, "write `20`", "w += pre*20"),
    ("w += pre*20*mV", 1, 13, "without `mV`", "w += pre*20"),
    ("param v = 20 mV\nw += v*pre", 1, 14, "write `20`", "param v = 20\nw += v*pre"),
    ("initial x = 2 µV\nx <- x : pre\nw += x", 1, 15, "`2`", "initial x = 2\nx <- x : pre\nw += x"),
    ("w += 3 min(pre, post)", 1, 8, "write `*`", "w += 3*min(pre, post)"),
    # Sites of what events change
    (
        "dx/dt = -x/20\non pre_spike: x <- y\nw += x" + Y,
        2,
        20,
        "let the equation of `x` end with `: synapse`",
        "dx/dt = -x/20 : synapse\non pre_spike: x <- y\nw += x" + Y,
    ),
    (
        "x = lowpass(post, 9) : post\non pre_spike: x += 1\nw += x",
        2,
        15,
        "let the equation of `x` end with `: synapse`",
        "x = lowpass(post, 9) : synapse\non pre_spike: x += 1\nw += x",
    ),
    (
        "x <- x : global\non reward: x += pre\nw += x",
        2,
        17,
        "let the equation of `x` end with `: pre`",
        "x <- x : pre\non reward: x += pre\nw += x",
    ),
    (
        "x <- x : global\non reward: x += pre*post\nw += x",
        2,
        17,
        "let the equation of `x` end with `: synapse`",
        "x <- x : synapse\non reward: x += pre*post\nw += x",
    ),
    (
        "x <- x : global\non reward: x += w\nw += x*pre",
        2,
        17,
        "sum over both sides, `sum_post(sum_pre(...))`",
        "nonlocal sum_pre, sum_post\nx <- x : global\non reward: x += sum_post(sum_pre(w))\n"
        "w += x*pre",
    ),
    (
        "x <- x : post\non reward: x += w\nw += x",
        2,
        17,
        "`sum_pre(...)`",
        "nonlocal sum_pre\nx <- x : post\non reward: x += sum_pre(w)\nw += x",
    ),
    (
        "x[condition] <- R\non reward: x[condition] += post\nw += x[condition]*pre",
        2,
        28,
        "one number, made of others such as `R`",
        "x[condition] <- R\non reward: x[condition] += 2*R\nw += x[condition]*pre",
    ),
    (
        "on pre_spike: R_bar += 1\nw += R_bar",
        1,
        15,
        "let an equation of its own, `R_bar <- R_bar`, end with `: pre`",
        "R_bar <- R_bar : pre\non pre_spike: R_bar += 1\nw += R_bar",
    ),
    (
        "initial x = post.fast\nx <- x : pre\nw += x",
        1,
        13,
        "let the equation of `x` end with `: synapse`",
        "initial x = post.fast\nx <- x : synapse\nw += x",
    ),
    (
        "param x = normal(post.fast, 1) : pre\nw += x",
        1,
        18,
        "let it end with `: synapse`",
        "param x = normal(post.fast, 1) : synapse\nw += x",
    ),
    (
        "x = pre*post : global\nw += x",
        1,
        5,
        "end with `: synapse`",
        "x = pre*post : synapse\nw += x",
    ),
    # Groups of neurons
    ("w += pre*excitatory", 1, 10, "did you mean `pre.excitatory`", "w += pre*pre.excitatory"),
    ("w += pre*inh", 1, 10, "or `post.inhibitory`", "w += pre*post.inhibitory"),
    ("w += pre*fast + pre.fast", 1, 10, "`pre.fast`", "w += pre*pre.fast + pre.fast"),
    (
        "w += pre*post : excitatory",
        1,
        17,
        "`pre.excitatory*(...)`",
        "w += pre.excitatory*(pre*post)",
    ),
    ("w += pre : post.fast", 1, 12, "factor, `post.fast*(...)`", "w += post.fast*(pre)"),
    # Numbers that are none
    (
        "n = uniform(-inf, 1) : post\nw += n*pre",
        1,
        14,
        "write a finite number",
        "n = uniform(-9, 1) : post\nw += n*pre",
    ),
    ("w += clip(pre, 0, infinity)", 1, 19, "`max(x, LOW)`", "w += max(pre, 0)"),
    ("w += pre*NaN", 1, 10, "write a number", "w += pre*0"),
    ("bounds w in [0, Infinity]\nw += pre", 1, 17, "write `inf`", "bounds w in [0, inf]\nw += pre"),
    # What never changes
    ("w += prev(pre.fast)", 1, 11, "write `pre.fast`", "w += pre.fast"),
    ("w += delay(post.fast, 20)", 1, 12, "write `post.fast`", "w += post.fast"),
    ("w += prev(eta)*pre", 1, 11, "write `eta`", "w += eta*pre"),
    ("w += prev(N_pre)*pre", 1, 11, "write `N_pre`", "w += N_pre*pre"),
    (
        "n = normal(0, 1) : post\nw += prev(n)",
        2,
        11,
        "keep it in a state",
        "n = normal(0, 1) : post\ns <- n : post\nw += prev(s)",
    ),
    # Distributions
    (
        "param a = gamma(2, 3) : post\nw += a*pre",
        1,
        11,
        "draw from `uniform(LOW, HIGH)`, `normal(MEAN, DEVIATION)`, `lognormal(MEDIAN, SPREAD)` or",
        "param a = lognormal(2, 3) : post\nw += a*pre",
    ),
    (
        "param a = exponential(3) : post\nw += a*pre",
        1,
        11,
        "write `-MEAN*log(1 - uniform(0, 1))`",
        "param a = -3*log(1 - uniform(0, 1)) : post\nw += a*pre",
    ),
    (
        "param a = 2 + gauss(0, 1)\nw += a*pre",
        1,
        15,
        "write `normal(MEAN, DEVIATION)`",
        "param a = 2 + normal(0, 1) : global\nw += a*pre",
    ),
    (
        "n = exponential(3) : post\nw += n*pre",
        1,
        5,
        "write `-MEAN*log(1 - uniform(0, 1))`",
        "n = -3*log(1 - uniform(0, 1)) : post\nw += n*pre",
    ),
    # Calls without arguments, and with others
    (
        "n = uniform() : post\nw += n*pre",
        1,
        13,
        "write `uniform(LOW, HIGH)`",
        "n = uniform(0, 1) : post\nw += n*pre",
    ),
    (
        "n = bernoulli() : post\nw += n*pre",
        1,
        15,
        "write `bernoulli(PROBABILITY)`",
        "n = bernoulli(0.5) : post\nw += n*pre",
    ),
    ("w += sin()*pre", 1, 10, "write `sin(x)`", "w += sin(pre)*pre"),
    ("w += pre()", 1, 10, "write `pre` without brackets", "w += pre"),
    ("f(x) = x\nw += f()", 2, 8, "arguments between the brackets", "f(x) = x\nw += f(pre)"),
    ("w += pre*()", 1, 11, "a formula between the brackets", "w += pre*(1)"),
    ("w += (pre + )", 1, 13, "after the `+`, or remove it", "w += (pre)"),
    ("w += (pre + *post)", 1, 13, "or remove the `*`", "w += (pre + post)"),
    ("w += max(pre, , post)", 1, 15, "or remove the `,`", "w += max(pre, post)"),
    ("f(x) = x\nw += f(pre, post)", 2, 6, "write `f(x)`", "f(x) = x\nw += f(pre)"),
    (
        "f(a, b) = a - b\nw += f(pre)",
        2,
        6,
        "write `f(a, b)`",
        "f(a, b) = a - b\nw += f(pre, post)",
    ),
    ("w += floor(pre, 2)", 1, 6, "write `floor(x)`", "w += floor(pre)"),
    ("w += mod(pre)", 1, 6, "write `mod(x, y)`", "w += mod(pre, 2)"),
    ("w += min(pre)", 1, 6, "write `min(x, y)`", "w += min(pre, post)"),
    ("w += clip(pre, 2)", 1, 6, "write `clip(x, LOW, HIGH)`", "w += clip(pre, 0, 2)"),
    ("w += spow(pre)", 1, 6, "write `spow(x, p)`", "w += spow(pre, 2)"),
    ("w += where(pre > 0)", 1, 6, "write `where(x > 0, y, z)`", "w += where(pre > 0, 1, 0)"),
    # Settings
    ('delivery = "steps"\nw += R', 1, 12, "have their place in a configuration", "w += R"),
    ("reward = 'steps'\nw += R", 1, 10, "have their place in a configuration", "w += R"),
    ("x' = pre/tau\nw += x", 1, 2, "write `dx/dt = ...`", "dx/dt = pre/tau\nw += x"),
]
