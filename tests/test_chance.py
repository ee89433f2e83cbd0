"""Chance and best reward: every task, many settings, against brute force over simulated lives."""

from itertools import product
from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rulegen.ground.noise import Purpose, stream, uniform
from rulegen.tasks import TASKS, BaitedBandit, GoNogo, ReadySetGo, Reversal, Sampled, Task, Trial

DT = 10.0
SOURCE = stream(jax.random.key(5))
RNG = np.random.default_rng(0)
KINDS = (("graded", "squared"), ("graded", "absolute"), ("binary", "squared"))


class Level(Task):
    """A task of one's own: hold one of three levels, the first of them twice as often."""

    name: str = "level"
    levels: tuple[float, ...] = (0.2, 0.2, -0.6, 0.9)
    conditions = property(lambda self: len(self.levels))
    channels = property(lambda self: 1)
    periods = property(lambda self: {"cue": 20.0, "hold": 40.0})

    def chance(self, dt):
        return self.blind(self.levels)

    def trial(self, stream, condition, dt):
        level, hold = jnp.array(self.levels)[condition], self.window("hold", dt)
        answers = np.unique(self.levels)[:, None, None]
        return Trial(
            self.window("cue", dt)[:, None], level * hold[:, None], hold / hold.sum(), answers
        )


def nested(**settings):
    """Sampled trials of two lengths; longer ones go on with the same target."""
    sides, long = np.array([-1, 1, 1, -1, 1]), np.array([0, 0, 1, 1, 1])
    counts = np.arange(6) < np.where(long, 6, 3)[:, None]
    targets = (0.5 * sides[:, None] * counts)[..., None]
    samples = {
        "inputs": targets, "targets": targets, "mask": counts, "conditions": (sides > 0) * 1,
        "dt": DT,
    }  # fmt: skip
    return Sampled(samples=samples, **settings)


def uneven(**settings):
    """Sampled trials of three conditions, some of several samples; steps count differently."""
    rng = np.random.default_rng(1)
    targets = rng.choice([-0.5, 0.0, 1.0], size=(7, 1, 2)) * np.ones((7, 5, 1))
    samples = {
        "inputs": targets, "targets": targets, "mask": [0, 0, 1, 2, 3.5], "dt": 20.0,
        "conditions": [0, 0, 0, 0, 1, 1, 2],
    }  # fmt: skip
    return Sampled(samples=samples, **settings)


#: Settings of every task at some step: what changes how often an answer is right, or when.
SETTINGS = {
    "delayed_association": [
        {}, {"cues": 3, "amplitude": 0.8, "dt": 5.0}, {"cues": 5, "sequence": "cycled", "dt": 20.0},
    ],
    "delayed_match": [{}, {"match": True, "amplitude": 0.3, "wait": 0, "dt": 20.0},
                      {"before": 30, "sequence": "cycled", "dt": 5.0}],
    "context_integration": [{}, {"before": 50, "amplitude": 0.7, "sequence": "cycled", "dt": 20.0}],
    "trajectory_recall": [{}, {"cues": 2, "recall": 130, "dt": 20.0}, {"cues": 6, "dt": 5.0},
                          {"cues": 5, "recall": 50, "sequence": "cycled"}],
    "perceptual_decision": [{}, {"coherences": (0.0,), "dt": 20.0}, {"spread": 0.0, "dt": 5.0}],
    "working_memory": [{}, {"frequencies": (10, 20, 40), "sequence": "cycled", "dt": 20.0}],
    "go_nogo": [{}, {"catch": True}, {"catch": True, "amplitude": 0.4, "dt": 20.0}],
    "ready_set_go": [
        {}, {"dt": 20.0}, {"dt": 5.0}, {"intervals": (105, 157)}, {"intervals": (110, 165)},
        {"intervals": (110, 165), "dt": 20.0}, {"intervals": (90, 135), "dt": 20.0},
        {"intervals": (100, 150)}, {"intervals": (100, 155, 160, 280), "tolerance": 0.1},
        {"intervals": (60, 80, 300), "tolerance": 0.4, "sequence": "cycled", "dt": 5.0},
    ],
    "motor_sequence": [
        {}, {"orders": ((0, 1), (0, 1), (2, 1)), "dt": 20.0},
        {"places": 4, "orders": ((0, 1), (3, 2), (1, 1), (0, 1), (3, 3)), "sequence": "cycled"},
    ],
    "reaching": [{}, {"places": 3, "radius": 0.05}, {"places": 2, "torque": 3.0, "dt": 20.0}],
    "reversal": [
        *({"block": block, "sequence": sequence} for block in (2, 3, 5, 60, 201)
          for sequence in ("cycled", "shuffled")),
        {"block": 1}, {"block": 7, "sequence": "cycled", "amplitude": 1.5, "dt": 20.0},
    ],
    "level": [{}, {"levels": (0.1, 0.1, 0.3)}, {"levels": (0.0, 1.0), "dt": 20.0}],
    "nested": [{}], "uneven": [{"dt": 20.0}, {"dt": 20.0, "sequence": "cycled"}],
}  # fmt: skip
MADE = {**TASKS, "level": Level, "nested": nested, "uneven": uneven}
CASES = [
    pytest.param(name, {k: v for k, v in settings.items() if k != "dt"}, settings.get("dt", DT),
                 id=f"{name}-{number}")
    for name, many in SETTINGS.items() for number, settings in enumerate(many)
]  # fmt: skip


