"""Forged figures of records are refused, as records and as cards."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from forging import (  # noqa: F401
    Data,
    comparison,
    half,
    honest_run,
    narrow,
    put,
    raise_reward,
    refuse,
    shared_programs,
    shift,
    verify,
    with_record,
)
from honest import LIVES, text

from rulegen.catalog import Record, markdown_card, read_card
from rulegen.catalog.records.record import plain_data
from rulegen.catalog.records.roles import NO_LEARNING, START
from rulegen.grammar import parse
from rulegen.verifying.finding import Verdict

pytestmark = pytest.mark.usefixtures("shared_programs")


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
            "saturated": 0,
            "silent": 0,
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


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_records_and_their_cards(honest: tuple[Record, Any], name: str, tmp_path) -> None:
    assert refuse(honest[0], FORGERIES[name], tmp_path)


def test_a_record_in_its_place_is_read(honest: tuple[Record, Any]) -> None:
    """The forgeries above fail by what they say, not by how they are put there."""
    assert read_card(with_record(markdown_card(honest[0]), plain_data(honest[0]))) == honest[0]


def test_other_programs_are_said_not_to_be_checked(honest: tuple[Record, Any]) -> None:
    """Which programs made a record shows in its figures alone."""
    data = plain_data(honest[0])
    data["evidence"]["code"] = "0123456789abcdef"
    (code,) = [c for c in verify(Record.model_validate(data)).checks if c.claim == "code"]
    assert (code.verdict, code.why) == (
        Verdict.UNCHECKED,
        "it was made by other programs than these",
    )
