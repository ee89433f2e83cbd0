"""Forged records and cards are refused, honest ones of all kinds are accepted.

Each forgery is tried as a record and as the card that such a record prints, or as the honest card
with the forged record in its comment where no such record can be.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
import tomli_w
from honest import LIVES, SETTING, TASK, leave, publish, quick_bench, text

from rulegen.catalog import ParameterNote, Record, load_record, markdown_card, read_card
from rulegen.catalog.records.record import plain_data
from rulegen.catalog.records.roles import NO_LEARNING, START
from rulegen.grammar import ConfigError, RuleError, parse
from rulegen.ground.digests import digest_of, versions
from rulegen.ground.keys import Branch, branch
from rulegen.ground.statistics import estimate
from rulegen.verifying.consistency import Outcome
from rulegen.verifying.published import Published, published
from rulegen.verifying.verify import Verification, world_of
from rulegen.verifying.verify import verify as run_verification

Data = dict[str, Any]
NOTES = {"theta": ParameterNote(meaning="coefficient", low=1.2, high=1.9)}
LOOK = {
    "removed": ("psi",),
    "terms": 2,
    "difference": {"mean": 0.001, "low": -0.002, "high": 0.004, "lives": 64},
    "verdict": "accepted",
    "inclusion": 0.01,
}
NEW = 256


@pytest.fixture(autouse=True)
def shared_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that differ in values alone are compiled once."""
    monkeypatch.setattr(sys.modules["rulegen.verifying.verify"], "Bench", quick_bench)


@pytest.fixture(scope="module")
def honest() -> tuple[Record, Any]:
    return publish(notes=NOTES, looks=(LOOK,), candidates=3, margin=0.005)


def verify(record: Record | Published, lives: int = NEW) -> Verification:
    return run_verification(record, lives=lives)


# --- Forged records ------------------------------------------------------------------------------


def comparison(data: Data, name: str = START) -> Data:
    return next(c for c in data["evidence"]["comparisons"] if c["name"] == name)


def raise_reward(data: Data, rise: float) -> None:
    """The rule's reward with all that follows from it."""
    evidence = data["evidence"]
    figures = [evidence["reward"], *(c["difference"] for c in evidence["comparisons"])]
    for figure in [*figures, *(t["loss"] for t in evidence["terms"])]:
        shift(figure, rise)


def shift(figure: Data, rise: float) -> None:
    for part in ("mean", "low", "high"):
        figure[part] += rise


def narrow(figure: Data, factor: float) -> None:
    for part in ("low", "high"):
        figure[part] = figure["mean"] + (figure[part] - figure["mean"]) / factor


def half(figure: Data) -> float:
    return float(figure["high"] - figure["low"]) / 2


def put(*path: Any, value: Any) -> Callable[[Data], None]:
    """A forgery that puts a value in its place in the evidence."""

    def forge(data: Data) -> None:
        place = data["evidence"]
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value

    return forge


def strong_beside(data: Data) -> None:
    other = deepcopy(comparison(data))
    data["evidence"]["comparisons"].append(other | {"name": "discovered rule"})


def empty_rule(data: Data) -> None:
    mean = data["evidence"]["reward"]["mean"]
    lives = LIVES
    data["evidence"]["comparisons"].append(
        {
            "name": "the best of the literature",
            "rule": "",
            "reward": {"mean": mean - 5, "low": mean - 5.1, "high": mean - 4.9, "lives": lives},
            "difference": {"mean": 5.0, "low": 4.9, "high": 5.1, "lives": lives},
            "diverged": 0,
        }
    )


def another(name: str) -> Callable[[Data], None]:
    def forge(data: Data) -> None:
        other = deepcopy(comparison(data)) | {"name": name}
        data["evidence"]["comparisons"].append(other)

    return forge


def wide(data: Data) -> None:
    data["evidence"]["reward"] |= {"mean": 0.02, "low": -0.41, "high": 0.45}
    for other in data["evidence"]["comparisons"]:
        other["difference"]["mean"] = 0.02 - other["reward"]["mean"]
        other["difference"]["low"] = other["difference"]["mean"] - 0.43
        other["difference"]["high"] = other["difference"]["mean"] + 0.43


