"""Lives on chip, against the same lives as XLA runs them: one definition, two ways to compute it.

The kernel runs in interpret mode here. That it can be compiled for a card is tested as far as JAX
goes without one, down to the code that the card's compiler is handed.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import sharding

from rulegen.catalog import find
from rulegen.chip.loops import Unfit
from rulegen.circuits import Circuit, RateCircuit, SpikingCircuit
from rulegen.circuits.exploration import Pulses
from rulegen.compile import compile_rule
from rulegen.estimators import Pathwise, Score
from rulegen.estimators.pathwise import DifferentiatedTrial
from rulegen.grammar import Rule, RunError, parse
from rulegen.ground.noise import stream
from rulegen.lives import many
from rulegen.lives.bench import Bench
from rulegen.lives.choice import chosen
from rulegen.lives.engine import CHIP, INTERPRETED, LAUNCHED, XLA, Engine
from rulegen.lives.life import Life, LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.projections import Projections
from rulegen.lives.trial import TrialRun
from rulegen.lives.world import World
from rulegen.tasks import TASKS, DelayedAssociation, Task

ASSOCIATION = DelayedAssociation(cue=30, delay=30, response=30)
FAMILY = parse("""
param eta = 0.01
param a = 1.0 free
param b = 0.3 free
param tau = 80 ms free
u_bar <- 0.7*u + 0.3*u_bar : post
de/dt = -e/tau + (a*xi + b*(u - u_bar) + 0.2*post)*pre + 0.1*(u - u_bar)*pre**2
R_bar[condition] = average(R, 0.2)
on trial start: e <- 0
on reward: w += clip(eta*(R - R_bar[condition])*e, -0.02, 0.02)
""")
DENSE = parse("param eta = 0.01 free\ne <- 0.9*e + prev(pre)*post*relu(w) : synapse\n"
              "on reward: w += eta*R*e")  # fmt: skip
CONTINUOUS = parse("param eta = 0.001 1/ms free\ndw/dt = eta*pre*post - 0.0001*w\ndiagonal w = 0")
DELAYED = parse("param eta = 0.01 free\ne <- 0.9*e + delay(pre, 20 ms)*post + 0.1*delay(e, 50 ms)\n"
                "on reward: w += eta*R*e")  # fmt: skip
GROUPED = parse("param a = 0.3 free\nparam b = 0.1 free\nparam tau = 80 ms free\n"
                "de/dt = -e/tau + (a*pre.fast + b*pre.inhibitory)*xi*pre\n"
                "on reward: w += (0.1 if post.excitatory > 0 else 0.2*post.fast)*R*e")  # fmt: skip
FREE = ("a", "b", "tau")


def circuit(**settings: Any) -> RateCircuit:
    return RateCircuit(neurons=6, **settings)


#: Circuit, rule, parameters with tangents, and whether the noise has one.
CASES: dict[str, tuple[Circuit, Rule, tuple[str, ...], bool]] = {
    "white noise": (circuit(), FAMILY, FREE, False),
    "no tangents": (circuit(), FAMILY, (), False),
    "a tangent of the noise": (circuit(), FAMILY, FREE, True),
    "correlated noise": (circuit(correlation=30.0), FAMILY, FREE, False),
    "pulses": (circuit(pulses=Pulses(probability=0.2, size=1.0)), FAMILY, FREE, False),
    "pulses alone": (circuit(noise=0, pulses=Pulses(probability=0.2, size=1.0)), FAMILY, (), False),
    "Dale's law": (circuit(excitatory=0.5), FAMILY, FREE, False),
    "groups": (
        circuit(excitatory=0.5, excitatory_inputs=0.5, groups={"fast": (0, 0.5)}),
        GROUPED,
        FREE,
        False,
    ),
    "sparse wiring": (circuit(connectivity=0.5), FAMILY, FREE, False),
    "clamped neurons": (circuit(clamped=((0, 0.5), (3, -1.0))), FAMILY, FREE, False),
    "feedback": (circuit(feedback=0.5), FAMILY, FREE, False),
    "sigmoid rates": (circuit(rate="sigmoid", start=0.5, inputs="uniform"), FAMILY, FREE, False),
    "a dense rule": (circuit(), DENSE, ("eta",), False),
    "delays": (circuit(), DELAYED, ("eta",), False),
    "weights in every step": (circuit(), CONTINUOUS, ("eta",), True),
    "spikes": (SpikingCircuit(neurons=6), find("stdp_pair").rule, (), False),
    "a fast weight": (circuit(), find("differentiable_plasticity").rule, (), False),
}


def lived(engine: Engine, *parts: Any, **more: Any) -> list[np.ndarray]:
    """All that a life leaves behind."""
    world, rule, wrt, noise = parts
    compiled = compile_rule(rule, wrt=wrt, noise_tangent=noise)
    life = Life(*world, LifeSettings(trials=2, warmup=0), compiled, engine=engine, **more)
    values = jnp.array([float(p.value or 0) for p in rule.parameters])
    with jax.default_matmul_precision("highest"):
        left = jax.jit(life.live)(values, stream(jax.random.key(1)))
    return [np.asarray(x, float) for x in jax.tree.leaves(left)]


def agree(*parts: Any, digits: float, **more: Any) -> None:
    """All engines leave the same behind."""
    right = lived(XLA, *parts, **more)
    got = lived(INTERPRETED, *parts, **more)
    assert sum(x.size for x in right) > 20
    for a, b in zip(right, got, strict=True):
        finite = np.isfinite(a)
        np.testing.assert_array_equal(b[~finite], a[~finite])
        size = np.abs(a[finite]).max(initial=1e-6)
        assert np.abs(a - b)[finite].max(initial=0) <= digits * size


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("name", CASES)
def test_a_life_is_the_same_on_chip(name: str) -> None:
    where, rule, wrt, noise = CASES[name]
    agree((where, ASSOCIATION), rule, wrt, noise, digits=1e-5)


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("name", CASES)
def test_to_ten_digits_in_double_precision(name: str, x64: None) -> None:
    where, rule, wrt, noise = CASES[name]
    agree((where, ASSOCIATION), rule, wrt, noise, digits=1e-10)


def lasting(steps: int) -> DelayedAssociation:
    """A task whose trials have so many steps."""
    return DelayedAssociation(cue=20, delay=10.0 * steps - 40, response=20)


#: Neurons and steps for which histories are whole blocks or not, and their products large or not.
SIZES = [(17, 32), (16, 33), (6, 47), (24, 75), (6, 96), (20, 131)]


@pytest.mark.parametrize(("neurons", "steps"), SIZES)
@pytest.mark.parametrize("rule", [FAMILY, DENSE], ids=["factored", "dense"])
def test_long_trials_of_larger_circuits(neurons: int, steps: int, rule: Rule) -> None:
    wrt = tuple(p.name for p in rule.parameters if p.free)
    where = RateCircuit(neurons=neurons, correlation=30.0), lasting(steps)
    agree(where, rule, wrt, False, digits=1e-5)


@pytest.mark.parametrize(("neurons", "steps"), SIZES[2:4])
def test_long_trials_to_ten_digits(neurons: int, steps: int, x64: None) -> None:
    agree((RateCircuit(neurons=neurons), lasting(steps)), FAMILY, FREE, True, digits=1e-10)


#: Every task with both kinds of feedback, and each as it is.
FEEDBACK = [(name, kind) for name in sorted(TASKS) for kind in ("graded", "binary", "")]


def task(name: str, feedback: str) -> Task:
    """A bundled task; with a kind of feedback, where it admits that."""
    try:
        return TASKS[name](**({"feedback": feedback} if feedback else {}))
    except ValueError as error:
        pytest.skip(str(error).splitlines()[0])


@pytest.mark.parametrize(("name", "feedback"), FEEDBACK)
def test_every_task(name: str, feedback: str) -> None:
    agree((circuit(), task(name, feedback)), FAMILY, FREE, False, digits=1e-5)


@pytest.mark.parametrize("studied", ["input", "feedback"])
def test_other_projections(studied: Any) -> None:
    where, more = circuit(feedback=0.5), Projections(studied=studied)
    agree((where, ASSOCIATION), FAMILY, FREE, False, digits=1e-5, projections=more)


def test_companions() -> None:
    hebb = parse("param eta = 0.01\non reward: w += eta*R*pre*post")
    more = Projections(input=hebb.text(), feedback=hebb.text())
    parts = (circuit(feedback=0.5), ASSOCIATION), FAMILY, FREE, False
    agree(*parts, digits=1e-5, projections=more)


def test_a_trial_that_is_differentiated() -> None:
    """What `pathwise` takes for the score of a trial: a backward pass through its steps."""
    parts = (circuit(), ASSOCIATION), FAMILY, FREE, False
    agree(*parts, digits=1e-5, runs=DifferentiatedTrial)


def world(**how: Any) -> World:
    return World(circuit=circuit(), task=ASSOCIATION, life=LifeSettings(trials=5, warmup=0), **how)


@pytest.mark.parametrize("estimator", [Score(lives=6), Pathwise(credit="trial", lives=6)])
def test_many_lives_on_all_devices(estimator: Any) -> None:
    """Several devices, chunks and stretches: the same rewards and the same gradient."""
    found = []
    for engine in ("xla", "interpreted"):
        bench = Bench(world(engine=engine, chunk=2), FAMILY)
        lives = estimator.prepare(bench)
        assert lives.life.engine.name == engine and len(lives.devices) == 2
        found.append(estimator.estimate(lives, bench.values, bench.free, jax.random.key(0)))
    np.testing.assert_allclose(found[1].gradient, found[0].gradient, rtol=1e-3)
    np.testing.assert_allclose(found[1].reward, found[0].reward, rtol=1e-5)


def test_the_engine_is_no_part_of_what_a_world_is() -> None:
    assert world(engine="interpreted").identity == world().identity


# -- which engine ----------------------------------------------------------------------------


def made(task: Task = ASSOCIATION) -> Any:
    rule = compile_rule(FAMILY)
    return lambda engine: Life(
        circuit(), task, LifeSettings(trials=3, warmup=0), rule, engine=engine
    )


def test_the_choice_says_why() -> None:
    assert chosen(made(), "auto", "cpu").explain() == "xla: a CPU keeps lives in its cache"
    assert chosen(made(), "auto", "cuda").explain() == "chip: each life stays on chip"
    assert chosen(made(), "xla", "cuda").explain() == "xla: as asked"
    assert chosen(made(), "auto", "rocm").explain() == "xla: the kernel is for cards of NVIDIA"
    why = chosen(made(), "auto", "cuda", "they are too long").explain()
    assert why == "xla: not on chip, since they are too long"


def test_what_a_chip_cannot_hold_runs_elsewhere() -> None:
    rule = compile_rule(FAMILY)
    parts = RateCircuit(neurons=200), ASSOCIATION, LifeSettings(trials=3, warmup=0), rule
    found = chosen(lambda engine: Life(*parts, engine=engine), "auto", "cuda")
    assert found.life.engine is LAUNCHED
    assert found.why.startswith("not on chip, since a step keeps ")


def test_a_large_table_is_not_fetched_by_every_life() -> None:
    """As of a task whose trials were sampled elsewhere; a small one is."""

    def step(total: jax.Array, number: jax.Array, table: jax.Array) -> tuple[jax.Array, jax.Array]:
        return total + jax.lax.dynamic_index_in_dim(table, number, keepdims=False), total

    numbers = jnp.arange(3)
    for rows, fits in ((100, True), (20_000, False)):
        table = jax.random.normal(jax.random.key(0), (rows,))
        with pytest.raises(Unfit, match="a table of 32768 numbers") if not fits else nullcontext():
            jax.eval_shape(lambda table: CHIP.scan(partial(step, table=table), 0.0, numbers), table)


def test_a_forced_engine_that_cannot_is_refused() -> None:
    with pytest.raises(ValueError, match='engine = "chip" needs a card of NVIDIA, and this is cpu'):
        Lives(world(engine="chip"), compile_rule(FAMILY))
    lives = Pathwise(credit="life", lives=4)
    with pytest.raises(ValueError, match="cannot run these lives, since derivatives go through"):
        lives.prepare(Bench(world(engine="interpreted"), FAMILY))


def test_a_compiler_that_fails_is_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a card, a kernel that another version cannot compile: lives go on, and say so."""
    right = Lives(world(), compile_rule(FAMILY)).means(VALUES, jax.random.key(0), 3)
    monkeypatch.setattr(many, "chosen", lambda make, *_: chosen(make, "auto", "cuda"))
    lives = Lives(world(), compile_rule(FAMILY))
    assert lives.life.engine is CHIP
    with pytest.warns(RuntimeWarning, match="lives run without the kernel, since its compiler"):
        found = lives.means(VALUES, jax.random.key(0), 3)
    np.testing.assert_array_equal(found, right)
    assert lives.chosen.explain().startswith("xla: not on chip, since its compiler failed: ")


