"""Trials that were made elsewhere: files, what is refused, and lives that learn them."""

import os
import zipfile

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_environments import Sides
from pydantic import ValidationError

from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.grammar import ConfigError, parse
from rulegen.ground.noise import stream
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.world import World
from rulegen.publishing.config import DiscoverConfig, load_config
from rulegen.runs.simulate import load_scene, simulate
from rulegen.tasks import DelayedAssociation, Sampled, Samples, sample_trials

SOURCE = stream(jax.random.key(3))
RULE = """
param eta = 0.005
e <- e + xi*pre : synapse
on trial start: e <- 0
on reward: w += clip(eta*(R - R_bar[condition])*e, -0.02, 0.02)
"""


def arrays(**changes):
    stimuli = np.arange(24.0).reshape(3, 4, 2)
    return {"inputs": stimuli, "targets": stimuli[..., :1], "dt": 10.0} | changes


BAD_ARRAYS = {
    "texts": ({"inputs": np.array([[["a"]]])}, "inputs must be numbers"),
    "too few axes": ({"inputs": np.zeros((3, 4))}, r"shape \(3, 4\)"),
    "no trials": ({"inputs": np.zeros((0, 4, 1))}, "each at least 1"),
    "not finite": ({"targets": np.full((3, 4, 1), np.nan)}, "targets has values that are not fin"),
    "beyond float32": ({"inputs": np.full((3, 4, 1), 1e60)}, "inputs has values that are not fin"),
    "infinite squares": ({"targets": np.full((3, 4, 1), 3e38)}, "values beyond 1e\\+18"),
    "other targets": ({"targets": np.ones((3, 5, 1))}, "for 3 trials of 4 steps, but .* 3 of 5"),
    "no time": ({"dt": 0.0}, "dt must be"),
    "endless time": ({"dt": np.inf}, "dt must be"),
    "a mask of another shape": ({"mask": np.ones(3)}, r"mask has the shape \(3,\)"),
    "a negative mask": ({"mask": [1, 1, -1, 1]}, "below 0"),
    "nothing counts": ({"mask": [0, 0, 0, 0]}, "no step of trial 0 counts"),
    "too few conditions": ({"conditions": [0, 1]}, "3 integers"),
    "conditions between": ({"conditions": [0.0, 0.5, 1.0]}, "3 integers"),
    "a gap": ({"conditions": [0, 2, 2]}, "without gaps"),
    "below 0": ({"conditions": [-1, 0, 0]}, "without gaps"),
    "too large": ({"inputs": np.full((3, 4, 2), 1e300)}, "or beyond single precision"),
    "other periods": ({"period_steps": [3]}, r"\[3\] steps do not make a trial of 4"),
    "nameless periods": ({"period_names": ["a", "b"]}, "an integer for each"),
    "twice": ({"period_names": ["a", "a"], "period_steps": [2, 2]}, "has one name twice"),
    "empty": ({"period_names": ["a", "b"], "period_steps": [4, 0]}, "do not make"),
}


@pytest.mark.parametrize(("changes", "message"), BAD_ARRAYS.values(), ids=BAD_ARRAYS)
def test_arrays_that_are_no_trials(changes, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        Samples(**arrays(**changes))
    np.savez(tmp_path / "trials.npz", **arrays(**changes))
    with pytest.raises(ConfigError, match=r"task.file: .*trials.npz: .*" + message):
        Sampled(file=str(tmp_path / "trials.npz"))


def test_samples_come_back_from_a_file(tmp_path):
    samples = Samples(**arrays(period_names=["on", "off"], period_steps=[1, 3]))
    samples.save(tmp_path / "trials.npz")
    found = Samples.load(tmp_path / "trials.npz")
    assert found == samples and found.periods == {"on": 1, "off": 3}
    with pytest.raises(ValueError, match="read-only"):
        found.inputs[0] = 0


def bad_file(kind, path):
    if kind == "objects":
        np.savez(path, **arrays(mask=np.array([print], object)))
    elif kind == "unknown array":
        np.savez(path, **arrays(masks=1))
    elif kind == "missing array":
        np.savez(path, inputs=1.0)
    elif kind == "text":
        path.write_text("inputs")
    elif kind == "damaged":
        np.savez(path, **arrays())
        path.write_bytes(path.read_bytes().replace(b"descr", b"dascr"))
    elif kind == "cut off":
        np.savez(path, **arrays())
        path.write_bytes(path.read_bytes()[:-30])
    elif kind == "large":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inputs.npy", bytes((1 << 27) + 1))
    elif kind == "pipe":
        os.mkfifo(path)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("objects", "no .npz file of trials: .*allow_pickle"),
        ("unknown array", "unknown array `masks`"),
        ("missing array", "no array `dt`"),
        ("text", "no .npz file"),
        ("damaged", "no .npz file"),
        ("cut off", "no .npz file"),
        ("large", "holds 128 MB, and 128 can be used"),
        ("pipe", "it is no ordinary file"),
        ("none", "No such file"),
    ],
)
def test_files_that_hold_no_trials(tmp_path, kind, message):
    path = tmp_path / "trials.npz"
    bad_file(kind, path)
    with pytest.raises(ConfigError, match=r"task\.file: .*" + message):
        Sampled(file=str(path))


