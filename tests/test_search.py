"""Search: strategies, front and pick, on a space whose best rule is known, and from end to end."""

from importlib.resources import files

import jax
import numpy as np
import pytest

from rulegen.circuits import RateCircuit
from rulegen.fitting.refine import RefineSettings
from rulegen.grammar import ConfigError, load_space, parse
from rulegen.grammar.reading import limits
from rulegen.ground.journal import Journal
from rulegen.ground.stage import Stage
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.lives.outcomes import Outcomes
from rulegen.lives.world import World
from rulegen.searching import (
    Arena,
    Candidate,
    Finalist,
    Genetic,
    Halving,
    Path,
    Point,
    make_front,
)
from rulegen.searching.arena import split
from rulegen.searching.config import load_search
from rulegen.searching.finals import refined, sought, tuned
from rulegen.searching.path import coefficients_free, families
from rulegen.searching.strategy import Meeting, best_points
from rulegen.tasks import DelayedAssociation

#: All searches that come with the program.
SEARCHES = [
    path
    for path in sorted(files("rulegen").joinpath("examples").iterdir())
    if path.suffix == ".toml" and "[[strategy]]" in path.read_text()
]

#: Terms of which `xi*pre` alone follows the gradient.
SPACE = """
template = '''
param eta = 9.13e-3 1/ms
de/dt = {terms}  : synapse
on trial start: e <- 0
on reward: w += clip(eta*(R - R_bar[condition])*e, -0.05, 0.05)
'''
[limits]
complexity = 6
terms = 2
[constraints]
locality = "any"
[coefficients]
value = 0.1
bounds = [-3, 3]
[traces]
value = 30
bounds = [10, 300]
[productions.term]
site = "synapse"
formulas = ["post_side*pre_side", "w"]
[productions.post_side]
site = "post"
formulas = ["xi", "1", "trace(post)"]
[productions.pre_side]
site = "pre"
formulas = ["pre", "trace(pre)"]
"""
WORLD = World(
    circuit=RateCircuit(neurons=10),
    task=DelayedAssociation(cue=30, delay=30, response=30),
    life=LifeSettings(trials=50),
)
CONFIG = f"""
name = "tiny"
seed = 3
space = \"\"\"{SPACE}\"\"\"
seeds = ["node_perturbation", "hebb"]
[task]
name = "delayed_association"
cue = 30
delay = 30
response = 30
[circuit]
neurons = 10
[life]
trials = 50
[[strategy]]
name = "halving"
lives = 12000
points = 3
[[strategy]]
name = "genetic"
lives = 2048
population = 8
each = 32
[[strategy]]
name = "path"
lives = 4000
breadth = 2
points = 4
estimator = {{ name = "pathwise", credit = "trial", lives = 32 }}
[select]
finalists = 3
lives = 256
margin = 0.003
[refine]
lives = 32
most = 2
[evaluate]
lives = 128
[[elsewhere]]
name = "14 neurons"
circuit = {{ neurons = 14 }}
"""


@pytest.fixture(scope="module")
def space():
    return load_space(SPACE)


@pytest.fixture(scope="module")
def arena(space):
    return Arena(space, WORLD)


@pytest.fixture
def meeting(arena, tmp_path):
    """Makes a meeting with a journal of its own in a folder."""
    open_journals = []

    def make(folder=tmp_path):
        open_journals.append(Journal(folder / "history.jsonl", {"configuration": "x"}))
        return Meeting(arena, Stage(jax.random.key(0), open_journals[-1], name="a strategy"))

    yield make
    for journal in open_journals:
        journal.close()


def best(space):
    """The structure that follows the gradient."""
    return space.find(parse("dw/dt = eta*xi*pre"))


def test_points_of_a_batch_meet_the_same_lives_as_their_own_rules(arena, space):
    """Against each structure's own compiled rule, one at a time."""
    rng, key = np.random.default_rng(1), jax.random.key(7)
    points = [arena.draw(s, rng) for s in list(space.structures())[::12]]
    together = arena.rewards(points, key, 6)
    for point, rewards in zip(points, together, strict=True):
        alone = Bench(WORLD, point.structure.rule(point.parameters))
        assert np.allclose(rewards, alone.rewards(alone.values, key, 6), rtol=1e-3, atol=1e-4)


