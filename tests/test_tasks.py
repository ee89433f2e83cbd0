"""The tasks: periods, targets, order of conditions, chance."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from pydantic import ValidationError

from rulegen.analysis.choices import psychometric
from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.grammar import ConfigError, parse
from rulegen.ground.noise import stream
from rulegen.lives import policy as policies
from rulegen.lives.life import LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.world import World
from rulegen.tasks import (
    TASKS,
    BaitedBandit,
    ContextIntegration,
    DelayedAssociation,
    DelayedMatch,
    GoNogo,
    MotorSequence,
    PerceptualDecision,
    Reaching,
    ReadySetGo,
    Reversal,
    TrajectoryRecall,
    WorkingMemory,
    arm,
)
from rulegen.tasks.arm import acceleration, hand_of, hand_path

SOURCE = stream(jax.random.key(2))
DT = 10.0
EXAMPLES = [
    DelayedAssociation(),
    DelayedAssociation(cues=5, amplitude=0.8),
    DelayedMatch(),
    DelayedMatch(match=True, amplitude=0.3),
    DelayedMatch(before=30, wait=0),
    ContextIntegration(before=50),
    TrajectoryRecall(),
    TrajectoryRecall(cues=2),
    PerceptualDecision(),
    WorkingMemory(),
    GoNogo(),
    GoNogo(catch=True),
    ReadySetGo(),
    MotorSequence(),
    Reversal(),
]
#: The period that counts, where it is not the last.
COUNTED = {"motor_sequence": ("element 1", "element 2", "element 3")}
RULE = compile_rule(
    parse(
        "param eta = 0.01\ne <- e + xi*pre : synapse\non trial start: e <- 0\n"
        "on reward: w += clip(eta*(R - R_bar[condition])*e, -0.02, 0.02)"
    )
)


def label(task):
    return f"{task.name}-{task.chance(DT):.2f}"


def trials(task):
    return [task.trial(SOURCE, jnp.asarray(c), DT) for c in range(task.conditions)]


@pytest.mark.parametrize("task", EXAMPLES, ids=label)
def test_periods_cover_the_trial(task):
    windows = np.array([task.window(name, DT) for name in task.periods])
    np.testing.assert_array_equal(windows.sum(axis=0), 1)
    np.testing.assert_array_equal(windows.sum(axis=1) * DT, list(task.periods.values()))
    assert np.all(np.diff(windows.argmax(axis=1)) > 0), "periods follow each other in order"
    for trial in trials(task):
        assert trial.stimulus.shape == (task.steps(DT), task.channels)
        assert trial.target.shape == (task.steps(DT), task.outputs)
        assert np.isclose(trial.weight.sum(), 1)
        counted = COUNTED.get(task.name, [list(task.periods)[-1]])
        expected = np.sum([task.window(name, DT) for name in counted], axis=0)
        np.testing.assert_array_equal(np.asarray(trial.weight) > 0, expected > 0)


@pytest.mark.parametrize("task", EXAMPLES, ids=label)
def test_binary_feedback_is_right_or_wrong(task):
    task = task.model_copy(update={"feedback": "binary"})
    all_trials = trials(task)
    assert [task.reward(t, t.target) for t in all_trials] == [1.0] * task.conditions
    # The answers to one condition, given in all: no answer is right more often than by chance.
    shares = [np.mean([task.reward(t, one.target) for t in all_trials]) for one in all_trials]
    assert np.isclose(max(shares), task.chance(DT))


def test_reward_is_minus_the_mean_squared_error_of_the_response():
    task, rng = DelayedMatch(), np.random.default_rng(0)
    trial = trials(task)[1]
    output = rng.normal(size=trial.target.shape)
    expected = -np.mean((output[24:, 0] - 0.5) ** 2)
    assert np.isclose(task.reward(trial, jnp.asarray(output)), expected, rtol=1e-5)


def test_delayed_association():
    for condition, trial in enumerate(trials(DelayedAssociation(cues=3, amplitude=0.6))):
        expected = np.zeros((30, 3))
        expected[:6, condition] = 1
        np.testing.assert_array_equal(trial.stimulus, expected)
        np.testing.assert_allclose(trial.target[24:, 0], [-0.6, 0, 0.6][condition], atol=1e-7)


@pytest.mark.parametrize("match", [False, True])
def test_delayed_match(match):
    for condition, trial in enumerate(trials(DelayedMatch(match=match))):
        first, second = divmod(condition, 2)
        expected = np.zeros((30, 2))
        expected[:6, first] = expected[12:18, second] = 1
        np.testing.assert_array_equal(trial.stimulus, expected)
        sign = 1 if (first == second) == match else -1
        np.testing.assert_allclose(trial.target[24:, 0], 0.5 * sign)


@pytest.mark.parametrize("task", EXAMPLES, ids=label)
def test_conditions_come_in_balanced_blocks(task):
    size = task.conditions
    order = jax.jit(jax.vmap(lambda i: task.order(SOURCE.fold(i), 4 * size + 1)))
    orders = np.asarray(order(jnp.arange(300)))
    assert orders.shape == (300, 4 * size + 1)
    blocks = orders[:, :-1].reshape(-1, size)
    np.testing.assert_array_equal(np.sort(blocks, axis=1), np.tile(np.arange(size), (1200, 1)))
    # In every place each condition is equally likely, and blocks do not repeat each other.
    share = np.bincount(blocks[:, 0], minlength=size) / len(blocks)
    assert np.abs(share - 1 / size).max() < 4 * np.sqrt((1 - 1 / size) / size / len(blocks))
    followed = np.mean(blocks[:-1, 0] == blocks[1:, 0])
    assert abs(followed - 1 / size) < 0.06


def test_a_period_needs_a_step():
    with pytest.raises(ValueError, match="delay lasts 3 ms, less than one step of 10 ms"):
        DelayedAssociation(delay=3).steps(DT)


@pytest.mark.parametrize("settings", [{"cues": 1}, {"amplitude": 0}, {"response": -1}, {"cue": ""}])
def test_errors_name_the_field(settings):
    with pytest.raises(ValidationError, match=next(iter(settings))):
        DelayedAssociation(**settings)


def test_the_table_of_tasks_has_their_names():
    assert {name: task().name for name, task in TASKS.items()} == {name: name for name in TASKS}


def test_trajectories_are_half_waves():
    task = TrajectoryRecall(cues=3, amplitude=0.4, delay=30)
    time = np.arange(5, 240, 10)
    for cue, trial in enumerate(trials(task)):
        np.testing.assert_array_equal(trial.stimulus[:6], np.eye(3)[[cue] * 6])
        assert not np.any(trial.stimulus[6:])
        expected = 0.4 * np.sin((cue + 1) * np.pi * time / 240)
        np.testing.assert_allclose(trial.target[9:, 0], expected, atol=1e-6)
    courses = np.array([t.target[9:, 0] for t in trials(task)])
    np.testing.assert_allclose(courses @ courses.T, np.eye(3) * 0.4**2 * 12, atol=1e-5)


def test_what_motion_tells_does_not_depend_on_the_step():
    """The sum of the signal over time has the same mean and spread at every step."""
    task = PerceptualDecision(coherences=(0.1,), spread=2.0)
    for dt in (1.0, 10.0):
        many = jax.vmap(lambda i, dt=dt: task.trial(SOURCE.fold(i), jnp.asarray(1), dt).stimulus)
        total = dt * np.asarray(many(jnp.arange(4000))).sum(axis=(1, 2))
        assert abs(total.mean() - 0.1 * 500) < 4 * total.std() / 4000**0.5
        assert abs(total.std() / (2 * 500**0.5) - 1) < 0.05


def test_conditions_of_perceptual_decision():
    task = PerceptualDecision(coherences=(0.0, 0.3), spread=0.0, strength=2.0)
    assert task.stimuli.coherence.tolist() == [0, -0.3, 0, 0.3]
    shown = [(float(t.stimulus[0, 0]), float(t.target[-1, 0])) for t in trials(task)]
    np.testing.assert_allclose(shown, [(0, -0.5), (-0.6, -0.5), (0, 0.5), (0.6, 0.5)], atol=1e-6)


def test_working_memory_compares():
    task = WorkingMemory()
    for trial, (f1, f2) in zip(trials(task), task.stimuli.to_numpy(), strict=True):
        assert np.sign(trial.target[-1, 0]) == np.sign(f2 - f1)
        first, second = (f1 - 22) / 12, (f2 - 22) / 12
        shown = np.asarray(trial.stimulus)
        np.testing.assert_allclose(shown[[0, 9]], [[first, -first]] * 2, rtol=1e-5)
        np.testing.assert_allclose(shown[[25, 34]], [[second, -second]] * 2, rtol=1e-5)
        assert not np.any(shown[10:25])


def test_go_nogo_and_catch():
    go, nogo, catch = trials(GoNogo(catch=True, amplitude=0.8))
    assert [float(t.target[-1, 0]) for t in (go, nogo, catch)] == [np.float32(0.8), 0, 0]
    assert np.any(go.stimulus[:6, 0]) and np.any(nogo.stimulus[:6, 1])
    assert not np.any(catch.stimulus)


def test_ready_set_go():
    task = ReadySetGo(intervals=(100, 200), pulse=20, before=40, amplitude=0.6)
    for interval, trial in zip((10, 20), trials(task), strict=True):
        ready, set_ = (np.flatnonzero(trial.stimulus[:, channel]) for channel in (0, 1))
        assert ready.tolist() == [24 - interval, 25 - interval]
        assert set_.tolist() == [24, 25]
        after = (np.arange(25) + 0.5) / interval
        np.testing.assert_allclose(
            trial.target[24:, 0], 0.6 * np.minimum(after - 1, 1), rtol=1e-4, atol=1e-6
        )
        assert task.produced(trial, trial.target) == interval


class Wide(DelayedAssociation):
    """What its steps earn has two axes: one of them came with the outputs."""

    name: str = "wide"

    def rewards(self, trial, output):
        return -trial.weight * (trial.target - output) ** 2


@pytest.mark.parametrize("delivery", ["end", "steps"])
def test_rewards_of_another_shape_are_refused(delivery):
    with pytest.raises(ConfigError, match="fails in `rewards`: of a trial it gives the shape"):
        Wide(delivery=delivery).check(10.0)


def test_a_pulse_that_no_step_sees_is_refused():
    with pytest.raises(ValueError, match="pulse lasts 4 ms, less than one step of 10 ms"):
        ReadySetGo(pulse=4.0).check(10.0)


def test_an_interval_is_right_within_the_tolerance():
    task = ReadySetGo(intervals=(100, 200), tolerance=0.25, before=40)
    trial = trials(task)[1]
    for produced, right in ((140, 0), (150, 1), (250, 1), (100, 0)):
        output = jnp.where(jnp.arange(len(trial.target)) >= 24 + produced // 10, 1.0, -1.0)[:, None]
        assert task.correct(trial, output) == right
    assert not task.correct(trials(task)[0], -jnp.ones_like(trial.target))


def test_motor_sequence_visits_places_in_order():
    task = MotorSequence(places=4, orders=((0, 1), (3, 2)), amplitude=0.5)
    places = 0.5 * np.array([(1, 0), (0, 1), (-1, 0), (0, -1)])
    for order, trial in zip(task.orders, trials(task), strict=True):
        np.testing.assert_allclose(trial.target[6:14], places[[order[0]] * 8], atol=1e-6)
        np.testing.assert_allclose(trial.target[14:], places[[order[1]] * 8], atol=1e-6)


def test_the_arm_conserves_energy_without_friction(x64, monkeypatch):
    """The equations of motion against the kinetic energy of two rods, and work against friction."""
    monkeypatch.setattr(arm, "FRICTION", 0.0)

    def energy(angles, speeds):
        def centres(angles):
            a, c1, c2 = arm.LENGTHS[0], *arm.CENTRES
            one, two = angles[0], angles[0] + angles[1]
            first = c1 * jnp.array([jnp.cos(one), jnp.sin(one)])
            elbow = a * jnp.array([jnp.cos(one), jnp.sin(one)])
            # Moments of inertia are about the joints.
            return first, elbow, c2 * jnp.array([jnp.cos(two), jnp.sin(two)])

        _, (_, elbow, second) = jax.jvp(centres, (angles,), (speeds,))
        turn = speeds[0] + speeds[1]
        return (
            0.5 * arm.INERTIAS[0] * speeds[0] ** 2
            + 0.5 * arm.MASSES[1] * elbow @ elbow
            + arm.MASSES[1] * elbow @ second
            + 0.5 * arm.INERTIAS[1] * turn**2
        )

    angles, speeds = jnp.array([0.5, 1.2]), jnp.array([2.0, -3.0])
    torques = jnp.array([0.7, -0.4])
    change = jax.jvp(energy, (angles, speeds), (speeds, acceleration(angles, speeds, torques)))[1]
    np.testing.assert_allclose(change, torques @ speeds, rtol=1e-10)


def test_the_hand_follows_the_arm(x64):
    """Halving the step halves the error: the path converges, at first order."""
    torque = jnp.array([0.4, -0.3])
    ends = [hand_path(jnp.tile(torque, (round(300 / dt), 1)), dt)[-1] for dt in (10, 5, 2.5, 0.25)]
    errors = [float(jnp.linalg.norm(end - ends[-1])) for end in ends[:3]]
    assert 1.6 < errors[0] / errors[1] < 2.5
    assert 1.6 < errors[1] / errors[2] < 2.5
    np.testing.assert_allclose(hand_of(jnp.array([0.0, np.pi / 2])), [0.30, 0.33], atol=1e-12)


def test_reaching_rewards_where_the_hand_ends():
    task = Reaching(places=4)
    trial = trials(task)[1]
    rng = np.random.default_rng(0)
    output = jnp.asarray(rng.normal(size=(42, 2)))
    hand = np.asarray(task.effect(trial, output))
    expected = -np.mean((hand[36:] - [0, 1]) ** 2)
    assert np.isclose(task.reward(trial, output), expected, rtol=1e-4)
    # Held during the cue, and at rest where no torque acts.
    np.testing.assert_array_equal(hand[:6], 0)
    assert task.reward(trial, jnp.zeros_like(output)) == task.chance(DT) == -0.5
    nearest = np.argmin(np.sum((hand[36:].mean(axis=0) - task.targets) ** 2, axis=1))
    assert [int(task.correct(t, output)) for t in trials(task)] == np.eye(4)[nearest].tolist()


def lives(task, trials, chunk=None):
    world = World(
        circuit=RateCircuit(neurons=16), task=task, life=LifeSettings(trials=trials, warmup=6)
    )
    return Lives(world, RULE, chunk=chunk)


@pytest.mark.parametrize("name", TASKS)
def test_every_task_can_be_lived(name):
    batch = lives(TASKS[name](), 12).run([0.01], jax.random.key(0), 2)
    assert np.isfinite(batch.rewards).all()
    assert batch.rewards.std() > 0
    assert (batch.outcomes == 0).all()


def test_answers_change_places_at_a_reversal():
    task = Reversal(block=3)
    memory, trial, seen = task.begin(SOURCE), trials(task)[1], []
    for _ in range(8):
        seen.append(float(task.revise(memory, trial).target[-1, 0]))
        memory = task.remember(memory, trial, trial.target)
    assert seen == [0.5] * 3 + [-0.5] * 3 + [0.5] * 2


def test_baits_stay_until_they_are_chosen():
    """Against a simulation of the game, with answers drawn at random."""
    task, rng = BaitedBandit(baits=(0.4, 0.1)), np.random.default_rng(0)
    choices = rng.integers(2, size=4000)

    def play(memory, inputs):
        number, choice = inputs
        trial = task.revise(memory, task.trial(SOURCE.fold(number), jnp.asarray(0), DT))
        output = jnp.broadcast_to(jax.nn.one_hot(choice, 2), trial.target.shape)
        after = task.remember(memory, trial, output)
        return after, (trial.target[-1], task.reward(trial, output), after)

    steps = jnp.arange(4000), jnp.asarray(choices)
    _, (baits, paid, left) = jax.jit(lambda s: jax.lax.scan(play, task.begin(SOURCE), s))(steps)
    arms = np.arange(2)
    np.testing.assert_array_equal(paid, np.asarray(baits)[np.arange(4000), choices])
    np.testing.assert_array_equal(left, np.where(arms == choices[:, None], 0, baits))
    before = np.vstack([np.zeros(2), left[:-1]])
    assert np.all(np.asarray(baits) >= before)
    fresh = [np.mean(np.asarray(baits)[before[:, arm] == 0, arm]) for arm in arms]
    np.testing.assert_allclose(fresh, task.baits, atol=0.03)
    # Under a coin an arm is filled in 2 p/(1 + p) of the trials, and chosen in half of them.
    assert np.mean(paid) == pytest.approx(sum(p / (1 + p) for p in task.baits), abs=0.03)


@pytest.mark.parametrize("task", [Reversal(block=5), BaitedBandit()], ids=label)
def test_memory_does_not_depend_on_chunks(task, monkeypatch):
    key = jax.random.key(1)
    whole = lives(task, 23).run([0.01], key, 6)
    monkeypatch.setattr(policies, "CPU", policies.CPU._replace(work=1))
    parts = lives(task, 23, chunk=1)
    assert len(parts.stretches()) == 23
    np.testing.assert_allclose(parts.run([0.01], key, 6).rewards, whole.rewards, rtol=1e-4)


def test_psychometric_shares():
    task = WorkingMemory()
    conditions = np.tile(np.arange(task.conditions), (3, 4))
    table = psychometric(task, conditions, np.ones_like(conditions))
    assert table.positive.tolist() == (table.f2 > table.f1).astype(float).tolist()
    assert (table.trials == 12).all()