def weaker_start(data: Data) -> None:
    """A reference that earns less than it does, and the gain that goes with it."""
    other = comparison(data)
    shift(other["reward"], -0.02)
    shift(other["difference"], 0.02)


def other_version(data: Data) -> None:
    data["evidence"]["versions"] = data["evidence"]["versions"] | {"rulegen": "9.9.9"}
    raise_reward(data, 0.65 * half(data["evidence"]["reward"]))


def other_text(old: str, new: str, fits: bool) -> Callable[[Data], None]:
    def forge(data: Data) -> None:
        assert old in data["equations"]
        data["equations"] = data["equations"].replace(old, new)
        if fits:
            data["evidence"]["digest"] = parse(data["equations"]).digest

    return forge


def more_lives(data: Data) -> None:
    evidence = data["evidence"]
    figures = [evidence["reward"], *(t["loss"] for t in evidence["terms"])]
    figures += [c[part] for c in evidence["comparisons"] for part in ("reward", "difference")]
    for figure in figures:
        figure["lives"] = 8 * LIVES
        narrow(figure, math.sqrt(8))


def interval_of(name: str, low: float | None, high: float | None) -> Callable[[Data], None]:
    def forge(data: Data) -> None:
        data["parameters"][name] = {
            k: v for k, v in {"low": low, "high": high}.items() if v is not None
        }

    return forge


FORGERIES: dict[str, Callable[[Data], None]] = {
    # Those that were found.
    "the strong rule under the name of the tested one": strong_beside,
    "a comparison without a rule": empty_rule,
    "two comparisons of one name": another(START),
    "0.02 [-0.41, 0.45] instead of what is true": wide,
    "chance": put("chance", value=-0.5),
    "the loss of a term": lambda d: shift(d["evidence"]["terms"][0]["loss"], 0.02),
    "the reward of a comparison": weaker_start,
    "an interval of a parameter, narrowed": interval_of("theta", 1.46, 1.56),
    "minus five lives diverged": put("diverged", value=-5),
    "the digest of the data": put("data", value="0123456789abcdef"),
    "version 9.9.9 with a raised mean": other_version,
    "no digest": put("digest", value=""),
    "intervals 4.5 times too narrow": lambda d: narrow(d["evidence"]["reward"], 4.5),
    "a mean raised by 0.65 of the half width": lambda d: raise_reward(
        d, 0.65 * half(d["evidence"]["reward"])
    ),
    # More of them.
    "a mean raised by one standard error": lambda d: raise_reward(
        d, half(d["evidence"]["reward"]) / 1.96
    ),
    "a mean lowered": lambda d: raise_reward(d, -half(d["evidence"]["reward"]) / 1.96),
    "the difference alone": lambda d: shift(comparison(d)["difference"], 0.02),
    "the reward alone": lambda d: shift(d["evidence"]["reward"], 0.02),
    "no learning earns less": lambda d: [
        shift(comparison(d, NO_LEARNING)["reward"], -0.02),
        shift(comparison(d, NO_LEARNING)["difference"], 0.02),
    ],
    "a mean outside its interval": put("reward", "mean", value=1.0),
    "an interval upside down": lambda d: d["evidence"]["reward"].update(low=-0.1, high=-0.9),
    "eight times the lives": more_lives,
    "other lives in one comparison": lambda d: comparison(d)["reward"].update(lives=2 * LIVES),
    "more lives than can be": lambda d: d["evidence"]["reward"].update(lives=10**12),
    "no learning once more, with a space": another("no  learning"),
    "start in capitals": another("START"),
    "start in wide letters": another("\uff53\uff54\uff41\uff52\uff54"),
    "a comparison that is called chance": another("Chance"),
    "a comparison that is called this rule": another("this rule"),
    "perfect answers": put("best", value=0.5),
    "lives that did not diverge": put("diverged", value=3),
    "more lives diverged than lived": lambda d: comparison(d).update(diverged=LIVES + 1),
    "a diverged comparison": lambda d: comparison(d).update(diverged=40),
    "lives that saturated": put("saturated", value=3),
    "silent lives of a comparison": lambda d: comparison(d).update(silent=3),
    "lives without a term that fell silent": lambda d: d["evidence"]["terms"][0].update(silent=9),
    "silent lives alone are not counted": lambda d: d["evidence"].pop("silent"),
    "more lives ended badly than lived": lambda d: d["evidence"].update(
        saturated=LIVES, silent=LIVES
    ),
    "no learning that learns": lambda d: comparison(d, NO_LEARNING).update(rule=text(1.5)),
    "the start has another text": lambda d: comparison(d).update(rule=text(-1.0)),
    "the start has an empty text": lambda d: comparison(d).update(rule=" \n"),
    "another seed": put("seed", value=4),
    "more neurons": put("setting", "circuit", "neurons", value=9),
    "fewer trials": put("setting", "life", "trials", value=39),
    "a longer delay": put("setting", "task", "delay", value=20.0),
    "a coefficient": other_text("theta = 1.5 ", "theta = 3 ", fits=False),
    "a coefficient, and the digest to fit": other_text("theta = 1.5 ", "theta = 3 ", fits=True),
    "a sign, and the digest to fit": other_text("theta = 1.5 ", "theta = -1.5 ", fits=True),
    "the digest of another rule": put("digest", value="0123456789abcdef"),
    "an interval of a loss": lambda d: narrow(d["evidence"]["terms"][0]["loss"], 2.0),
    "what remains without a term": lambda d: d["evidence"]["terms"][0].update(rule=text(1.5)),
    "nothing remains without a term": lambda d: d["evidence"]["terms"][1].pop("rule"),
    "one term twice": lambda d: d["evidence"]["terms"].append(d["evidence"]["terms"][0]),
    "a look accepted beyond the margin": lambda d: d["evidence"]["looks"][0]["difference"].update(
        mean=-0.02, low=-0.03, high=-0.01
    ),
    "a version that is none": put("versions", "rulegen", value="latest"),
    "a software that is none": put("versions", "a b", value="1.0"),
    "an interval elsewhere": interval_of("theta", 1.49, 1.51),
    "a value outside its interval": interval_of("theta", 2.0, 3.0),
    "an interval without an end": interval_of("theta", 1.0, None),
    "an interval that ends before it begins": interval_of("theta", 2.0, 1.0),
    "an interval of what was not fitted": interval_of("psi", 1.0, 2.0),
    "a reward that is no number": put("reward", "mean", value=math.nan),
    "an interval without limits": put("reward", "high", value=math.inf),
    "a word that records do not have": put("verified", value=True),
}


