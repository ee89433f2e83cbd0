"""From a published card back to a record: what the card says, at the precision that it prints."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from catalog.record import LARGEST_FILE, Record, first_problem
from catalog.tables import CHANCE, PERFECT, REWARD_HEAD, SETTING_HEAD, THIS_RULE
from grammar import ConfigError

_FENCE = re.compile(r"^(`{3,})(?:math)?\n(.*?)\n\1$", re.DOTALL | re.MULTILINE)
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_CELL = re.compile(r"(?<!\\)\|")
_INTERVAL = re.compile(r"^(\S+ )?\[(\S+), (\S+)\]$")


def read_card(text: str) -> Record:
    """The record that a card in Markdown shows, without its pruning and the losses of its terms.

    Args:
        text: a card as `markdown_card` prints it.

    Raises:
        ConfigError: when it is no such card, with what is missing.
        RuleError: when its text is no rule.

    Example:
        >>> from catalog import find, markdown_card
        >>> read_card(markdown_card(find("oja"))).digest == find("oja").digest
        True
    """
    listings: list[str] = []

    def put_away(found: re.Match[str]) -> str:
        listings.append(found[2])
        return f"```{len(listings) - 1}"

    # What stands in a listing must not be taken for the card's own headings and tables.
    sections = sections_of(_FENCE.sub(put_away, text.replace("\r\n", "\n")))

    def listing(title: str) -> str:
        number = re.search(r"^```(\d+)$", sections.get(title, ""), re.MULTILINE)
        if number is None or int(number[1]) >= len(listings):
            raise ConfigError(f"the card has no listing under `{title}`")
        return listings[int(number[1])] + "\n"

    named = re.search(r"Record `(\w+)`, digest `([0-9a-f]{16})`", text)
    if named is None:
        raise ConfigError("the card has no line with its record and digest")
    title = re.search(r"^# (.*)$", text, re.MULTILINE)
    data: dict[str, Any] = {
        "name": named[1],
        "title": unescaped(title[1]) if title else named[1],
        "description": "",
        "equations": listing("As text"),
    }
    if "Reward" in sections:
        rewards, lives = sections["Reward"], re.search(r"on (\d+) held-out lives", text)
        if lives is None:
            raise ConfigError("the card does not say on how many lives")
        rows = rows_under(REWARD_HEAD, rewards)
        seed = re.search(r"^Seed (\d+);(.*)$", sections.get("Setting", ""), re.MULTILINE)
        settings: dict[str, dict[str, Any]] = {"task": {}, "circuit": {}, "life": {}}
        for part, name, value in rows_under(SETTING_HEAD, sections.get("Setting", "")):
            settings.setdefault(part, {})[name] = setting(value)
        mine = next((row for row in rows if row[0] == THIS_RULE), None)
        chance = next((row for row in rows if row[0] == CHANCE), None)
        perfect = next((row for row in rows if row[0] == PERFECT), None)
        if mine is None or chance is None or perfect is None or seed is None:
            raise ConfigError(
                "the card lacks the reward of its rule, of chance, of perfect answers, or its seed"
            )
        count = int(lives[1])
        data["kind"] = "discovered"
        data["evidence"] = {
            "setting": settings,
            "reward": interval(f"{mine[1]} {mine[2]}", count),
            "diverged": mine[4],
            "chance": chance[1],
            "best": perfect[1],
            "seed": int(seed[1]),
            "versions": dict(re.findall(r"(\w+) (\d+\.\S*?)(?=[,.](?:\s|$))", seed[2])),
            "digest": named[2],
            "comparisons": [
                {
                    "name": name,
                    "rule": listing(where)
                    if (where := f"Compared with: {name}") in sections
                    else "",
                    "reward": interval(f"{mean} {limits}", count),
                    "difference": interval(difference, count),
                    "diverged": diverged,
                }
                for name, mean, limits, difference, diverged in rows
                if name not in (THIS_RULE, CHANCE, PERFECT)
            ],
        }
    try:
        return Record.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"the card is damaged: {first_problem(error)}") from None


def read_published(path: Path) -> Record:
    """The record in a file: a record in TOML, or a card in Markdown.

    Raises:
        ConfigError: when the file cannot be read, or is neither.
        RuleError: when its text is no rule.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise ConfigError("larger than a card can be")
        return read_card(content.decode())
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    except (UnicodeDecodeError, ConfigError) as error:
        raise ConfigError(f"{path} is no card: {error}") from None


def sections_of(text: str) -> dict[str, str]:
    """The text under each heading."""
    head, *rest = re.split(r"^## ", text, flags=re.MULTILINE)
    sections = {"": head}
    for part in rest:
        title, _, body = part.partition("\n")
        sections.setdefault(unescaped(title.strip()), body)
    return sections


def rows_under(head: tuple[str, ...], text: str) -> list[tuple[str, ...]]:
    """The rows of the table with this head."""
    rows = []
    for line in text.splitlines():
        if line.startswith("|"):
            cells = tuple(unescaped(cell.strip()) for cell in _CELL.split(line)[1:-1])
            if len(cells) == len(head):
                rows.append(cells)
    if not rows or rows[0] != head:
        raise ConfigError(f"the card has no table with the columns {', '.join(head)}")
    return rows[2:]


def unescaped(text: str) -> str:
    """What a cell or title says without Markdown."""
    code = re.fullmatch(r"(`+) ?(.*?) ?\1", text)
    return code[2].replace("\\|", "|") if code else _ESCAPE.sub(r"\1", text)


def interval(text: str, lives: int) -> dict[str, Any]:
    """A mean with its limits."""
    found = _INTERVAL.match(text)
    if not found or not found[1]:
        raise ConfigError(f"`{text}` is no mean with an interval")
    return {"mean": found[1].strip(), "low": found[2], "high": found[3], "lives": lives}


def setting(text: str) -> Any:
    """A setting from its text; see `catalog.tables.setting_text`."""
    try:
        return json.loads(text)
    except ValueError:
        return text
