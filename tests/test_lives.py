"""Many lives: the same whatever the chunks and devices, paired between rules, compiled once."""

import contextlib

import jax
import numpy as np
import pytest
from promise import same

from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.estimators import Pgpe, Score
from rulegen.estimators.coordinates import Coordinates
from rulegen.fitting.ascent import Phase, init, step
from rulegen.grammar import RunError, parse
from rulegen.lives import policy as policies
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.world import World
from rulegen.tasks import DelayedAssociation

KEY = jax.random.key(11)
RULE = parse("""
    param eta = 0.05
    param a = 0.4 free
    param b = 0.1 free
    e <- e + a*xi*pre + b*u*pre : synapse
    on trial start: e <- 0
    on reward: w += clip(eta*(R - R_bar[condition])*e, -0.05, 0.05)
""")
VALUES = np.array([0.05, 0.4, 0.1])


def world(**changes):
    settings = {
        "circuit": RateCircuit(neurons=6),
        "task": DelayedAssociation(cue=20, delay=20, response=20),
        "life": LifeSettings(trials=5, warmup=1),
    }
    return World(**{**settings, **changes})


@contextlib.contextmanager
def compilations():
    """The names of all programs that are compiled meanwhile."""
    names: list[str] = []

    def listen(event: str, duration: float, **about: object) -> None:
        if event == "/jax/core/compile/backend_compile_duration":
            names.append(str(about.get("fun_name", event)))

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        yield names
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)


@pytest.mark.parametrize("wrt", [(), ("a", "b")], ids=["plain", "tangents"])
def test_results_do_not_depend_on_chunks_and_devices(monkeypatch, wrt):
    assert len(jax.local_devices()) == 2
    rule = compile_rule(RULE, wrt=wrt)
    reference = Lives(world(), rule, chunk=4).run(VALUES, KEY, 7)
    assert reference.scores.shape == (7, 5, len(wrt))
    assert np.std(reference.means) > 0
    same(Lives(world(), rule, chunk=3).run(VALUES, KEY, 7), reference)
    one = jax.local_devices()[:1]
    monkeypatch.setattr(jax, "local_devices", lambda: one)
    same(Lives(world(), rule, chunk=2).run(VALUES, KEY, 7), reference)


def test_stretches_of_trials_change_nothing(monkeypatch):
    rule = compile_rule(RULE, wrt=("a", "b"))
    reference = Lives(world(), rule, chunk=2).run(VALUES, KEY, 3)
    monkeypatch.setattr(policies, "CPU", policies.CPU._replace(work=2 * 2 * 6 * 36))
    lives = Lives(world(), rule, chunk=2)
    assert lives.stretches() == [2, 2, 1]
    seen = []
    same(lives.run(VALUES, KEY, 3, tick=seen.append), reference)
    assert seen == [1, 2, 3]


def test_lives_are_numbered(monkeypatch):
    """Fewer lives are the first ones of more, and a row of values belongs to its life."""
    lives = Lives(world(), compile_rule(RULE), chunk=3)
    rows = VALUES + np.linspace(0, 0.3, 8)[:, None]
    many = lives.run(rows, KEY, 8)
    few = lives.run(rows[:5], KEY, 5)
    np.testing.assert_array_equal(few.rewards, many.rewards[:5])
    other = lives.run(rows[::-1], KEY, 8)
    assert np.abs(other.rewards - many.rewards).max() > 0


def test_common_random_numbers_between_rules():
    """Rules that have not yet changed a weight meet the same networks, noise and trials."""
    here = world(life=LifeSettings(trials=6, warmup=3))
    other = parse("param k = 0.1\ne <- 0.9*e + u*pre**3 : synapse\non reward: w += k*R*e")
    a = Lives(here, compile_rule(RULE), chunk=2).run(VALUES, KEY, 6)
    b = Lives(here, compile_rule(other), chunk=3).run(np.array([0.1]), KEY, 6)
    np.testing.assert_array_equal(a.conditions, b.conditions)
    # Weights first differ after trial 3, whose activity still has the old ones.
    np.testing.assert_allclose(a.rewards[:, :4], b.rewards[:, :4], rtol=1e-6)
    assert np.abs(a.rewards[:, 4:] - b.rewards[:, 4:]).min() > 0
    fresh = Lives(here, compile_rule(RULE), chunk=2).run(VALUES, jax.random.key(12), 6)
    assert np.abs(fresh.rewards - a.rewards).min() > 0


def test_the_memory_budget_picks_the_chunk():
    rule = compile_rule(RULE)
    sizes = [Lives(world(memory_mb=mb), rule).chunk for mb in (1e-6, 0.1, 1e6)]
    assert sizes[0] == 1
    assert 1 < sizes[1] < policies.CPU.most
    assert sizes[2] == policies.CPU.most
    lives = Lives(world(memory_mb=0.1), rule)
    assert lives.chunk * lives.bytes_per_life() * len(lives.devices) <= 0.1 * 2**20
    tangents = Lives(world(), compile_rule(RULE, wrt=["a", "b"]))
    assert tangents.bytes_per_life() > lives.bytes_per_life()


def test_a_setting_takes_the_place_of_the_policy():
    rule = compile_rule(RULE)
    assert Lives(world(chunk=5), rule).chunk == 5
    assert world(chunk=5, memory_mb=1.0).identity == world().identity
    with pytest.raises(ValueError, match="chunk"):
        world(chunk=0)