TEXT = '''
name = "sides"
rule = """
param eta = 0.005
param a = 0.1 free
e <- e + a*xi*pre : synapse
on reward: w += eta*R*e
"""
[task]
name = "sampled"
file = "trials.npz"
'''


def test_a_configuration_names_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    samples = Samples(**sample_trials(Sides(), 20))
    samples.save("trials.npz")
    (tmp_path / "config.toml").write_text(TEXT)
    config = load_config(tmp_path / "config.toml")
    assert config.task.samples == samples
    used = config.model_dump(mode="json", exclude_none=True)
    assert used["task"]["digest"] == samples.digest and "samples" not in used["task"]
    assert DiscoverConfig.model_validate(used) == config
    assert DiscoverConfig.model_validate_json(config.model_dump_json()).digest == config.digest
    Samples(**sample_trials(Sides(), 20, seed=1)).save("trials.npz")
    assert load_config(tmp_path / "config.toml").digest != config.digest
    with pytest.raises(ValidationError, match=f"task.digest: .*, not {samples.digest}"):
        DiscoverConfig.model_validate(used)
    with pytest.raises(ConfigError, match=r"task\.file: there are no trials"):
        load_config(tmp_path / "config.toml", ["task.file="])
    with pytest.raises(ConfigError, match="did you mean `sampled`"):
        load_config(tmp_path / "config.toml", ["task.name=sample"])


def test_trials_of_a_condition_are_met_equally_often():
    samples = Samples(**arrays(conditions=[1, 0, 1], mask=[0, 1, 1, 3]))
    task = Sampled(samples=samples)
    draw = jax.jit(jax.vmap(lambda i, c: task.trial(SOURCE.fold(i), c, 10.0), (0, None)))
    trial = draw(jnp.arange(600), jnp.asarray(1))
    first = trial.stimulus[:, 0, 0]
    assert set(np.asarray(first).tolist()) == {0.0, 16.0}
    assert abs(np.mean(first == 0) - 0.5) < 0.08
    np.testing.assert_allclose(trial.weight, np.tile([0, 0.2, 0.2, 0.6], (600, 1)), rtol=1e-6)
    (alone,) = np.unique(draw(jnp.arange(20), jnp.asarray(0)).target[:, 0, 0])
    assert alone == 8


@pytest.mark.parametrize("distance", ["squared", "absolute"])
def test_chance_is_the_best_single_answer(distance):
    """By brute force: at every step the best output that does not depend on the trial."""
    rng = np.random.default_rng(0)
    targets = rng.choice([-0.5, 0.0, 0.5, 1.0], size=(9, 5, 2))
    conditions = np.array([0, 0, 0, 0, 0, 1, 1, 2, 2])
    mask = rng.uniform(size=(9, 5))
    task = Sampled(
        samples=arrays(inputs=targets, targets=targets, mask=mask, conditions=conditions),
        distance=distance,
    )
    grid = np.linspace(-0.5, 1, 301)[:, None, None, None]
    errors = np.abs(grid - targets) ** (2 if distance == "squared" else 1)
    weight = mask / mask.sum(axis=1, keepdims=True) / np.array([5, 2, 2])[conditions][:, None] / 3
    best = np.sum(weight[None, :, :, None] * errors, axis=1).min(axis=0)
    assert np.isclose(task.chance(20.0), -best.mean(axis=-1).sum(), atol=1e-4)