def lived(task, dt):
    """The different trials of a long life, and what share each has, as the life meets them."""
    block = getattr(task, "block", 1)
    whole = 2 * block * task.conditions
    trials = whole * -(-(4000 if task.name in ("sampled", "reversal") else 60) // whole)

    def live(memory, both):
        number, condition = both
        trial = task.revise(memory, task.trial(SOURCE.fold(number), condition, dt))
        return task.remember(memory, trial, trial.target), trial

    def whole_life():
        numbers = jnp.arange(trials, dtype=jnp.uint32)
        return jax.lax.scan(live, task.begin(SOURCE), (numbers, task.order(SOURCE, trials)))[1]

    met = jax.tree.map(np.asarray, jax.jit(whole_life)())
    kinds = np.concatenate([met.target.reshape(trials, -1), met.weight], axis=1)
    _, first, counts = np.unique(kinds, axis=0, return_index=True, return_counts=True)
    return jax.tree.map(lambda a: jnp.asarray(a[first]), met), counts / trials


def torques(task, trials, courses):
    """What takes the hand along each course where it counts: by Newton's method."""

    def missed(output, course):
        trial = jax.tree.map(lambda a: a[0], trials)
        return ((task.effect(trial, output) - course) * trial.weight[:, None]).ravel()

    misses = jax.jit(jax.vmap(lambda *both: (missed(*both), jax.jacfwd(missed)(*both))))
    outputs = np.zeros(courses.shape)
    for _ in range(10):
        error, slope = map(np.asarray, misses(outputs, courses))
        for output, change, slopes in zip(outputs, error, slope, strict=True):
            slopes = slopes.reshape(output.size, output.size)
            output -= np.linalg.lstsq(slopes, change, rcond=1e-5)[0].reshape(output.shape)
    return outputs


def centres(trials, share):
    """The mean and the median of the targets at each step, by the definition of either."""
    weight = np.asarray(trials.weight, float)[..., None] * share[:, None, None]
    targets = np.asarray(trials.target, float)
    means = (weight * targets).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-12)
    # In a weighted median nothing is gained by moving to either side.
    order = np.argsort(targets, axis=0)
    below = np.cumsum(np.take_along_axis(np.broadcast_to(weight, targets.shape), order, 0), axis=0)
    place = np.argmax(below >= below[-1] / 2, axis=0)[None]
    return np.stack([means, np.take_along_axis(np.take_along_axis(targets, order, 0), place, 0)[0]])


