"""Tangents against jax.jvp and finite differences, and the two lowerings against each other."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.compile.lowering import Lowering, NotFactorable
from rulegen.grammar import parse
from rulegen.ground.noise import stream
from rulegen.lives.drive import drive
from rulegen.lives.life import Life, LifeSettings
from rulegen.tasks import DelayedAssociation

RULES = {
    "coefficients": """
        param eta = 0.05
        param a = 0.7 free
        param b = -0.4 free
        u_bar <- 0.3*u_bar + 0.7*u : post
        de/dt = a*xi*pre + b*(pre*(u - u_bar))**3 : synapse
        on trial start: e <- 0
        on reward: w += clip(eta*(R - R_bar[condition])*e, -0.02, 0.02)
    """,
    "time constants": """
        param eta = 0.05 free
        param tau_u = 7 ms free
        param tau_e = 31 ms free
        u_bar = lowpass(u, tau_u) : post
        x_bar = accumulate(pre, tau_u) : pre
        de/dt = -e/tau_e + x_bar*(u - u_bar) : synapse
        on reward: w += eta*(R - R_bar)*e
    """,
    "weight dependent": """
        param eta = 0.02
        param a = 0.7 free
        param k = 0.3 free
        e <- 0.9*e + a*(1 - w**2)*post*pre - k*w*xi : synapse
        on reward: w += eta*(R - R_bar)*e
        on reward: e <- 0.5*e
        bounds w in [-0.5, 0.5]
    """,
    "dense": """
        param eta = 0.05
        param a = 0.7 free
        param tau_e = 20 ms free
        de/dt = -e/tau_e + tanh(a*xi*pre + post) : synapse
        on reward: w += eta*R*e
    """,
    "continuous": """
        param eta = 0.01 free
        param a = 0.5 free
        param tau_x = 9 ms free
        x_bar = lowpass(pre, tau_x) : pre
        dw/dt = eta*post*(x_bar - a*post*w)
        diagonal w = 0
    """,
    "operators": """
        param eta = 0.05
        param a = 0.7 free
        param p = 1.3 free
        y = sigmoid(a*u) + relu(u - 0.1) + max(u, a*post) + abs(xi)**p : post
        e <- e + y*spow(pre, p)*(1 if pre > 0.1 else 0.3) : synapse
        on reward: w += eta*R*sqrt(abs(e))
    """,
    "previous step": """
        param eta = 0.05
        param a = 0.5 free
        x <- 0.9*x + a*u : post
        e <- 0.8*e + (prev(x) + prev(post))*pre : synapse
        on reward: w += eta*R*e
    """,
    "an earlier step beside factors": """
        param eta = 0.05
        param a = 0.5 free
        x <- 0.9*x + a*prev(u) : post
        e <- 0.8*e + x*pre : synapse
        on reward: w += eta*R*e
    """,
    "delays": """
        param eta = 0.05
        param a = 0.5 free
        x <- 0.9*x + a*delay(u, 6 ms) : post
        h <- 0.7*h + a*delay(w, 2 ms)*pre : synapse
        e <- 0.8*e + (delay(x, 3 ms) + delay(x, 7 ms)*delay(xi, 2 ms))*delay(pre, 4 ms) : synapse
        on reward: w += eta*R*(e + h)
    """,
    "neighbours": """
        nonlocal sum_pre, max_pre, sum_post, cumsum_post
        param eta = 0.05 free
        param a = 0.5 free
        e <- 0.9*e + a*post*pre : synapse
        on reward: w += eta*R*(e*max_pre(e) + w*sum_pre(w**2) + cumsum_post(e) + e*sum_post(w*e))
    """,
    "opposites": """
        nonlocal opposite
        param eta = 0.05 free
        param a = 0.5 free
        e <- 0.9*e + a*post*pre - 0.3*a*opposite(e) : synapse
        w += 0.01*a*(opposite(w) - w)
        on reward: w += eta*R*(e - opposite(w)*opposite(e))
    """,
    "constant opposites": """
        nonlocal opposite
        param eta = 0.05 free
        param a = 0.5 free
        e <- 0.9*e + a*post*pre*opposite(w) : synapse
        on reward: w += eta*R*(e - a*opposite(w))
    """,
    "remainders": """
        param eta = 0.05/ms
        param a = 0.7 free
        param b = 0.23 free
        param tau_e = 13 ms free
        bent(x, y) = x*erf(y*x) + 0.1*floor(3*x)
        tau_e*de/dt = -e + pre*(bent(u, a) + mod(xi, b) + sin(pi*a*post)) + 0.5*u : synapse
        on reward: w += 20 ms*eta*R*e*(-1 < post < 1)
    """,
    "spikes": """
        param a = 0.7 free
        param b = 0.4 free
        param tau_x = 9 ms free
        tau_x*dx/dt = -x : pre
        tau_x*dz/dt = b*z*(1 - z) : pre
        y <- 0.8*y : post
        e <- 0.9*e + 0.1*a*u*pre : synapse
        on pre_spike: x <- a + 0.5*x; z <- b*z + 0.3*a; e += b*x*y; w -= 0.2*b*w*y
        on post_spike: y += a; w <- clip(w + 0.1*x*e + 0.1*z, -0.6, 0.6)
    """,
    "initial values": """
        param eta = 0.05
        param a = 0.7 free
        param tau_e = 20 ms free
        e = lowpass(xi*pre, tau_e)
        initial e = a**2*w + 0.1
        h <- 0.8*h : synapse
        initial h = tanh(a)*w
        q[condition] = average(R, 0.5)
        initial q = 2*a/N_pre
        on reward: w += eta*(R - q[condition])*(e + h)
    """,
    "each condition": """
        param eta = 0.05
        param a = 0.7 free
        param tau_x = 9 ms free
        x[condition] = lowpass(t/tau_x, tau_x)
        n[condition] <- 0.9*n[condition] + a : global
        v[condition] <- v[condition]
        initial v = 0.3 + a
        e <- 0.8*e + n[condition]*pre*post + x[condition]*xi : synapse
        on reward:
            w += eta*(R - R_bar[condition])*e/sqrt(v[condition])
            v[condition] += 0.2*((R - R_bar[condition])**2 + a - v[condition])
    """,
    "roots at zero": """
        param eta = 0.05
        param a = 0.7 free
        param p = 0.6 free
        e <- 0.9*e + a*sqrt(relu(post))*pre + spow(u, p)*abs(pre)**p : synapse
        on reward: w += eta*R*sqrt(abs(e))
    """,
    "normalised": """
        param eta = 0.05
        param a = 0.5 free
        param k = 0.7 free
        e <- k*e + a*(post*pre + 1)**2 : synapse
        on trial start: e <- 0.1*e
        on reward: w += clip(eta*(R - R_bar)*e, -0.3, 0.3)
        on trial end: w <- w/(1 + k*abs(w))
    """,
}
ROOTS = "roots at zero"
FACTORABLE = (
    "coefficients",
    "time constants",
    "weight dependent",
    "constant opposites",
    "operators",
    "remainders",
    "initial values",
    "each condition",
    ROOTS,
    "normalised",
    "an earlier step beside factors",
)
CASES = [(name, Lowering.DENSE) for name in RULES]
CASES += [(name, Lowering.FACTORED) for name in FACTORABLE]


def scene(silent, trials=3, steps=6, n_post=4, n_pre=3):
    """Random activity; with `silent`, one neuron on each side whose signals are exactly 0."""
    rng = np.random.default_rng(0)
    sizes = {"pre": n_pre, "post": n_post, "u": n_post, "xi": n_post}
    activity = {name: rng.normal(size=(trials, steps, size)) for name, size in sizes.items()}
    for name, size in {"pre_spike": n_pre, "post_spike": n_post}.items():
        activity[name] = (rng.random((trials, steps, size)) < 0.4) / 2.0
    for values in activity.values():
        values[..., 0] *= not silent
    return {
        "weights": jnp.asarray(0.3 * rng.normal(size=(n_post, n_pre))),
        "activity": {
            **{k: jnp.asarray(v) for k, v in activity.items()},
            "reward": jnp.asarray(rng.normal(size=trials)),
            "condition": jnp.asarray([0, 1, 0]),
        },
        "dt": 2.0,
    }


#: Compiling takes most of the time here, and the small programs gain nothing by being optimised.
jit = functools.partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})


def make_run(name, lowering, **options):
    """Driven trials of a rule as a function of the vector of its parameters."""
    rule = parse(RULES[name])
    square = "opposite" in rule.nonlocal_names
    given = scene(silent=name == ROOTS, n_pre=4 if square else 3)
    compiled, names = compile_rule(rule, lowering=lowering, **options), list(values_of(rule))
    return lambda v: drive(compiled, values=dict(zip(names, v, strict=True)), **given).state


def values_of(rule):
    return {p.name: p.value for p in rule.parameters}


@functools.cache
def ends(name, lowering):
    """The end of the trials with tangents, and its finite differences along free parameters."""
    rule = parse(RULES[name])
    run = jit(jax.vmap(make_run(name, lowering, wrt=[p.name for p in rule.free])))
    values = np.array(list(values_of(rule).values()))
    steps = 1e-6 * np.eye(len(values))[[p.free for p in rule.parameters]]
    end = jax.device_get(run(np.vstack([values, values + steps, values - steps])))
    _, up, down = np.split(end["w"], [1, 1 + len(steps)])
    return {k: v[0] for k, v in end.items()}, (up - down) / 2e-6


@pytest.mark.parametrize(("name", "lowering"), CASES)
def test_tangents_equal_jvp_and_finite_differences(x64, name, lowering):
    rule = parse(RULES[name])
    end, finite = ends(name, lowering)
    values = jnp.asarray(list(values_of(rule).values()))
    run = make_run(name, lowering)
    exact = jit(jax.jacfwd(lambda v: run(v)["w"]))(values)
    for p, difference in zip(rule.free, finite, strict=True):
        tangent, jvp = end[f"w@{p.name}"], exact[..., rule.parameters.index(p)]
        assert np.abs(difference).max() > 1e-6, "the test must see something"
        np.testing.assert_allclose(tangent, difference, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(tangent, jvp, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", FACTORABLE)
def test_lowerings_agree(x64, name):
    """States, weights and tangents of both lowerings, and of a rule compiled without tangents."""
    (dense, _), (factored, _) = ends(name, Lowering.DENSE), ends(name, Lowering.FACTORED)
    values = jnp.asarray(list(values_of(parse(RULES[name])).values()))
    plain = jit(make_run(name, Lowering.FACTORED))(values)
    assert dense.keys() == factored.keys() > plain.keys()
    for key in dense:
        np.testing.assert_allclose(factored[key], dense[key], rtol=1e-11, atol=1e-13)
    for key in plain:
        np.testing.assert_allclose(plain[key], dense[key], rtol=1e-11, atol=1e-13)


#: Why a rule is stepped in time, in the words of `explain`.
DENSE = {
    "de/dt = -e/20 + tanh(xi*pre + post) : synapse": "does not separate: tanh",
    "e <- (1 - 0.1*post**2)*e + pre : synapse": "decays at a rate that varies",
    "e <- tanh(e) + pre*post : synapse": "decays at a rate that varies",
    "f <- 0.9*f + pre*post : synapse\ne <- 0.8*e + f : synapse": "reads the synapse state `f`",
    "e <- 0.9*e + prev(pre)*post : synapse": "reads an earlier step",
    "e <- 0.9*e + delay(pre, 9 ms)*post : synapse": "reads an earlier step",
    "nonlocal sum_pre\ne <- 0.9*e + sum_pre(w*pre)*pre : synapse": "sums over neurons",
    "nonlocal opposite\ne <- 0.9*e + opposite(e) + pre : synapse": "reads other synapses",
    "param a = 0.1 1/ms\ndw/dt = a*pre*post": "weights change at every step",
}


@pytest.mark.parametrize("text", DENSE)
def test_explain_names_the_reason(text):
    compiled = compile_rule(parse(text))
    assert compiled.lowering is Lowering.DENSE
    assert compiled.explain().startswith("dense: ")
    assert DENSE[text] in compiled.explain()
    with pytest.raises(NotFactorable):
        compile_rule(parse(text), lowering=Lowering.FACTORED)


def test_factors_are_shared():
    """Three terms with one presynaptic side make one matrix product."""
    text = "param k = 2\ne <- 0.9*e + xi*pre + k*u*pre + (post - u)**3*pre : synapse"
    assert compile_rule(parse(text)).explain().startswith("factored: 1 product of")


def test_explain_states_the_cost():
    """A rank-one update is a multiplication and an addition per synapse, however it is computed."""
    text = "e <- e + xi*pre : synapse"
    assert "2 N^2 operations" in compile_rule(parse(text)).explain()
    assert "about 2 N^2 operations" in compile_rule(parse(text), lowering=Lowering.DENSE).explain()
    events = compile_rule(parse("on reward: w += R*pre*post")).explain()
    assert events == "factored: nothing is computed at synapses within a trial"


@pytest.mark.parametrize("tau", [3, 60, 5000])
def test_long_trials_in_single_precision(tau):
    """A thousand steps in blocks, short and long memories: float32 against dense float64."""
    text = f"""
        param tau = {tau} ms free
        param a = 0.5 free
        de/dt = -e/tau + a*xi*pre : synapse
        on trial start: e <- 0
        on reward: w += 1e-4*R*e
    """
    rule = parse(text)
    circuit = RateCircuit(neurons=3, dt=1, tau=20)
    task = DelayedAssociation(cue=200, delay=600, response=200)

    def scores(lowering):
        compiled = compile_rule(rule, wrt=["tau", "a"], lowering=lowering)
        life = Life(circuit, task, LifeSettings(trials=3, warmup=0), compiled)
        values = jnp.asarray([float(tau), 0.5])
        return np.asarray(jit(life)(values, stream(jax.random.key(2))).scores, float)

    single = scores(Lowering.FACTORED)
    with jax.enable_x64(True):
        double = scores(Lowering.DENSE)
    size = np.abs(double).max(axis=0)
    assert np.all(size > 0)
    assert np.abs((single - double) / size).max() < 2e-3
