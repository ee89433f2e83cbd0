"""Runs that nobody made are not taken into a catalog, however well their files fit each other."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tomli_w
from honest import config_of, family, leave, print_files, publish, quick_bench, text
from test_admission import files

from rulegen.catalog import ParameterNote, Record, find, load_record
from rulegen.catalog.records.record import plain_data
from rulegen.catalog.records.roles import DISCOVERED, NO_LEARNING, START
from rulegen.grammar import ConfigError, RuleError, parse
from rulegen.ground.digests import digest_of
from rulegen.ground.statistics import estimate
from rulegen.verifying import admission
from rulegen.verifying.consistency import parameters
from rulegen.verifying.finding import Verdict

#: With new lives that are always the same, so that nothing is left to chance.
add_run = partial(admission.add_run, lives=256, seed=0)
Data = dict[str, Any]
Forge = Callable[[Path], None]
NOTES = {"theta": ParameterNote(meaning="coefficient", low=1.2, high=1.9)}
OTHERS = {START: family(0.3), "half": text(0.75), NO_LEARNING: ""}


@pytest.fixture(autouse=True)
def shared_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["rulegen.verifying.verify"], "Bench", quick_bench)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run; tests work on copies."""
    made = publish(others=OTHERS, notes=NOTES, lives=256)
    return leave(*made, tmp_path_factory.mktemp("made") / "run")


