"""`rulegen verify` accepts what was published and says what became of each claim.

Forgeries are in test_forgeries.py.
"""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path

import jax
import numpy as np
import pytest
from honest import leave, publish, quick_bench
from places import each_place
from test_cli import call

from benchmarks import verification
from rulegen.catalog import Interval, Look, ParameterNote, Record, find, markdown_card, read_card
from rulegen.catalog.records.literature import literature
from rulegen.catalog.records.places import DISCOVERED, names
from rulegen.fitting.refine import RefineSettings
from rulegen.grammar import ConfigError
from rulegen.ground.statistics import Estimate, estimate, inclusion
from rulegen.publishing.evidence import interval
from rulegen.selection.looks import judged, needed_for
from rulegen.verifying.claims import agrees
from rulegen.verifying.finding import Verdict
from rulegen.verifying.luck import luck
from rulegen.verifying.published import published
from rulegen.verifying.resurvey import Resurvey
from rulegen.verifying.selecting import looks
from rulegen.verifying.verify import SAME, verify


@pytest.fixture(autouse=True)
def shared_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that differ in values alone are compiled once."""
    monkeypatch.setattr(sys.modules["rulegen.verifying.verify"], "Bench", quick_bench)


@pytest.fixture(scope="module")
def record() -> Record:
    return publish()[0]


def altered(record: Record, **changes: object) -> Record:
    assert record.evidence
    return record.model_copy(update={"evidence": record.evidence.model_copy(update=changes)})


def test_what_was_published_holds(record: Record) -> None:
    found = verify(record, lives=256)
    assert found.holds
    figures = [c.claim for c in found.checks if isinstance(c.published, Interval)]
    assert figures == [
        "reward", "reward of start", "minus start", "reward of no learning", "minus no learning",
        "loss without theta", "loss without phi",
    ]  # fmt: skip
    reward = next(c for c in found.checks if c.claim == "reward")
    assert record.evidence and reward.again and reward.fresh
    assert reward.again.mean == pytest.approx(record.evidence.reward.mean), "the same lives"
    assert reward.fresh.mean != pytest.approx(record.evidence.reward.mean), "new lives"


def test_everything_on_a_card_has_an_outcome(record: Record) -> None:
    """Sections of the card, and the check that is about each of their figures."""
    claims = {c.claim for c in verify(record, lives=64).checks}
    assert {
        "text", "strength", "chance", "perfect answers", "configuration", "code", "words",
        "ended badly", "data",
    } < claims  # fmt: skip


def test_another_software_changes_no_tolerance(record: Record) -> None:
    """Lives that are the same hold, whoever made them; others are refuted, with the remedy."""
    software = {"versions": {"rulegen": "0.0.1"}, "code": "0123456789abcdef"}
    assert verify(altered(record, **software), lives=64).holds
    other = verify(altered(record, **software, seed=4), lives=64)
    assert other.verdict is Verdict.REFUTED
    why = next(c.why for c in other.checks if c.claim == "reward")
    assert "it was made with rulegen 0.0.1: verify with that" in why


def test_a_tolerance_is_that_of_the_lives() -> None:
    found = Estimate(0.0, -1.0, 1.0, 100)
    wide = Interval(mean=0.2, low=-10.0, high=10.0, lives=100)
    assert not agrees(wide, found, SAME), "a wide claim makes no room for itself"
    near = Interval(mean=0.04, low=-1.04, high=0.96, lives=100)
    assert agrees(near, found, SAME)
    assert not agrees(near, found), "the table of the lives gives the very figures"
    assert not agrees(near.model_copy(update={"lives": 99}), found, SAME)


def heavy(rng: np.random.Generator, lives: int, figures: int) -> np.ndarray:
    """A reward, and beside it figures with heavy tails that know nothing of it."""
    tails = np.sign(rng.normal(size=(lives, figures - 1))) * rng.pareto(1.5, (lives, figures - 1))
    return np.column_stack([rng.normal(size=lives), tails])


def test_luck_is_exact() -> None:
    """Of honest lives, however skewed and few, at most the stated share surprises."""
    rng, repeats = np.random.default_rng(1), 200
    smallest = []
    for number in range(repeats):
        old = rng.exponential(size=(20, 1)) ** 2 * np.ones(3) + rng.normal(size=(20, 3))
        new = rng.exponential(size=(50, 1)) ** 2 * np.ones(3) + rng.normal(size=(50, 3))
        chief = np.array([True, False, False])
        smallest.append(luck(old.mean(axis=0), old, new, chief, number).together.min())
    share = float(np.mean(np.array(smallest) <= 0.05))
    assert share <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / repeats)


@pytest.mark.parametrize("figures", [2, 12])
def test_no_figure_beside_a_lucky_one_hides_it(figures: int) -> None:
    """The luckiest of sixty seeds is as surprising among heavy tails as it is alone."""
    rng, chief = np.random.default_rng(1), np.arange(figures) == 0
    repeats, together, alone = 40, [], []
    for number in range(repeats):
        seeds = [heavy(rng, 64, figures) for _ in range(60)]
        old, new = max(seeds, key=lambda lives: lives[:, 0].mean()), heavy(rng, 512, figures)
        found = luck(old.mean(axis=0), old, new, chief, number)
        together.append(found.together[0])
        alone.append(found.alone[0])
    assert max(np.array(together) / alone) < 2.2, "half of the error is its own"
    assert 0.3 < np.mean(np.array(alone) < 0.015) < 0.9


def test_luck_agrees_with_all_divisions() -> None:
    """Against every division of nine lives, counted."""
    lives, chief = np.random.default_rng(2).normal(size=9), np.array([True])
    old, new = lives[:3], lives[3:]
    means = [lives[list(c)].mean() for c in combinations(range(9), 3)]
    exact = np.mean(np.array(means) >= old.mean() - 1e-12)
    found = luck(np.array([old.mean()]), old[:, None], new[:, None], chief)
    assert found.alone[0] == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 3999))
    swapped = luck(np.array([new.mean()]), new[:, None], old[:, None], chief)
    low = np.mean([lives[list(c)].mean() >= new.mean() - 1e-12 for c in combinations(range(9), 6)])
    assert swapped.alone[0] == pytest.approx(low, abs=4 * np.sqrt(low * (1 - low) / 3999))


def test_figures_that_no_life_changes_have_no_luck() -> None:
    chief = np.array([True])
    for value in (0.0, 0.1, -0.3, -1 / 3):
        same = np.full((10, 1), value)
        assert luck(np.array([value]), same, same, chief).together[0] == 1.0
    assert luck(np.ones(1), same, same, chief).together[0] < 0.001, "a claim beyond them has"


class Parabola:
    """Lives whose reward is a quadratic of theta with its top at 1.5, and of phi at 0.2."""

    names = ("theta", "phi")
    values = np.array([1.5, 0.2])
    bounds = np.array([[-9.0, -9.0], [9.0, 9.0]])

    @each_place
    def rewards(self, values: np.ndarray, key: object, lives: int) -> np.ndarray:
        tops = np.random.default_rng(0).normal([1.5, 0.2], 1.0, size=(lives, 2))
        return -((values - tops) ** 2).sum(axis=1)


#: The half width of a 95% interval of theta from the 192 lives of a survey.
HALF = 1.96 / np.sqrt(192)
INTERVALS = {
    "honest": (1.5 - HALF, 1.5 + HALF, True),
    "of many lives": (1.5 - HALF / 4, 1.5 + HALF / 4, True),
    "too narrow": (1.5 - HALF / 18, 1.5 + HALF / 18, False),
    "elsewhere": (2.2, 2.3, False),
    "of few lives": (1.5 - 4 * HALF, 1.5 + 4 * HALF, True),
    "with its value at its end": (1.4999, 9.0, False),
    "with its value nearly at its end": (1.45, 2.5, False),
    "wider than any lives leave it": (0.01, 200.0, False),
}


@pytest.mark.parametrize("name", INTERVALS)
def test_intervals_of_parameters_are_surveyed_anew(name: str) -> None:
    low, high, holds = INTERVALS[name]
    notes = {"theta": ParameterNote(low=low, high=high), "phi": ParameterNote()}
    # A quadratic of the value is nearly one of its coordinate.
    settings = RefineSettings(tolerance=0.1)
    survey = Resurvey(Parabola(), notes, jax.random.key(0), settings)  # type: ignore[arg-type]
    assert {n: v[0] for n, v in survey.verdicts().items()} == {"theta": holds}


def test_an_interval_of_more_lives_than_are_run_is_left_open() -> None:
    """Its run may have had them, if its configuration says so; without one it is refuted."""
    low, high = 1.5 - HALF / 18, 1.5 + HALF / 18
    notes, settings = {"theta": ParameterNote(low=low, high=high)}, RefineSettings(tolerance=0.1)
    for lives, expected in ((192 * 400, None), (3072, False)):
        told = RefineSettings(lives=lives, most_lives=lives)
        key = jax.random.key(0)
        survey = Resurvey(Parabola(), notes, key, settings, told=told)  # type: ignore[arg-type]
        assert survey.verdicts()["theta"][0] is expected


class Hill(Parabola):
    """The same with more parameters, which change nothing."""

    names = ("theta", "phi", *"abcdefghijkl")  # type: ignore[assignment]
    values = np.array([1.5, 0.2, *[1.0] * 12])
    bounds = np.array([[-9.0] * 14, [9.0] * 14])

    @each_place
    def rewards(self, values: np.ndarray, key: object, lives: int) -> np.ndarray:
        return super().rewards(values[:2], key, lives)


def test_notes_without_limits_hide_no_interval() -> None:
    """A narrow interval among many parameters that are only explained is found."""
    notes = {name: ParameterNote(meaning="a word") for name in Hill.names}
    notes["theta"] = ParameterNote(low=1.4999999, high=1.5000001)
    settings = RefineSettings(tolerance=0.1)
    survey = Resurvey(Hill(), notes, jax.random.key(0), settings)  # type: ignore[arg-type]
    assert survey.verdicts()["theta"][0] is False


def test_intervals_of_more_parameters_than_a_survey_has() -> None:
    notes = {name: ParameterNote(low=0, high=2) for name in Hill.names}
    survey = Resurvey(Hill(), notes, jax.random.key(0), RefineSettings())  # type: ignore[arg-type]
    verdicts = survey.verdicts()
    assert set(verdicts) == set(Hill.names)
    assert all(holds is False and "no survey" in why for holds, why in verdicts.values())


@pytest.mark.parametrize("name", names())
def test_record_card_parse_gives_the_same_record(name: str) -> None:
    record = literature()[name]
    assert read_card(markdown_card(record)) == record


def test_nothing_to_verify() -> None:
    with pytest.raises(ConfigError, match="claims nothing"):
        verify(find("oja"))


def test_on_the_command_line(monkeypatch, capsys, tmp_path) -> None:
    folder = leave(*publish(), tmp_path / "run")
    for path in (folder / "card.md", folder / "record.toml", folder):
        code, out, _ = call(monkeypatch, capsys, "verify", path, "--seed", "1", "--lives", "64")
        assert code == 0
        assert "the claim holds" in out
    card = (folder / "card.md").read_text()
    (folder / "card.md").write_text(card.replace("| -0.2", "| -0.1", 1))
    code, out, err = call(monkeypatch, capsys, "verify", folder / "card.md")
    assert code == 2
    assert "of the card is" in err


def test_refuted_and_weak_claims_exit_with_1(monkeypatch, capsys, tmp_path, record) -> None:
    assert record.evidence
    (tmp_path / "weak.md").write_text(markdown_card(publish(lives=4)[0]))
    (tmp_path / "false.md").write_text(markdown_card(altered(record, chance=-0.5)))
    for name, words in (("weak", "too weak to verify"), ("false", "the claim does not hold")):
        code, out, err = call(monkeypatch, capsys, "verify", tmp_path / f"{name}.md", "--lives", 64)
        assert (code, "rulegen: " in err) == (1, False)
        assert words in out


BAD = {
    "nothing": "",
    "not a card": "# Hello\n\nworld",
    "an old card": "# x\n\n## As text\n\n```\ndw/dt = pre\n```\n\nRecord `x`, digest `0`.",
    "no JSON": "\n<!-- the record of this card, which `rulegen verify` reads\n{\n-->\n",
    "no record": "\n<!-- the record of this card, which `rulegen verify` reads\n[1]\n-->\n",
    "deep JSON": "\n<!-- the record of this card, which `rulegen verify` reads\n"
    + "[" * 100_000 + "\n-->\n",
}  # fmt: skip


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_what_is_no_card(monkeypatch, capsys, tmp_path: Path, text: str) -> None:
    (tmp_path / "card.md").write_text(text)
    code, _, err = call(monkeypatch, capsys, "verify", tmp_path / "card.md")
    assert code == 2
    assert err.startswith("rulegen: ")
    assert "Traceback" not in err


def test_a_setting_that_is_none(record: Record) -> None:
    assert record.evidence
    setting = record.evidence.setting.model_copy(update={"circuit": {"neurons": "many"}})
    with pytest.raises(ConfigError, match="neurons"):
        verify(altered(record, setting=setting))


@pytest.mark.parametrize("path", sorted(DISCOVERED.glob("*.toml")), ids=lambda path: path.stem)
def test_catalogued_records_have_their_tables(path: Path) -> None:
    whole = published(str(path))
    assert whole.lives is not None and whole.curves is not None


#: Differences of lives: even, with a long tail on either side, and with a few lives that decide.
DIFFERENCES = {
    "even": lambda rng, lives: rng.normal(size=lives),
    "long above": lambda rng, lives: rng.pareto(1.5, lives) - 2,
    "long below": lambda rng, lives: 2 - rng.pareto(1.5, lives),
    "few lives": lambda rng, lives: (
        0.1 * rng.normal(size=lives)
        - (rng.random(lives) < 2 / lives) * rng.exponential(20, size=lives)
    ),
    "Student's t of 2": lambda rng, lives: rng.standard_t(2, lives),
}


@pytest.mark.parametrize("added", [False, True])
@pytest.mark.parametrize("kind", DIFFERENCES)
def test_honest_inclusions_pass_whatever_the_tails(record: Record, kind: str, added: bool) -> None:
    rng, level = np.random.default_rng(3), 0.998
    terms, others = (2, 1) if added else (1, 2)
    needed = needed_for(terms, others, margin := 0.005)
    for number in range(60):
        values = DIFFERENCES[kind](rng, (64, 256, 1024)[number % 3])
        found = estimate(values, level)
        values = values - found.low + needed.low + rng.normal() * (found.high - found.low) / 4
        found = estimate(values, level)
        look = Look(
            removed=() if added else ("a",),
            added=("a",) if added else (),
            terms=terms,
            difference=interval(found),
            verdict=judged(found, terms, others, margin),
            inclusion=inclusion(values, needed.low, level, needed.mean),
        )
        told = altered(record, looks=(look,), level=level, best=1e9).evidence
        assert told and not list(looks(told))
        wrong = look.model_copy(update={"inclusion": 1.0 - round(look.inclusion or 0.0)})
        told = altered(record, looks=(wrong,), level=level, best=1e9).evidence
        near = abs((look.inclusion or 0.0) - 0.5) < 0.45
        assert told and (near or list(looks(told)))


def test_its_error_rates_can_be_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make verification` takes long; here it judges two cards of each kind."""
    for name, value in (("CARDS", 2), ("SEEDS", 2), ("LIVES", 32), ("NEW_LIVES", 64)):
        monkeypatch.setattr(verification, name, value)
    rows, _ = verification.measure()
    assert [row.kind for row in rows] == ["honest", "raised", "luckiest"]
    honest, raised, _ = rows
    assert (honest.published, raised.published) == (0, 2)
    assert honest.weak < 2