def test_values_are_drawn_within_bounds_and_move_with_their_terms(arena, space):
    rng = np.random.default_rng(0)
    for structure in space.structures():
        point = arena.near(arena.draw(structure, rng), rng, 2.0, 0.5)
        for parameter in structure.rule().free:
            assert parameter.lower <= point.parameters[parameter.name] <= parameter.upper
        again = arena.compose(structure, split(point))
        assert dict(again.parameters) == pytest.approx(dict(point.parameters))


@pytest.mark.parametrize(
    "strategy",
    [
        Halving(lives=15_000),
        Genetic(lives=8_000, population=10, each=32),
        Path(lives=12_000, estimator={"name": "pathwise", "credit": "trial", "lives": 64}),
    ],
    ids=lambda strategy: strategy.name,
)
def test_every_strategy_finds_the_gradient(strategy, space, meeting):
    strategy.check(space)
    here = meeting()
    found = strategy.search(here, [])
    assert best(space).terms[0] in found[0].point.structure.terms
    assert len({c.point.structure for c in found}) == len(found)
    assert here.lives <= strategy.lives
    assert {c.point.structure for c in found} <= here.tried


def test_a_family_too_large_for_one_rule_is_several_with_the_same_scores(
    space, arena, meeting, tmp_path, monkeypatch
):
    # What a life counts for, where that is bounded, follows from all slopes of its family.
    estimator = {"name": "pathwise", "credit": "trial", "lives": 16, "clip": 0}
    strategy = Path(lives=3000, breadth=2, estimator=estimator)

    def living(family):
        return arena.living(coefficients_free(family.rule()))

    found = []
    for folder, states in (("one", 64), ("several", 4)):
        monkeypatch.setattr(limits, "MAX_STATES", states)
        (tmp_path / folder).mkdir()
        here = meeting(tmp_path / folder)
        support = {best(space).terms[0]: {"theta": 0.3}}
        parts = families(space, tuple(support))
        assert (len(parts) > 1) == (states == 4)
        assert set().union(*(f.terms for f in parts)) == set(space.terms)
        assert all(best(space).terms[0] in f.terms for f in parts)
        found.append(strategy.scores(here, living, parts, support, 2))
        assert here.lives == 16 * len(parts)
    one, several = found
    assert one.keys() == several.keys()
    others = [basis for basis in one if basis not in support]
    np.testing.assert_allclose([several[b] for b in others], [one[b] for b in others], rtol=1e-4)


@pytest.mark.parametrize("config", SEARCHES, ids=lambda path: path.stem)
def test_searches_that_come_with_the_program_can_make_their_rules(config):
    """Of spaces as large as these: one search ended after an hour, at its largest rule."""
    space = load_search(config).rules
    for structure in families(space):
        assert len(structure.rule().states) <= limits.MAX_STATES
    assert space.slots().rule.states


def test_a_strategy_repeats_itself_and_goes_on_from_its_journal(meeting, tmp_path):
    """The second run reads all rewards, the third has none of them."""
    strategy, lines = Genetic(lives=1024, population=8, each=32), []
    for folder in ("one", "one", "two"):
        (tmp_path / folder).mkdir(exist_ok=True)
        here = meeting(tmp_path / folder)
        lines.append([(c.point, c.reward) for c in strategy.search(here, [])])
        here.stage.journal.close()
    assert lines[0] == lines[1] == lines[2]


def test_children_remember_their_parents(meeting):
    found = Genetic(lives=4096, population=8, each=32).search(meeting(), [])
    children = [c for c in found if c.parents]
    assert children
    for candidate in children:
        assert candidate.source in ("genetic: crossing", "genetic: mutation", "genetic: new values")
        known = [t for parent in candidate.parents for t in parent.terms]
        assert len(candidate.point.structure.terms) <= 2 and known


def test_structures_of_several_terms_come_from_their_terms_alone(meeting):
    found = Halving(lives=1_000, points=1, least=2).search(meeting(), [])
    assert {len(c.point.structure.terms) for c in found} == {1, 2}
    for candidate in found:
        terms = candidate.point.structure.terms
        assert [p.terms for p in candidate.parents] == [(t,) for t in terms if len(terms) > 1]


