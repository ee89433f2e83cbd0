"""What circuits answered: against rewards, targets and single trials by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rulegen.analysis.choices import psychometric
from rulegen.catalog import find
from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.ground.noise import stream
from rulegen.lives.answers import AnsweredLives
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.lives.world import World
from rulegen.runs.simulate import reward_table, simulate
from rulegen.tasks import TASKS, BaitedBandit, DelayedAssociation, PerceptualDecision

STILL = "dw/dt = 1e-9*post*pre"


def lived(task, rule="node_perturbation", trials=40, lives=8):
    world = World(
        circuit=RateCircuit(neurons=12), task=task, life=LifeSettings(trials=trials, warmup=2)
    )
    bench = Bench(world, STILL if rule == "still" else find(rule).rule)
    key = jax.random.key(3)
    return bench.run(bench.values, key, lives), bench.answered.run(bench.values, key, lives)


@pytest.mark.parametrize("name", sorted(TASKS))
def test_rewards_are_the_same_beside_answers_which_are_numbered_as_the_task_does(name):
    task = TASKS[name]()
    plain, batch = lived(task, trials=6, lives=3)
    assert batch.rewards == pytest.approx(plain.rewards, abs=1e-6)
    assert batch.scores.shape == (3, 6, 0)
    answers = batch.answers
    assert answers.outputs.shape == (3, 6, task.outputs)
    trial = task.trial(stream(jax.random.key(0)), jnp.asarray(0), 10.0)
    count = 2 if name == "baited_bandit" else len(trial.answers)
    for numbers in (answers.choices, answers.wanted):
        assert numbers.min() >= 0
        assert numbers.max() < count


@pytest.mark.parametrize(
    "task",
    [
        DelayedAssociation(feedback="binary"),
        PerceptualDecision(feedback="binary"),
        TASKS["motor_sequence"](feedback="binary"),
    ],
)
def test_with_binary_feedback_right_choices_are_what_is_paid(task):
    _, batch = lived(task)
    right = batch.answers.right
    assert (right == batch.rewards).all()
    assert 0 < right.mean() < 1


def test_an_arm_is_paid_where_the_chosen_one_has_a_bait():
    _, batch = lived(BaitedBandit())
    chosen = batch.answers.choices
    assert (chosen == batch.answers.outputs.argmax(axis=-1)).all()
    only = batch.rewards == 0
    assert (chosen[only] != batch.answers.wanted[only]).any()


def test_outputs_of_a_held_response_give_the_reward_up_to_their_spread():
    task = DelayedAssociation(response=10.0)  # one step, whose output is the mean
    _, batch = lived(task, "still")
    targets = np.array(task.levels)[batch.conditions]
    expected = -((batch.answers.outputs[..., 0] - targets) ** 2)
    assert batch.rewards == pytest.approx(expected, abs=1e-6)


def test_a_table_has_them_and_without_them_it_is_as_before():
    world = World(
        circuit=RateCircuit(neurons=4), task=BaitedBandit(), life=LifeSettings(trials=3, warmup=0)
    )
    batches = simulate(world, {"still": STILL}, lives=2, seed=0)
    table = reward_table(batches)
    assert {"choice", "wanted", "output_1", "output_2"} <= set(table)
    without = reward_table({n: b._replace(answers=None) for n, b in batches.items()})
    assert without.equals(table.drop(columns=["choice", "wanted", "output_1", "output_2"]))


def test_answers_of_a_kernel_are_those_of_xla():
    """The kernel of a card, interpreted."""
    rule = compile_rule(find("node_perturbation").rule)
    values = np.array([p.value for p in rule.rule.parameters], float)
    found = {}
    for engine in ("xla", "interpreted"):
        world = World(
            circuit=RateCircuit(neurons=8), task=BaitedBandit(),
            life=LifeSettings(trials=4, warmup=1), engine=engine,
        )  # fmt: skip
        found[engine] = AnsweredLives(world, rule).run(values, jax.random.key(1), 3).answers
    assert (found["xla"].choices == found["interpreted"].choices).all()
    assert found["xla"].outputs == pytest.approx(found["interpreted"].outputs, abs=1e-5)


def test_a_diverged_life_answers_nothing():
    """Neither rightly nor wrongly, in arrays, tables and shares."""
    task = PerceptualDecision(feedback="binary")
    world = World(circuit=RateCircuit(neurons=8), task=task, life=LifeSettings(trials=6, warmup=2))
    batches = simulate(world, {"wild": "on trial end: w += 1e30*R + 1e30"}, lives=4, seed=0)
    answers = batches["wild"].answers
    lost = answers.choices < 0
    assert lost.any() and not lost[:, 0].any()
    assert (np.isnan(answers.right) == lost).all() and (answers.wanted[lost] == -1).all()
    table = reward_table(batches)
    assert (table["choice"].isna() == lost.ravel()).all() and table["wanted"][
        lost.ravel()
    ].isna().all()
    shares = psychometric(task, batches["wild"].conditions, answers.right)
    assert shares["trials"].sum() == (~lost).sum()
    nothing = psychometric(task, batches["wild"].conditions, np.full(lost.shape, np.nan))
    assert nothing["positive"].isna().all()