def blind(task, trials, share):
    """What outputs that ignore the condition bring about, among them the best one."""
    few = np.asarray(trials.target)
    best = centres(trials, share)
    if task.name == "ready_set_go":  # to cross 0 at each step, or at none
        steps = np.arange(few.shape[1] + 1)
        return np.concatenate([np.where(steps[:-1] < steps[:, None], -1.0, 1.0)[..., None], best])
    if task.name == "sampled":  # one answer while short trials count, and perhaps another then
        few = np.array([np.r_[one[:3] / 10, 2 * two[3:]] for one in few for two in few] + [*few])
    random = RNG.normal(size=(60, *few.shape[1:])) * RNG.uniform(size=(60, 1, 1))
    if task.name == "reaching":
        random = 0.01 * random[:4]
    near = best[:, None] + 0.1 * random[None, :20]
    return np.concatenate([few, random, best, near.reshape(-1, *few.shape[1:])])


def earned(task, trials, share, outputs):
    """The mean reward of each output, given in all trials."""
    every = jax.jit(jax.vmap(jax.vmap(task.reward, (0, None)), (None, 0)))
    return np.asarray(every(trials, jnp.asarray(outputs, jnp.float32)), float) @ share


@pytest.mark.parametrize(("name", "settings", "dt"), CASES)
def test_chance_and_best_by_brute_force(name, settings, dt):
    """Through the reward itself: no blind output earns more than chance, and one earns as much."""
    tasks = [MADE[name](**settings, feedback=f, distance=d) for f, d in KINDS]
    trials, share = lived(tasks[0], dt)
    courses, right = blind(tasks[0], trials, share), np.asarray(trials.target)
    if name == "reaching":
        courses, right = (torques(tasks[0], trials, c) for c in (courses, right))
    # Lots of finite lives: samples and orders that are drawn are met nearly as often as they say.
    near = 0.02 if name in ("nested", "uneven") or settings.get("sequence") != "cycled" else 1e-5
    near = near if name in ("nested", "uneven", "reversal") else 1e-5
    for task in tasks:
        chance = task.chance(dt)
        assert chance <= task.best
        guessed = earned(task, trials, share, courses)
        assert guessed.max() == pytest.approx(chance, abs=near), (task.feedback, task.distance)
        own = jax.vmap(task.reward)(trials, jnp.asarray(right, jnp.float32))
        np.testing.assert_allclose(own, task.best, atol=1e-5)


def test_every_task_is_tried_and_every_kind_of_feedback():
    assert SETTINGS.keys() == MADE.keys() - {"baited_bandit"}
    assert get_args(BaitedBandit.model_fields["feedback"].annotation) == ("binary",)
    assert {d for _, d in KINDS} == set(get_args(Task.model_fields["distance"].annotation))


def test_chance_by_hand():
    """The same answer every time, two in three, three in five; and times by the step."""
    for block, share in ((3, 2 / 3), (5, 3 / 5), (4, 1 / 2)):
        task = Reversal(block=block, sequence="cycled", feedback="binary")
        assert task.chance(DT) == pytest.approx(share)
    assert Reversal(block=3, sequence="cycled").chance(DT) == pytest.approx(-0.25 + 1 / 36)
    times = ReadySetGo(intervals=(105, 157), feedback="binary")
    # Steps of 10 ms: 10 +- 2 and 16 +- 3 have none in common; of 5 ms: 21 +- 4 and 31 +- 6 have 25.
    assert (times.chance(10.0), times.chance(5.0)) == (0.5, 1.0)
    assert GoNogo(catch=True, feedback="binary").chance(DT) == pytest.approx(2 / 3)


BAITS = [(0.6, 0.1), (0.3, 0.5), (0.95, 0.2), (0.4, 0.4), (0.02, 0.9)]