@pytest.mark.parametrize(
    ("error", "warned"),
    [
        (jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Shared memory size limit exceeded"), True),
        (jax.errors.JaxRuntimeError("INTERNAL: ptxas failed"), True),
        (jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory"), False),
    ],
)
def test_a_kernel_too_large_for_a_card_is_no_lack_of_memory(
    error: Exception, warned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "chosen", lambda make, *_: chosen(make, "auto", "cuda"))
    compiled = Lives._compile

    def refuse(*_: object) -> None:
        raise error

    def programs(lives: Lives, devices: int) -> tuple:
        begin, go_on = compiled(lives, devices)
        return (refuse if lives.life.engine is CHIP else begin), go_on

    monkeypatch.setattr(Lives, "_compile", programs)
    lives = Lives(world(), compile_rule(FAMILY))
    if not warned:
        with pytest.warns(RuntimeWarning, match="no memory for"), pytest.raises(RunError):
            lives.means(VALUES, jax.random.key(0), 3)
        return
    with pytest.warns(RuntimeWarning, match="lives run without the kernel, since its compiler"):
        lives.means(VALUES, jax.random.key(0), 3)
    assert lives.life.engine is XLA


def test_who_is_told_of_lives_is_no_compiler() -> None:
    """An error of a progress bar is its own."""
    lives = Lives(world(engine="interpreted"), compile_rule(FAMILY))

    def full(done: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        lives.means(VALUES, jax.random.key(0), 3, tick=full)


VALUES = np.array([float(p.value or 0) for p in FAMILY.parameters])


# -- for a card ------------------------------------------------------------------------------


@contextmanager
def for_a_card() -> Iterator[None]:
    """Compilation as far as it goes without a card; newer versions ask for which one."""
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        if hasattr(sharding, "AbstractDevice"):
            kind = {"device_kind": "NVIDIA H100 80GB HBM3", "num_cores": None}
            if "platform" in inspect.signature(sharding.AbstractDevice).parameters:
                kind["platform"] = "gpu"
            axes = (1,), ("lives",), (sharding.AxisType.Auto,)
            mesh = sharding.AbstractMesh(*axes, abstract_device=sharding.AbstractDevice(**kind))
            stack.enter_context(sharding.use_abstract_mesh(mesh))
        yield


@pytest.mark.parametrize("runs", [TrialRun, DifferentiatedTrial])
@pytest.mark.parametrize(("name", "feedback"), FEEDBACK)
def test_it_is_handed_to_the_compiler_of_a_card(
    name: str, feedback: str, runs: type[TrialRun]
) -> None:
    """Every operation of every bundled task has a form in the card's language."""
    rule = compile_rule(FAMILY, wrt=FREE)
    parts = circuit(), task(name, feedback), LifeSettings(trials=3, warmup=0), rule
    text = handed(Life(*parts, runs=runs, engine=CHIP))
    assert "triton" in text and "fma.rn.f32" in text


def handed(life: Life) -> str:
    """What the compiler of a card is given."""
    lives = jax.jit(jax.vmap(life, in_axes=(None, 0)))
    values = jax.ShapeDtypeStruct((len(life.names),), jnp.float32)
    sources = jax.eval_shape(jax.vmap(stream), jax.random.split(jax.random.key(0), 4))
    with for_a_card():
        return lives.trace(values, sources).lower(lowering_platforms=("cuda",)).as_text()


@pytest.mark.parametrize("runs", [TrialRun, DifferentiatedTrial])
def test_products_of_histories_are_handed_to_the_compiler_of_a_card(runs: type[TrialRun]) -> None:
    rule = compile_rule(FAMILY, wrt=FREE)
    parts = RateCircuit(neurons=20), lasting(70), LifeSettings(trials=3, warmup=0), rule
    assert "triton" in handed(Life(*parts, runs=runs, engine=CHIP))


def test_delays_are_handed_to_the_compiler_of_a_card() -> None:
    rule = compile_rule(DELAYED, wrt=["eta"])
    life = Life(circuit(), ASSOCIATION, LifeSettings(trials=3, warmup=0), rule, engine=CHIP)
    assert "triton" in handed(life)


def test_what_the_language_of_a_card_lacks_is_found_before(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unfit, match="`sort` has no form there"):
        CHIP.scan(lambda carry, x: (jnp.sort(carry), x), jnp.zeros(4), jnp.zeros(3))