def test_a_chunk_that_does_not_fit_is_halved():
    """Until it does; lives that are over are kept, and the result is the same."""
    lives = Lives(world(), compile_rule(RULE), chunk=4)
    reference, programs, tried = lives.run(VALUES, KEY, 20), lives._programs, []

    def full(most):
        def begin_or_refuse(devices):
            begin, go_on = programs(devices)

            def refuse(source, numbers):
                tried.append(len(numbers) // devices)
                if tried[-1] > most:
                    raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory")
                return begin(source, numbers)

            return refuse, go_on

        lives._programs = begin_or_refuse

    full(most=1)
    with pytest.warns(RuntimeWarning, match="no memory for . lives at once on .*: . now") as told:
        same(lives.run(VALUES, KEY, 20), reference)
    assert [str(w.message)[-5:] for w in told] == ["2 now", "1 now"]
    assert tried[:3] == [4, 2, 1] and lives.chunk == 1
    full(most=0)
    with pytest.raises(RunError, match="no memory for a single life: take fewer neurons"):
        lives.run(VALUES, KEY, 3)


class Card:
    """A device that is no CPU and says what memory it has."""

    platform = "gpu"

    def __init__(self, limit, used=0):
        self.limit, self.used = limit, used

    def __str__(self):
        return "card 0"

    def memory_stats(self):
        return {"bytes_limit": self.limit, "bytes_in_use": self.used} if self.limit else None


NEED = policies.Need(bytes=100_000, hot=4096, work=30 * 1024.0, step=1024.0)


@pytest.mark.parametrize(
    ("cards", "memory_mb", "lives"),
    [
        ([Card(80e9)], None, 32_768),
        ([Card(1e9)], None, 8_000),
        ([Card(80e9), Card(80e9, used=79e9)], None, 8_000),
        ([Card(80e9)], 100, 1_048),
        ([Card(80e9), Card(80e9)], 100, 1_048),
        ([Card(None)], None, 32_768),
    ],
)
def test_the_policy_of_cards(cards, memory_mb, lives):
    """Their free memory, the least of them, and the lives that fill them."""
    assert policies.policy(cards, NEED, memory_mb).lives == lives
    wide = NEED._replace(step=200.0**2)
    assert policies.policy([Card(80e9)], wide).lives == 838


def test_a_card_without_room_for_one_life_is_refused():
    with pytest.raises(RunError, match=r"one life needs 0 MB, and card 0 has 0 MB to spare"):
        policies.policy([Card(1e9, used=1e9 - 1000)], NEED)


@pytest.mark.parametrize("tangents", [False, True])
def test_the_budget_covers_what_xla_plans(tangents):
    """The estimate per life is not below the temporary memory of the compiled program."""
    here = world(circuit=RateCircuit(neurons=48), life=LifeSettings(trials=3, warmup=0))
    lives = Lives(here, compile_rule(RULE, wrt=["a", "b"] if tangents else []), chunk=8)
    assert 8 * 4 * 48**2 < lives.planned_bytes() <= lives.chunk * lives.bytes_per_life()


def test_a_long_trial_needs_little_more_memory_than_a_short_one():
    """Of 9,000 more steps of 200 neurons nothing is kept but the stimulus and the outputs."""
    task = DelayedAssociation(cue=100, delay=800, response=100)
    short = World(circuit=RateCircuit(neurons=200, dt=1, tau=30), task=task)
    long = short.model_copy(update={"task": task.model_copy(update={"delay": 9800.0})})
    planned = [
        Lives(here, compile_rule(RULE, wrt=["a"]), chunk=1).planned_bytes()
        for here in (short, long)
    ]
    assert planned[1] - planned[0] < 0.2 * 4 * 9000 * 200


def test_new_values_compile_nothing():
    """Whole iterations of a fit, with both estimators."""
    bench = Bench(world(), RULE)
    phases = [Phase(estimator=Score(lives=8)), Phase(estimator=Pgpe(lives=8))]
    states = [init(bench.values, bench.free, phase) for phase in phases]

    def iterate(number):
        for i, phase in enumerate(phases):
            lives, key = phase.estimator.prepare(bench), jax.random.fold_in(KEY, number)
            result = phase.estimator.estimate(lives, states[i].values, bench.free, key)
            states[i] = step(
                states[i], phase, bench.free, Coordinates(bench.rule.parameters), number, result
            )

    with compilations() as first:
        iterate(0)
    assert len(first) >= 2, "the counter counts"
    before = [s.values for s in states]
    with compilations() as again:
        iterate(1)
        iterate(2)
    assert again == []
    assert all(np.any(s.values != b) for s, b in zip(states, before, strict=True))


def test_ticks_count_finished_lives():
    seen = []
    Lives(world(), compile_rule(RULE), chunk=2).run(VALUES, KEY, 7, tick=seen.append)
    assert seen == [4, 7]


def test_bad_counts_are_refused():
    with pytest.raises(ValueError, match="at least 1"):
        Lives(world(), compile_rule(RULE)).run(VALUES, KEY, 0)
    with pytest.raises(ValueError, match="chunk"):
        Lives(world(), compile_rule(RULE), chunk=0)