def test_binary_feedback_is_right_or_wrong():
    samples = sample_trials(Sides(), 30, by=("strength",))
    task = Sampled(samples=samples, feedback="binary")
    assert 0.5 <= task.chance(20.0) < 0.8
    trial = task.trial(SOURCE, jnp.asarray(0), 20.0)
    assert task.reward(trial, trial.target) == 1
    assert task.reward(trial, -trial.target) == 0


@pytest.mark.parametrize("size", [3e38, 1e-45, np.float64(3e-39), [3e38, 1e-45, 0, 3e38]])
def test_only_the_shape_of_a_mask_counts(size, tmp_path):
    """A sum beyond single precision made every reward 0, the best; one below it, that of no answer.

    All targets are 0.5: an answer of 0 earns -0.25 whatever counts.
    """
    whole = arrays(targets=np.full((3, 4, 1), 0.5), mask=np.broadcast_to(size, 4))
    Samples(**whole).save(tmp_path / "trials.npz")
    task = Sampled(file=str(tmp_path / "trials.npz"))
    trial = task.trial(SOURCE, jnp.asarray(0), 20.0)
    shape = np.broadcast_to(np.float32(size), 4) > 1
    expected = shape / shape.sum() if shape.any() else np.full(4, 0.25)
    np.testing.assert_allclose(trial.weight, expected, rtol=1e-6)
    assert task.reward(trial, jnp.zeros((4, 1))) == pytest.approx(-0.25)
    assert task.reward(trial, trial.target) == 0


def test_what_does_not_fit_the_circuit_is_refused():
    task = Sampled(samples=sample_trials(Sides(), 20))
    rule = compile_rule(parse(RULE))
    with pytest.raises(ValueError, match=r"step of 20 ms, .* 10 ms: set circuit.dt = 20"):
        Lives(World(circuit=RateCircuit(), task=task), rule)
    circuit = RateCircuit(dt=20, neurons=8, readout=(0, 1))
    with pytest.raises(ValueError, match="readout names 2 neurons, but the task has 1"):
        Lives(World(circuit=circuit, task=task), rule).run([0.01], jax.random.key(0), 1)


def test_lives_learn_sampled_trials_as_they_learn_the_task_itself():
    """A bundled task, sampled by hand: without noise in the stimulus it is the same task."""
    own, dt = DelayedAssociation(delay=60), 20.0
    trials = [own.trial(SOURCE, jnp.asarray(c), dt) for c in range(2)]
    steps = own.spans(dt)
    sampled = Sampled(
        samples={
            "inputs": [t.stimulus for t in trials],
            "targets": [t.target for t in trials],
            "mask": [t.weight for t in trials],
            "conditions": [0, 1],
            "dt": dt,
            "period_names": list(steps),
            "period_steps": list(steps.values()),
        }
    )
    assert sampled.periods == own.periods
    assert sampled.chance(dt) == pytest.approx(own.chance(dt))
    life = LifeSettings(trials=120)
    batches = []
    for task in (own, sampled):
        world = World(circuit=RateCircuit(neurons=12, dt=dt), task=task, life=life)
        bench = Bench(world, parse(RULE))
        batches.append(bench.run(bench.values, jax.random.key(0), 16).rewards)
    np.testing.assert_allclose(batches[1], batches[0], atol=1e-4)
    assert batches[1][:, -20:].mean() > batches[1][:, :12].mean()


def test_a_scene_of_an_environment(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Samples(**sample_trials(Sides(), 50)).save("trials.npz")
    (tmp_path / "scene.toml").write_text(
        '[task]\nname = "sampled"\nfile = "trials.npz"\n[circuit]\nneurons = 8\ndt = 20\n'
        "[life]\ntrials = 6\nwarmup = 0\n"
    )
    world = load_scene(tmp_path / "scene.toml").world
    batch = simulate(world, {"still": parse("on reward: w += 0")}, lives=2, seed=0)["still"]
    assert batch.rewards.shape == (2, 6)