@pytest.fixture
def mine(run: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    for name, content in files(run).items():
        (folder / name).write_bytes(content)
    return folder


# --- How files are made to fit -------------------------------------------------------------------


def write(folder: Path, data: Data) -> None:
    """A record and what it prints; where it is no record, there is nothing to print."""
    (folder / "record.toml").write_text(tomli_w.dumps(data))
    for name in ("card.md", "card.tex", "rule.txt", "rule_numpy.py", "summary.json"):
        (folder / name).unlink(missing_ok=True)
    with suppress(ConfigError):
        record = load_record(folder / "record.toml")
        print_files(record, folder)


def edit(change: Callable[[Data, Data], Any]) -> Forge:
    """Another record with its card; the change is told the record and its evidence."""

    def forge(folder: Path) -> None:
        data = plain_data(load_record(folder / "record.toml"))
        change(data, data["evidence"])
        write(folder, data)

    return forge


def with_config(change: Callable[[Data, Data], Any]) -> Forge:
    """The same, and the configuration that would have made this record, with its digest."""

    def forge(folder: Path) -> None:
        edit(change)(folder)
        data = plain_data(load_record(folder / "record.toml"))
        config = config_of(load_record(folder / "record.toml"))
        (folder / "config.toml").write_text(
            tomli_w.dumps(config.model_dump(mode="json", exclude_none=True))
        )
        data["evidence"]["config"] = config.digest
        write(folder, data)

    return forge


def other_rewards(change: Callable[[pd.DataFrame], Any]) -> Forge:
    """Other lives, and everything that follows from them: digest, figures, means of curves."""

    def forge(folder: Path) -> None:
        table = pd.read_csv(folder / "lives.csv", keep_default_na=False)
        change(table)
        content = table.to_csv(index=False)
        (folder / "lives.csv").write_text(content)
        lives = {n: rows["reward"].to_numpy() for n, rows in table.groupby("rule", sort=False)}
        mine = lives[DISCOVERED]

        def figure(values: np.ndarray) -> Data:
            return estimate(values)._asdict()

        def follow(_: Data, evidence: Data) -> None:
            evidence |= {"data": digest_of(content), "reward": figure(mine)}
            for other in evidence["comparisons"]:
                other["reward"] = figure(lives[other["name"]])
                other["difference"] = figure(mine - lives[other["name"]])
            for term in evidence["terms"]:
                rest = lives.get(f"{DISCOVERED} without {term['coefficient']}")
                if rest is not None:
                    term["loss"] = figure(mine - rest)

        edit(follow)(folder)
        curve = pd.read_csv(folder / "learning.csv")
        for name, rows in curve.groupby("rule"):
            moved = lives[name].mean() - rows["mean"].mean()
            curve.loc[rows.index, ["mean", "low", "high", "lower", "median", "upper"]] += moved
        curve.to_csv(folder / "learning.csv", index=False)

    return forge


def other_curve(change: Callable[[np.ndarray, np.ndarray], Any]) -> Forge:
    """Other figures of each trial for the rule, whose mean over trials is moved to the old one."""

    def forge(folder: Path) -> None:
        table = pd.read_csv(folder / "learning.csv")
        rows = table["rule"] == DISCOVERED
        columns = ["low", "mean", "high", "lower", "median", "upper"]
        parts = table.loc[rows, columns].to_numpy().T.copy()
        old = parts[1].mean()
        change(parts, np.arange(1, parts.shape[1] + 1))
        parts += old - parts[1].mean()
        table.loc[rows, columns] = parts.T
        table.to_csv(folder / "learning.csv", index=False)

    return forge


# --- Fabrications --------------------------------------------------------------------------------


def raised(by: float, most: int = 10**9) -> Callable[[pd.DataFrame], None]:
    """The rule earns so much more in each of the last lives."""

    def change(table: pd.DataFrame) -> None:
        last = table["life"] > table["life"].max() - most
        table.loc[last & (table["rule"] == DISCOVERED), "reward"] += by

    return change


def rewritten(rule: str) -> Callable[[Data, Data], None]:
    """The text of another rule with its digest."""

    def change(data: Data, evidence: Data) -> None:
        data["equations"] = parse(rule).text()
        evidence["digest"] = parse(rule).digest
        names = [p.name for p in parse(rule).parameters]
        data["parameters"] = {name: {"why": "no survey was made"} for name in names}

    return change


def best_for_worst(table: pd.DataFrame) -> None:
    """The worst eight of the rule's lives become copies of the best eight."""
    mine = table.loc[table["rule"] == DISCOVERED, "reward"].sort_values()
    table.loc[mine.index[:8], "reward"] = mine.to_numpy()[-8:]


def noisy(table: pd.DataFrame) -> None:
    """Every life of the rule is another, and they earn a tenth of a half width more."""
    mine = table["rule"] == DISCOVERED
    noise = np.random.default_rng(1).normal(size=mine.sum())
    table.loc[mine, "reward"] += 0.05 * (noise - noise.mean()) + 0.002


def half_permuted(table: pd.DataFrame) -> None:
    """Half of the lives are those of other numbers, of all rules alike, so that no figure moves."""
    order = np.random.default_rng(2).permutation(table["life"].nunique() // 2)
    for _, rows in table.groupby(["rule", "without"]).groups.items():
        first = rows[: len(order)]
        table.loc[first, ["reward", "outcome"]] = table.loc[
            first[order], ["reward", "outcome"]
        ].to_numpy()


def losses(_: Data, evidence: Data) -> None:
    for term in evidence["terms"]:
        term["loss"] |= {"mean": 9.5, "low": 9.4, "high": 9.6}


def setting(part: str, **changes: object) -> Callable[[Data, Data], None]:
    return lambda _, evidence: evidence["setting"][part].update(changes)


def step(parts: np.ndarray, trial: np.ndarray) -> None:
    """It is as bad as ever for twelve trials, and perfect at once."""
    parts[:] = np.where(trial <= 12, -0.4, 0.0)


def risen(parts: np.ndarray, trial: np.ndarray) -> None:
    parts += np.linspace(-10, 10, len(trial)) - parts[1]


def no_width(parts: np.ndarray, _: np.ndarray) -> None:
    parts[[0, 2]] = parts[1]


def a_tenth(parts: np.ndarray, _: np.ndarray) -> None:
    parts[[0, 2]] = parts[1] + (parts[[0, 2]] - parts[1]) / 10


def no_quartiles(parts: np.ndarray, _: np.ndarray) -> None:
    parts[3:] = parts[4]


def dangling(name: str) -> Forge:
    def forge(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).symlink_to("/nowhere/at/all")

    return forge


AGAIN = "reward: the published lives, run again, give"

FABRICATED: dict[str, tuple[Forge, str]] = {
    "every life earns 5 more": (other_rewards(raised(5.0)), "attainable: .*perfect answers"),
    "every life earns 0.01 more": (other_rewards(raised(0.01)), AGAIN),
    "half of the lives earn 0.05 more": (other_rewards(raised(0.05, 128)), AGAIN),
    "the worst lives are the best ones": (other_rewards(best_for_worst), AGAIN),
    "every life is another": (other_rewards(noisy), AGAIN),
    "no interval of what was fitted": (
        edit(lambda d, _: d.pop("parameters")), "parameter theta: it was fitted, and nothing",
    ),
    "prose in place of an interval": (
        edit(lambda d, _: d["parameters"].update(theta={"meaning": "coefficient of pre*post",
                                                        "why": "a theorem fixes it"})),
        "parameter theta: it is no coefficient of pre",
    ),
    "saturated lives are not counted": (
        edit(lambda _, e: [e.pop("saturated"), e.pop("silent")]),
        "evidence.saturated: ",
    ),
    "another rule beside the old lives": (edit(rewritten(text(-1.5))), AGAIN),
    "Hebb's rule beside the old lives": (edit(rewritten("dw/dt = 1e-6*pre*post")),
                                         "family: the rule is none of the family"),
    "half of the lives change places": (other_rewards(half_permuted), "data: .*are others than"),
    "losses of 9.5": (edit(losses), "loss without theta: the table of the lives gives"),
    "a hundred diverged lives": (edit(lambda _, e: e.update(diverged=100)), "ended otherwise"),
    "another seed": (edit(lambda _, e: e.update(seed=77)), "configuration: its seed"),
    "another seed and configuration": (with_config(lambda _, e: e.update(seed=77)), AGAIN),
    "512 neurons": (edit(setting("circuit", neurons=512)), "configuration: its setting"),
    "a delay of 5000 ms": (edit(setting("task", delay=5000.0)), "configuration: its setting"),
    "a noise of 3": (edit(setting("circuit", noise=3.0)), "configuration: its setting"),
    "a noise of 3 and configuration": (with_config(setting("circuit", noise=3.0)), AGAIN),
    "the text of a reference": (
        with_config(lambda _, e: e["comparisons"][1].update(rule="dw/dt = 1e-6*pre*post")),
        "reward of half: the published lives, run again",
    ),
    "the text of what remains": (
        edit(lambda _, e: e["terms"][0].update(rule=parse(text(-1.0)).text())),
        "term theta: what is said to remain",
    ),
    "an interval a million times narrower": (
        edit(lambda d, _: d["parameters"]["theta"].update(low=1.4999999, high=1.5000001)),
        "interval of theta",
    ),
    "a rule of the literature": (
        edit(lambda d, _: d.update(kind="literature")), "rule of the literature has none",
    ),
    "words as the digest of the configuration": (
        edit(lambda _, e: e.update(config="verified by three labs")), "config",
    ),
    "another configuration": (edit(lambda _, e: e.update(config="0123456789abcdef")), "config"),
    "a configuration of other programs": (
        edit(lambda _, e: e.update(config="0123456789abcdef", code="0123456789abcdef")), "config",
    ),
    "no configuration": (lambda folder: (folder / "config.toml").unlink(), "no config.toml"),
    "a configuration that leads nowhere": (dangling("config.toml"), "is a link"),
    "a card that leads nowhere": (dangling("card.md"), "is a link"),
    "a step after trial 12": (other_curve(step), "learning curve of discovered rule"),
    "a curve that rises to 9.9": (other_curve(risen), "learning curve of discovered rule"),
    "curves without a width": (other_curve(no_width), "learning curve of discovered rule"),
    "curves of a tenth of the width": (other_curve(a_tenth), "learning curve of discovered rule"),
    "quartiles that are all the median": (other_curve(no_quartiles), "learning curve of discover"),
}  # fmt: skip


@pytest.mark.parametrize("name", FABRICATED)
def test_nothing_fabricated_is_taken_in(mine: Path, tmp_path: Path, name: str) -> None:
    forge, words = FABRICATED[name]
    forge(mine)
    with pytest.raises((ConfigError, RuleError), match=words):
        add_run(mine, tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_files_that_are_made_to_fit_are_those_of_the_run(mine: Path, tmp_path: Path) -> None:
    """The fabrications above fail by what they say, not by how they are written."""
    with_config(lambda *_: None)(mine)
    other_rewards(lambda _: None)(mine)
    other_curve(lambda *_: None)(mine)
    assert add_run(mine, tmp_path / "home").record == load_record(mine / "record.toml")


def test_what_was_not_fitted_has_no_interval() -> None:
    record = find("delayed_association")
    assert record.evidence
    assert {f.verdict for f in parameters(record, record.evidence)} == {Verdict.HOLDS}
    notes = record.parameters | {"eta": ParameterNote(low=9.1e-4, high=9.2e-4)}
    forged = record.model_copy(update={"parameters": notes})
    (eta, _) = parameters(forged, record.evidence)
    assert (eta.verdict, eta.why[:18]) == (Verdict.REFUTED, "it has an interval")


def test_other_bounds_than_those_of_the_start() -> None:
    record = find("delayed_association")
    assert record.evidence
    text = record.equations.replace("in [-3, 3]", "in [1.7, 1.9]")
    forged = record.model_copy(update={"equations": text})
    assert forged.model_copy().equations != record.equations
    (theta,) = parameters(Record.model_validate(forged.model_dump()), record.evidence)
    assert theta.why == "the start has other bounds for it"


def test_a_claim_too_weak_is_not_taken_in(tmp_path: Path) -> None:
    made = leave(*publish(rule=text(0.0, 0.0), terms={}), tmp_path / "run")
    with pytest.raises(ConfigError, match=r"strength: .*lucky seed"):
        add_run(made, tmp_path / "home")


def test_a_catalog_that_is_a_link_is_not_written_through(mine: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "home/discovered").symlink_to(tmp_path / "outside")
    with pytest.raises(ConfigError, match="discovered is a link"):
        add_run(mine, tmp_path / "home")
    assert not any((tmp_path / "outside").iterdir())