def refused(read: Callable[[], Record | Published]) -> str:
    """Why something is refused; an assertion fails when it is not."""
    try:
        found = verify(read())
    except (ConfigError, RuleError) as error:
        return str(error)
    assert found.outcome in (Outcome.REFUTED, Outcome.WEAK), found.table().to_string()
    return next(c.why for c in found.checks if c.outcome is found.outcome)


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_records_and_their_cards(honest: tuple[Record, Any], name: str, tmp_path) -> None:
    data = plain_data(honest[0])
    FORGERIES[name](data)
    assert data != plain_data(honest[0])
    path = tmp_path / "record.toml"
    path.write_text(tomli_w.dumps(data))
    why = refused(lambda: load_record(path))
    assert why
    try:
        card = markdown_card(load_record(path))
    except (ConfigError, RuleError):
        # No card says this; the honest one with the forged record in its place.
        card = with_record(markdown_card(honest[0]), data)
        with pytest.raises((ConfigError, RuleError)):
            read_card(card)
    else:
        assert read_card(card) == load_record(path), "so it is refused as its record is"


def with_record(card: str, data: Data) -> str:
    opening, rest = card.rsplit("verify` reads\n", 1)
    closing = rest[rest.rindex("\n-->") :]
    forged = json.dumps(data, indent=1).translate(
        {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}
    )
    return f"{opening}verify` reads\n{forged}{closing}"


def test_a_record_in_its_place_is_read(honest: tuple[Record, Any]) -> None:
    """The forgeries above fail by what they say, not by how they are put there."""
    assert read_card(with_record(markdown_card(honest[0]), plain_data(honest[0]))) == honest[0]


def test_other_programs_are_said_not_to_be_checked(honest: tuple[Record, Any]) -> None:
    """Which programs made a record shows in its figures alone."""
    data = plain_data(honest[0])
    data["evidence"]["code"] = "0123456789abcdef"
    (code,) = [c for c in verify(Record.model_validate(data)).checks if c.claim == "code"]
    assert (code.outcome, code.why) == (
        Outcome.UNCHECKED,
        "it was made by other programs than these",
    )