def by_states(baits, chooses):
    """What is earned in the long run by who takes the first arm with a probability in each state.

    Args:
        baits: probabilities.
        chooses: that probability, by which arms are filled, (0, 0), (0, 1), (1, 0), (1, 1).
    """
    states = list(product((0, 1), repeat=2))
    moves, paid = np.zeros((4, 4)), np.zeros(4)
    for i, (state, first) in enumerate(zip(states, chooses, strict=True)):
        for arm, lot in ((0, first), (1, 1.0 - first)):
            left = [0 if k == arm else there for k, there in enumerate(state)]
            paid[i] += lot * state[arm]
            for j, after in enumerate(states):
                chances = [
                    1.0 - (p if not was else 1.0) if not now else (1.0 if was else p)
                    for p, was, now in zip(baits, left, after, strict=True)
                ]
                moves[i, j] += lot * np.prod(chances)
    np.testing.assert_allclose(moves.sum(axis=1), 1)
    return np.linalg.matrix_power(moves, 4096)[0] @ paid


@pytest.mark.parametrize("baits", BAITS)
def test_nobody_who_sees_the_baits_earns_more(baits):
    """All 16 ways to choose by what is baited, each by its stationary distribution."""
    earns = [by_states(baits, arms) for arms in product((0, 1), repeat=4)]
    assert max(earns) == pytest.approx(BaitedBandit(baits=baits).best, abs=1e-9)


@pytest.mark.parametrize("baits", BAITS)
def test_nobody_who_sees_nothing_earns_more_than_a_lot(baits):
    """A thousand odds, always one arm among them."""
    earns = [by_states(baits, [odds] * 4) for odds in np.linspace(0, 1, 1001)]
    chance = BaitedBandit(baits=baits).chance(DT)
    assert chance - 1e-5 < max(earns) < chance + 1e-12
    assert max(earns) >= max(baits) - 1e-12


def bandit(task, choose, plays=20_000):
    """The mean reward of a player of the bandit who is told the trial's number and its baits."""

    def play(memory, number):
        trial = task.revise(memory, task.trial(SOURCE.fold(number), jnp.asarray(0), DT))
        arm = choose(number, jnp.max(trial.target, axis=0))
        output = jnp.broadcast_to(jax.nn.one_hot(arm, 2), trial.target.shape)
        return task.remember(memory, trial, output), task.reward(trial, output)

    numbers = jnp.arange(plays, dtype=jnp.uint32)
    return float(jax.jit(lambda n: jax.lax.scan(play, task.begin(SOURCE), n))(numbers)[1].mean())


def test_players_of_the_bandit_itself():
    """Its own trials and memory: who is told everything, and who draws lots with the best odds."""
    task = BaitedBandit()
    p, q = task.baits
    fast = int(np.argmax(task.baits))
    told = bandit(task, lambda _, there: jnp.where(there[fast] > 0, fast, 1 - fast))
    assert told == pytest.approx(task.best, abs=0.015)
    odds = p * (1 - q) / (p * (1 - q) + q * (1 - p))
    lots = stream(jax.random.key(6))

    def lot(number, there):
        drawn = uniform(lots.fold(number).fold(Purpose.ORDER), (1,))[0]
        return jnp.where(drawn < odds, 0, 1)

    assert bandit(task, lot) == pytest.approx(task.chance(DT), abs=0.015)
    assert bandit(task, lambda *_: fast) == pytest.approx(max(task.baits), abs=0.015)


class Boast(Level):
    """Says that guesses earn more than perfect answers."""

    name: str = "boast"

    def chance(self, dt):
        return 0.1


def test_a_task_whose_chance_exceeds_its_best_is_refused():
    with pytest.raises(ValueError, match=r"boast says that perfect answers earn 0 .* 0\.1"):
        Boast().check(DT)


def test_targets_that_differ_where_nothing_counts_are_one_answer():
    """Trials of two lengths: the answer to the longer one is as right in the shorter."""
    sides, long = np.array([-1, 1, 1, -1, 1, 1]), np.array([0, 0, 1, 1, 1, 0])
    counts = np.arange(6) < np.where(long, 6, 3)[:, None]
    targets = (0.5 * sides[:, None] * counts)[..., None]
    samples = {
        "inputs": targets, "targets": targets, "mask": counts, "dt": DT,
        "conditions": np.zeros(6, int),
    }  # fmt: skip
    assert Sampled(samples=samples, feedback="binary").chance(DT) == pytest.approx(4 / 6)