def test_rules_are_tuned_one_by_one(arena, space, meeting):
    (found,) = tuned(meeting(), [best(space)])
    untuned = arena.rewards([arena.default(best(space))], jax.random.key(5), 512).mean()
    again = arena.rewards([found.point], jax.random.key(5), 512).mean()
    assert again > untuned + 0.01


def test_random_places_are_tried_far_from_where_a_rule_begins(arena, space, meeting, monkeypatch):
    """The best of the last round, on lives that no round before has met."""
    rounds = []

    def means(points, lives, text):
        rounds.append((len(points), lives))
        return np.array([-abs(p.parameters["theta_1"] + 2.0) for p in points])

    here = meeting()
    monkeypatch.setattr(here, "means", means)
    structure = space.structure(space.terms[0])
    best = sought(here, structure)
    assert rounds == [(96, 32), (12, 128)]
    assert best.structure == structure and abs(best.parameters["theta_1"] + 2.0) < 0.2
    assert abs(arena.default(structure).parameters["theta_1"] + 2.0) > 0.5


def test_a_refit_ends_no_lower_than_with_all_coefficients_at_0(arena, space):
    """Downhill a term earns less than no learning, and 0 is too far for the moves."""
    settings = RefineSettings(lives=32, moves=1)
    uphill = best(space)
    far = Point(uphill, dict.fromkeys(arena.default(uphill).parameters, -3.0))
    found = refined(arena, [far], settings, Stage(jax.random.key(3), Journal(), name="refine"))
    still = Point(uphill, dict.fromkeys(far.parameters, 0.0))
    rewards = arena.rewards([far, found, still], jax.random.key(4), 512).mean(axis=1)
    assert rewards[0] < rewards[2] - 0.01, "the start does harm"
    assert rewards[1] >= rewards[2] - 0.003


def test_best_points_keep_one_of_each_structure(space):
    one, two = (space.structure(term) for term in space.terms[:2])
    points = [Point(one, {"a": 1.0}), Point(two, {"a": 2.0}), Point(one, {"a": 3.0})]
    assert best_points(points, [0.1, 0.2, 0.3]) == {one: (points[2], 0.3), two: (points[1], 0.2)}


def finalist(space, terms, reward, spread=0.01):
    structure = space.structure(*(space.terms[i] for i in terms))
    noise = np.random.default_rng(0).standard_normal(400)
    own = np.random.default_rng(len(terms) + sum(terms)).standard_normal(400)
    candidate = Candidate(Point(structure, {}), reward, 400, "test")
    return Finalist(candidate, reward + 0.1 * noise + spread * own, Outcomes(400))


def test_the_pick_is_the_simplest_that_is_as_good_as_the_best(space):
    simple, middle, best_one = (
        finalist(space, [0], -0.3), finalist(space, [1], -0.102), finalist(space, [1, 2], -0.1),
    )  # fmt: skip
    front = make_front([best_one, simple, middle], margin=0.005)
    assert front.finalists[front.pick] is middle and "simplest" in front.reason
    strict = make_front([best_one, simple, middle], margin=0.0001)
    assert strict.finalists[strict.pick] is best_one and "earns most" in strict.reason
    table = front.table()
    assert table["pick"].sum() == 1 and table["complexity"].is_monotonic_increasing
    assert table["front"].tolist() == [True, True, True]


def test_what_a_simpler_one_equals_is_not_on_the_front(space):
    front = make_front([finalist(space, [0], -0.1), finalist(space, [1, 2], -0.2)], 0.005)
    assert front.on_front == (0,) and front.pick == 0


@pytest.mark.parametrize(
    ("strategy", "words"),
    [
        (Halving(lives=100), "raise `lives`"),
        (Genetic(lives=100), "too few to finish one generation"),
        (Genetic(crossing=0.8, mutation=0.8), "more than 1"),
        (Path(lives=100), "too few for a path"),
    ],
)
def test_budgets_that_are_too_small(strategy, words, space):
    with pytest.raises(ConfigError, match=words):
        strategy.check(space)


@pytest.mark.parametrize("strategy", [Halving(), Genetic(), Path()], ids=lambda s: s.name)
def test_the_defaults_suffice_for_the_bundled_space(strategy):
    strategy.check(load_space())