# --- Forged cards --------------------------------------------------------------------------------


def hidden(title: str, old: str, new: str) -> Callable[[str], str]:
    """The true section goes into a comment, and a false one is shown."""

    def forge(card: str) -> str:
        start = card.index(f"## {title}")
        end = card.index("\n## ", start) if "\n## " in card[start:] else len(card)
        true = card[start:end]
        assert old in true
        return f"{card[:start]}<!--\n{true}\n-->\n\n{true.replace(old, new, 1)}{card[end:]}"

    return forge


def swap(old: str, new: str) -> Callable[[str], str]:
    def forge(card: str) -> str:
        assert old in card
        return card.replace(old, new, 1)

    return forge


def by_pattern(old: str, new: str) -> Callable[[str], str]:
    def forge(card: str) -> str:
        assert re.search(old, card)
        return re.sub(old, new, card, count=1)

    return forge


CARDS: dict[str, Callable[[str], str]] = {
    "the true reward in a comment": hidden("Reward", "-0.2", "-0.0"),
    "the true text in a comment": hidden("As text", "theta = 1.5", "theta = 9"),
    "the true setting in a comment": hidden("Setting", "neurons", "neurones"),
    "the true terms in a comment": hidden("Terms", "0.", "1."),
    "the reward in the table": by_pattern(r"(\| this rule +\| )-0\.", r"\g<1>-0.0"),
    "the interval in the table": by_pattern(r"\[-0\.3", "[-0.2"),
    "a displayed equation": swap(r"\xi", r"\eta"),
    "the equation with its numbers": by_pattern(r"1\.5", "3.5"),
    "the text": swap("theta = 1.5", "theta = 3"),
    "the text of a comparison": swap("theta = 0.3", "theta = 0.1"),
    "the digest": by_pattern(r"digest `\w+`", "digest `0123456789abcdef`"),
    "the digest of the data": by_pattern(r"data `\w+`", "data `0123456789abcdef`"),
    "the digest of the code": by_pattern(r"code `\w+`", "code `0123456789abcdef`"),
    "the digest of the configuration": by_pattern(r"configuration `\w+`", "configuration `1`"),
    "the seed": swap("Seed 3", "Seed 1"),
    "the number of lives": swap(f"on {LIVES} held-out", "on 1024 held-out"),
    "the verdict of a look": swap("| accepted", "| refused "),
    "a version": by_pattern(r"jax [\d.]+", "jax 9.9.9"),
    "a section more": swap("## Setting", "## Reward\n\nIt is 0.\n\n## Setting"),
    "words more": swap("## Terms", "It is the best of all.\n\n## Terms"),
    "words at the end": lambda card: card + "\nIt is the best of all.\n",
    "a comment more": swap("## Terms", "<!-- -->\n\n## Terms"),
    "another title": by_pattern(r"^# .*", "# The best of all"),
    "a picture from elsewhere": swap("learning.png", "https://example.org/x.png"),
    "two pictures": swap("## Terms", "![x](other.png)\n\n## Terms"),
    "a key twice in its record": swap('"seed": 3', '"seed": 3,\n  "seed": 3'),
    "a number in its record alone": by_pattern(r'("reward": \{\n +"mean": )-0\.2', r"\g<1>-0.1"),
    "no record": by_pattern(r"(?s)<!--.*-->", ""),
    "two records": lambda card: card + card[card.index("<!--") :],
}


@pytest.mark.parametrize("name", CARDS)
def test_forged_cards(honest: tuple[Record, Any], name: str) -> None:
    card = markdown_card(honest[0], "learning.png")
    assert read_card(card) == honest[0]
    forged = CARDS[name](card)
    assert forged != card
    assert refused(lambda: read_card(forged))


# --- Forged folders of runs ----------------------------------------------------------------------


def table_too(change: Callable[[str], str], digest: bool = True) -> Callable[[Path], None]:
    """An altered table of the lives, and the digest to fit."""

    def forge(folder: Path) -> None:
        path, record = folder / "lives.csv", load_record(folder / "record.toml")
        path.write_text(change(path.read_text()))
        data = plain_data(record)
        if digest:
            data["evidence"]["data"] = digest_of(path.read_text())
        rewrite(folder, data)

    return forge


