"""Cards that say something else than their records are refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from forging import honest_run, refused, shared_programs  # noqa: F401
from honest import LIVES

from rulegen.catalog import Record, markdown_card, read_card

pytestmark = pytest.mark.usefixtures("shared_programs")


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


PICTURES = [
    "//evil.example/x.png", "https://evil.example/x.png", "/etc/passwd", "../../../../evil.png",
    "other_rule.png", "../discovered/other.png", "x.html", "..", "/",
]  # fmt: skip
CARDS |= {f"the picture {path}": swap("(learning.png)", f"({path})") for path in PICTURES}


@pytest.mark.parametrize("name", CARDS)
def test_forged_cards(honest: tuple[Record, Any], name: str) -> None:
    card = markdown_card(honest[0], "learning.png")
    assert read_card(card) == honest[0]
    forged = CARDS[name](card)
    assert forged != card
    assert refused(lambda: read_card(forged))


def test_pictures_lie_where_runs_and_catalogs_put_them(honest: tuple[Record, Any]) -> None:
    for picture in ("learning.png", "../discovered/small.png", ""):
        assert read_card(markdown_card(honest[0], picture)) == honest[0]
