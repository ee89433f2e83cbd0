"""Claims that no life refutes: terms, selection, names, origin, and numbers that are none.

Each forgery has the words of the reason for which it is refused, so that it is not for another.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from forging import (  # noqa: F401
    Data,
    comparison,
    honest_run,
    put,
    refuse,
    shared_programs,
    verify,
)
from honest import LIVES, LOOK, SETTING, family, leave, lived, text

from rulegen.catalog import Record
from rulegen.catalog.records.record import plain_data
from rulegen.catalog.records.roles import START, ambiguous
from rulegen.grammar import ConfigError, parse
from rulegen.ground.digests import versions
from rulegen.ground.statistics import estimate, paired_difference
from rulegen.publishing.places import Elsewhere
from rulegen.publishing.references import ReferenceRule
from rulegen.verifying.finding import Verdict
from rulegen.verifying.published import published
from rulegen.verifying.setting import world_of

pytestmark = pytest.mark.usefixtures("shared_programs")

Forgery = tuple[Callable[[Data], Any], str]
#: Node perturbation turned round.
HARMFUL = text(-3.0, 0.1)


def figure(values: Any) -> Data:
    return estimate(values)._asdict()


def means(rule: str) -> Any:
    return lived("x", rule, world_of(SETTING)).means


def spoilt(rule: str) -> Callable[[Data], None]:
    """What remains without the worthless term is another rule, with its honest loss."""

    def forge(data: Data) -> None:
        loss = figure(means(text(1.5)) - means(rule))
        data["evidence"]["terms"][1] |= {"rule": parse(rule).text(), "loss": loss}

    return forge


def begun(rule: str, name: str = START) -> Callable[[Data], None]:
    """A compared rule is another one, with its honest figures."""

    def forge(data: Data) -> None:
        there = means(rule)
        gain = figure(paired := means(text(1.5)) - there)
        assert len(paired) == LIVES
        found = {"name": name, "rule": parse(rule).text(), "reward": figure(there)}
        comparison(data).update(found | {"difference": gain, "diverged": 0})
        # Whoever forges can make the table anew, and so its digest.
        data["evidence"]["data"] = "0123456789abcdef"

    return forge


def one_more_term(data: Data) -> None:
    more = data["evidence"]["terms"][0] | {"coefficient": "theta_99", "term": "calcium*pre"}
    data["evidence"]["terms"].append(more)


def look(at: int = 0, **changes: Any) -> Callable[[Data], None]:
    def forge(data: Data) -> None:
        data["evidence"]["looks"][at] |= changes

    return forge


def one_more_look(**changes: Any) -> Callable[[Data], None]:
    def forge(data: Data) -> None:
        found = deepcopy(dict(LOOK)) | {"removed": [], "added": ["0.05*u*pre"], "terms": 3}
        data["evidence"]["looks"].append(found | changes)

    return forge


def difference(mean: float, low: float, high: float, lives: int = 512) -> Data:
    return {"mean": mean, "low": low, "high": high, "lives": lives}


def free_text(data: Data) -> None:
    data["equations"] = data["equations"].replace("in [-9, 9]", "in [-9, 9] free")
    data["evidence"]["digest"] = parse(data["equations"]).digest


def an_ulp_up(data: Data) -> None:
    evidence = data["evidence"]
    evidence["data"] = "0123456789abcdef"
    evidence["reward"]["mean"] = math.nextafter(evidence["reward"]["mean"], 1.0)


def another(name: str) -> Callable[[Data], None]:
    def forge(data: Data) -> None:
        data["evidence"]["comparisons"].append(comparison(data) | {"name": name})

    return forge


def anywhere(*path: str, value: Any) -> Callable[[Data], None]:
    return put("setting", *path, value=value)


OTHER_CLIP = text(1.5, 0.0).replace("0.2, 0.2", "0.2, 0.0")
OTHER_TERM = family(1.5).replace(" free", "")
FORGERIES: dict[str, Forgery] = {
    "what remains is turned round": (spoilt(HARMFUL), "was not refitted"),
    "what remains has another limit": (spoilt(OTHER_CLIP), "not the rule without it"),
    "what remains has another term": (spoilt(OTHER_TERM), "not the rule without it"),
    "what remains is blank": (put("terms", 0, "rule", value=" \n"), "nothing but spaces"),
    "a reference of blanks": (lambda d: comparison(d).update(rule=" "), "nothing but spaces"),
    "what remains diverges": (spoilt("w += 10*pre*post"), "not the rule without it"),
    "a term of another name": (put("terms", 0, "term", value="dopamine*pre*post"), "there, not"),
    "a term of another factor": (put("terms", 0, "term", value="4*xi*pre"), "there, not"),
    "a term of two lines": (put("terms", 0, "term", value="xi*pre\nx = 1"), "pattern"),
    "a term that the rule does not have": (one_more_term, "no term with `theta_99`"),
    "a term without its loss": (lambda d: d["evidence"]["terms"].pop(1), "what it is worth"),
    "no losses": (put("terms", value=[]), "what it is worth"),
    "a start of no term": (begun(HARMFUL), "none of the family"),
    "a start of another form": (begun(family(0.3).replace("u*pre", "u*pre**2")), "made|the start"),
    "a start without data": (put("data", value=""), "names no table of its lives"),
    "another lineage": (lambda d: d.update(lineage=["0" * 16]), "the start has the digest"),
    "the literature": (lambda d: d.update(kind="literature"), "rule of the literature has none"),
    "a family instead of a rule": (free_text, "is free"),
    "another seed with the same key": (put("seed", value=2**32 + 3), "less than 4294967296"),
    "a negative seed with the same key": (put("seed", value=3 - 2**32), "greater than or equal"),
    "a seed beyond any": (put("seed", value=2**70), "less than 4294967296|valid integer|Unable"),
    "a seed that is a truth": (put("seed", value=True), "valid integer"),
    "a seed as text": (put("seed", value="3"), "valid integer"),
    "a reward as text": (put("reward", "mean", value="-0.2"), "valid number"),
    "words as a digest": (put("config", value="certified by three labs"), "pattern"),
    "a false digest and a mean one ulp up": (an_ulp_up, "that of the published lives is"),
    "false versions": (put("versions", value={"jax": "99.0.0", "rulegen": "7.7.7"}), "are rulegen"),
    "more gradients left out than taken": (put("nonfinite", value=10**9), "gradients were left"),
    "a margin beyond all": (put("margin", value=1e9), "more than the rule gains"),
    "a negative margin": (put("margin", value=-5.0), "greater than or equal to 0"),
    "a level below none": (put("level", value=-3.0), "equal to 0.5"),
    "a level of countless looks": (put("level", value=1 - 1e-12), "do not hold together"),
    "a level of no looks": (put("level", value=0.9), "do not hold together"),
    "more candidates": (put("candidates", value=10**9), "3 candidate terms and not"),
    "fewer candidates than none": (put("candidates", value=-5), "greater than or equal to 0"),
    "a search beside a family": (put("structures", value=10**9), "not both"),
    "a choice among nothing": (put("choice", value="all were tried"), "no structures"),
    "a look at fewer terms than none": (look(terms=-7), "greater than or equal to 0"),
    "a look at terms of no family": (look(removed=["a"], added=["b"]), "no rule that was met"),
    "a look at more terms": (look(terms=7), "makes it refused|no rule that was met"),
    "accepted looks called refused": (look(verdict="refused"), "makes it accepted"),
    "an open look called refused": (
        look(difference=difference(-0.003, -0.008, 0.002), verdict="refused", inclusion=0.98),
        "makes it undecided",
    ),
    "a term more for less than the margin": (
        one_more_look(difference=difference(0.001, 0.0005, 0.0015)),
        "look 2 is accepted",
    ),
    "looks that leave other terms": (
        one_more_look(difference=difference(0.02, 0.015, 0.025), inclusion=0.0),
        "not have the terms that the looks leave",
    ),
    "a parameter without effect": (
        lambda d: d.update(equations="param accuracy = 0.99\n" + d["equations"]),
        "`accuracy` has no effect",
    ),
    "a package of a part that rulegen brings": (
        put("packages", value={"task": "rulegen 99.0"}),
        "comes with rulegen",
    ),
    "a look that gains more than there is": (
        look(difference=difference(4.0, 3.9, 4.1), inclusion=0.0),
        "more than lies between",
    ),
    "an accepted look that no resample accepts": (look(inclusion=1.0), "has the inclusion 1"),
    "an inclusion of no look": (put("terms", 1, "inclusion", value=1.0), "of no look"),
    "an inclusion beyond all": (look(inclusion=1.5), "less than or equal to 1"),
    "trials as text": (anywhere("life", "trials", value="4_0"), "trials: must be a number, not"),
    "trials with spaces": (
        anywhere("life", "trials", value=" 40 "),
        "must be a number, not ' 40 '",
    ),
    "a delay as text": (anywhere("task", "delay", value="1e1"), "delay: must be a number, not"),
    "a number that is a truth": (
        anywhere("circuit", "noise", value=True),
        "noise: must be a number, not",
    ),
}
#: Names that a reader takes for those of roles.
UNSEEN = [
    "no learning\ufe0f", "chance\u034f", "perfect answers\u115f", "this rule\u2800",
    "start\u180b", "n\u043e learning", "discovered rule\u3164", "\uff43hance", "\u17b4chance",
    "no\u00a0learning", "th\u0131s rule", "st\u00adart",
]  # fmt: skip
SIMILAR = [
    "N0 learning", "no-learning", "no leaming", "chance.", "chanc3", "this ru1e", "tbis rule",
    "Perfect_answers", "start!",
]  # fmt: skip
for name in UNSEEN:
    FORGERIES[f"the name {name!a}"] = another(name), r"U\+[0-9A-F]{4}; names of rules"
for name in SIMILAR:
    FORGERIES[f"the name {name}"] = another(name), "is read as that of another role"
FORGERIES["a name with a space behind"] = another("half "), "spaces too many"


@pytest.mark.parametrize("name", FORGERIES)
def test_false_claims(honest: tuple[Record, Any], name: str, tmp_path) -> None:
    forge, words = FORGERIES[name]
    assert re.search(words, why := refuse(honest[0], forge, tmp_path)), why


@pytest.mark.parametrize("name", [*UNSEEN, "", " half", "two  halves"])
def test_configurations_have_no_such_names(name: str) -> None:
    for kind, more in ((ReferenceRule, {"rule": "w += pre*post"}), (Elsewhere, {})):
        with pytest.raises(ValueError, match="the name"):
            kind.model_validate({"name": name} | more)
        assert kind.model_validate({"name": "supralinear (Miconi 2017), 1/2"} | more)


def test_names_that_differ_are_no_roles() -> None:
    assert ambiguous(["start", "eta = -1", "eta = 1", "no learning", "half"]) is None


UNCHECKED = {
    "another start of the family": (begun(family(-3.0)), START),
    "no versions": (put("versions", value={}), "versions"),
    "another jax": (put("versions", value=versions() | {"jax": "99.0.0"}), "versions"),
    "other programs": (put("code", value="0123456789abcdef"), "code"),
    "gradients": (put("gradients", value=3), "effort"),
    "a setting without its step": (
        lambda d: d["evidence"]["setting"]["circuit"].pop("dt"), "setting",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNCHECKED)
def test_what_a_card_alone_cannot_show_is_named(honest: tuple[Record, Any], name: str) -> None:
    forge, claim = UNCHECKED[name]
    data = plain_data(honest[0])
    forge(data)
    data["evidence"]["data"] = honest[0].evidence.data  # type: ignore[union-attr]
    found = {c.claim: c for c in verify(Record.model_validate(data)).checks}
    assert found[claim].verdict is Verdict.UNCHECKED
    assert found[claim].why


BESIDE: dict[str, Forgery] = {
    "another start of the family": (begun(family(-3.0)), "its start is not"),
    "a start as reference": (
        begun(HARMFUL, "node perturbation, best published values"), "its start is not",
    ),
    "another margin": (put("margin", value=0.004), "its margin is not"),
    "another level": (put("level", value=1 - 0.05 / 30), "its level is not"),
    "another seed": (put("seed", value=4), "its seed is not"),
    "other lives of a look": (look(difference=LOOK["difference"] | {"lives": 600}), "of a look"),  # type: ignore[operator]
    "another neuron": (anywhere("circuit", "neurons", value=9), "its setting is not"),
    "another configuration": (put("config", value="0123456789abcdef"), "has the digest"),
}  # fmt: skip


@pytest.mark.parametrize("name", BESIDE)
def test_the_configuration_beside_a_record_is_compared(
    honest: tuple[Record, Any], name: str, tmp_path
) -> None:
    forge, words = BESIDE[name]
    folder = leave(*honest, tmp_path / "run")
    whole = published(str(folder))
    data = plain_data(honest[0])
    forge(data)
    if name == "another start of the family":
        data["lineage"] = [parse(family(-3.0)).digest]
    found = verify(
        whole._replace(record=Record.model_validate(data), lives=None, curves=None), lives=32
    )
    why = [c.why for c in found.checks if c.claim == "configuration"]
    assert found.verdict is Verdict.REFUTED and re.search(words, why[0]), why


def test_a_world_is_written_as_it_is_read() -> None:
    with pytest.raises(ConfigError, match=r"circuit.readout.0 is '3'"):
        world_of(SETTING.model_copy(update={"circuit": {"readout": ["3"]}}))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_mean_of_values_that_are_not_finite(value: float) -> None:
    with pytest.raises(ValueError, match=r"life 1 is .*: give lives"):
        estimate([0.0, value, 1.0])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="life 0 is"):
        paired_difference([value, 0.0], [1.0, 0.0])  # type: ignore[arg-type]