def rewrite(folder: Path, data: Data) -> None:
    (folder / "record.toml").write_text(tomli_w.dumps(data))
    (folder / "card.md").write_text(markdown_card(load_record(folder / "record.toml")))


def raised_rows(table: str) -> str:
    """Every life of the rule earns 0.01 more."""
    rows = []
    for row in table.splitlines():
        name, life, reward, outcome = row.split(",")
        more = name == "discovered rule"
        rows.append(f"{name},{life},{float(reward) + 0.01},{outcome}" if more else row)
    return "\n".join(rows) + "\n"


def all_raised(folder: Path) -> None:
    """The table, its digest and every figure agree with each other, and not with the lives."""
    table_too(raised_rows)(folder)
    data = plain_data(load_record(folder / "record.toml"))
    raise_reward(data, 0.01)
    rewrite(folder, data)


def other_card(folder: Path) -> None:
    data = plain_data(load_record(folder / "record.toml"))
    raise_reward(data, 0.01)
    record = Record.model_validate(data)
    (folder / "card.md").write_text(markdown_card(record))


def linked(folder: Path) -> None:
    (folder / "lives.csv").rename(folder.parent / "elsewhere.csv")
    (folder / "lives.csv").symlink_to(folder.parent / "elsewhere.csv")


FOLDERS: dict[str, Callable[[Path], None]] = {
    "rows raised": table_too(raised_rows),
    "rows raised without the digest": table_too(raised_rows, digest=False),
    "rows and figures raised": all_raised,
    "a life less": table_too(lambda table: table[: table.rstrip().rindex("\n")] + "\n"),
    "a rule less": table_too(lambda table: table[: table.index("no learning")]),
    "a reward that is none": table_too(lambda t: re.sub(r",-0\.\d+,", ",nan,", t, count=1)),
    "another column": table_too(lambda table: table.replace("life,", "number,", 1)),
    "lives that saturated in the table alone": table_too(
        lambda t: t.replace(",ok", ",saturated", 3)
    ),
    "an end that is none": table_too(lambda t: t.replace(",ok", ",fine", 1)),
    "no table": table_too(lambda table: "\x00\x00"),
    "a card of other figures": other_card,
    "a table that is a link": linked,
}


@pytest.mark.parametrize("name", FOLDERS)
def test_forged_folders(honest: tuple[Record, Any], name: str, tmp_path: Path) -> None:
    folder = leave(*honest, tmp_path / "run")
    whole = published(str(folder))
    assert whole.lives is not None and whole.record == honest[0]
    FOLDERS[name](folder)
    assert refused(lambda: published(str(folder)))


# --- Claims too weak -----------------------------------------------------------------------------


def luckiest(lives: int) -> int:
    """The seed of fifty on whose lives the rule earns most."""
    bench = quick_bench(world_of(SETTING), parse(text(1.5)))

    def reward(seed: int) -> float:
        key = branch(jax.random.key(seed), Branch.EVALUATE)
        return float(bench.rewards(bench.values, key, lives).mean())

    return max(range(50), key=reward)


def test_the_best_of_fifty_seeds_on_four_lives_is_too_weak() -> None:
    found = verify(publish(seed=luckiest(4), lives=4)[0])
    assert found.outcome is Outcome.WEAK
    (weak,) = [c for c in found.checks if c.outcome is Outcome.WEAK]
    assert weak.why == "4 lives; a claim needs 32"


def test_the_best_of_fifty_seeds_surprises() -> None:
    """With lives enough to be no weak claim by number, luck shows among new lives."""
    found = verify(publish(seed=luckiest(48), lives=48)[0], lives=2048)
    reward = next(c for c in found.checks if c.claim == "reward")
    assert reward.surprise is not None and reward.surprise < 0.05


def test_two_lives_are_no_false_alarm() -> None:
    """An honest record with `--lives 2` claims too little, and nothing false."""
    found = verify(publish(lives=2)[0], lives=64)
    assert found.outcome is Outcome.WEAK
    assert {c.outcome for c in found.checks} == {Outcome.WEAK, Outcome.HOLDS, Outcome.UNCHECKED}
    again = verify(publish(lives=64)[0], lives=2)
    assert again.outcome is Outcome.WEAK, "two new lives refute nothing"


def test_a_rule_that_gains_nothing_is_too_weak() -> None:
    found = verify(publish(rule=text(0.0, 0.0), terms={})[0])
    assert found.outcome is Outcome.WEAK
    assert "lucky seed" in next(c.why for c in found.checks if c.outcome is Outcome.WEAK)


# --- Honest records ------------------------------------------------------------------------------

BINARY = SETTING.model_copy(update={"task": TASK | {"feedback": "binary"}})
LONGER = SETTING.model_copy(update={"task": TASK | {"delay": 20.0}, "life": {"trials": 50}})
INPUT = SETTING.model_copy(
    update={"projections": {"input": "param eta = 1e-9 1/ms\ndw/dt = eta*post*pre"}}
)
RUNAWAY = "w += 10*pre*post"
SATURATING = "forward bias = 50\non reward: w += 0"
BOTH = {START: text(0.3), NO_LEARNING: ""}
HONEST: dict[str, dict[str, Any]] = {
    "as discovered": {"notes": NOTES, "looks": (LOOK,), "candidates": 3, "margin": 0.005},
    "another seed": {"seed": 11},
    "a large seed": {"seed": 2**32 - 1},
    "few lives": {"lives": 96},
    "an odd number of lives": {"lives": 101},
    "many lives": {"lives": 600},
    "without a start": {"others": {NO_LEARNING: ""}},
    "two references": {"others": BOTH | {"half": text(0.75), "backwards": text(-0.3)}},
    "a reference as good as it": {"others": BOTH | {"the same": text(1.5)}},
    "a reference better than it": {"others": BOTH | {"better": text(1.5, 1.0)}},
    "a reference that diverges": {"others": BOTH | {"runaway": RUNAWAY}},
    "a reference that saturates": {"others": BOTH | {"high": SATURATING}},
    "a remainder that diverges": {"terms": {"theta": RUNAWAY}},
    "no learning without a term": {"terms": {"theta": ""}},
    "no losses": {"terms": {}},
    "a worthless term": {"rule": text(1.5, 0.0), "terms": {"phi": text(1.5, 0.0)}},
    "of a search": {"structures": 1225, "choice": "it earns most", "margin": 0.005},
    "another software": {"versions": versions() | {"jax": "0.4.1", "optax": "1.0.0rc1"}},
    "other programs": {"code": "0123456789abcdef"},
    "binary feedback": {"setting": BINARY, "lives": 512},
    "another task and longer lives": {"setting": LONGER},
    "plastic inputs": {"setting": INPUT},
    "unknown intervals": {"notes": {"theta": ParameterNote(why="no end within reach")}},
}


def made(arguments: dict[str, Any]) -> tuple[Record, Any]:
    replaced = {k: v for k, v in arguments.items() if k in ("versions", "code")}
    record, trajectories = publish(**{k: v for k, v in arguments.items() if k not in replaced})
    assert record.evidence
    evidence = record.evidence.model_copy(update=replaced)
    return record.model_copy(update={"evidence": evidence}), trajectories


@pytest.mark.parametrize("name", HONEST)
def test_honest_records_and_cards(name: str, tmp_path: Path) -> None:
    record, trajectories = made(HONEST[name])
    folder = leave(record, trajectories, tmp_path)
    whole = published(str(folder))
    found = verify(whole)
    assert found.holds, found.table().to_string()
    assert all(c.why for c in found.checks if not c.holds), "what is not checked has a reason"
    for path in (folder / "card.md", folder / "record.toml"):
        assert published(str(path)).record == record
    assert read_card(markdown_card(record)) == record


def test_figures_are_those_of_the_lives(honest: tuple[Record, Any]) -> None:
    """Independent of `claims`: what the record says follows from the lives."""
    record, (best, start, nothing) = honest
    assert record.evidence
    first, second = record.evidence.comparisons
    for figure, values in (
        (record.evidence.reward, best.means),
        (first.reward, start.means),
        (second.difference, best.means - nothing.means),
    ):
        assert figure.mean == pytest.approx(float(np.mean(values)))
        assert figure.low == pytest.approx(estimate(values).low)
