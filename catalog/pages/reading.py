"""From a published card back to its record, once the card is seen to say what the record says."""

from __future__ import annotations

import json
from itertools import zip_longest
from pathlib import Path

from pydantic import ValidationError

from rulegen.catalog.pages.card import card
from rulegen.catalog.pages.markdown import (
    CLOSING,
    RUN_PICTURE,
    catalog_picture,
    markdown_page,
)
from rulegen.catalog.records.files import MARKS
from rulegen.catalog.records.kinds import OPENING, PAGES
from rulegen.catalog.records.record import Record
from rulegen.grammar import ConfigError
from rulegen.grammar.reading.files import LARGEST_FILE, decoded, read_file
from rulegen.grammar.reading.problems import problems

#: A file larger than this is no card: it says its record twice, and pads its tables.
LARGEST_CARD = 4 * LARGEST_FILE


def pictures(record: Record) -> tuple[str, ...]:
    """Where the picture of a card can lie, its path being the one thing that no record says.

    Beside the card in the folder of a run, in the folder of pictures of a catalog, or nowhere.
    """
    return RUN_PICTURE, catalog_picture(record.name), ""


def read_card(text: str) -> Record:
    """The record of a card in Markdown.

    A card has its record as JSON in the comment at its end. The record is printed again, and every
    character of the card must be as printed, so that nothing can be shown that is not recorded.

    Args:
        text: a card as `markdown_card` prints it, or as `rulegen catalog build` writes it.

    Raises:
        ConfigError: when it is no such card, or says something else than its record, with the
            first line that does.
        RuleError: when its text is no rule.

    Example:
        >>> from rulegen.catalog import find, markdown_card
        >>> card = markdown_card(find("oja"))
        >>> read_card(card) == find("oja")
        True
        >>> read_card(card.replace("Oja's rule", "My rule", 1))
        Traceback (most recent call last):
        ...
        rulegen.ConfigError: line 1 of the card is `# My rule`, but its record says ...
    """
    shown = text.replace("\r\n", "\n").removeprefix(MARKS[".md"])
    # The last one: what stands before the record is compared like everything else.
    _, opened, rest = shown.rpartition(f"\n{OPENING}\n")
    data, closed, _ = rest.partition(f"\n{CLOSING}\n")
    if not opened or not closed:
        what = PAGES.get(shown.partition("\n")[0], "a text without a record at its end")
        raise ConfigError(f"it is {what}; name the card.md or the record.toml of a run")
    try:
        record = Record.model_validate(json.loads(data))
    except (ValueError, RecursionError) as error:
        problem = problems(error, Record) if isinstance(error, ValidationError) else error
        raise ConfigError(f"the record in the card is damaged: {problem}") from None
    blocks = card(record)
    printed = [markdown_page(record, blocks, picture) for picture in pictures(record)]
    if shown in printed:
        return record
    # A picture elsewhere is the first difference of a card that has one.
    nearest = printed[1] if f"]({catalog_picture(record.name)})" in shown else printed[0]
    raise ConfigError(first_difference(shown, nearest))


def first_difference(shown: str, printed: str) -> str:
    """Where a card differs from what its record prints."""
    lines = zip_longest(shown.split("\n"), printed.split("\n"))
    for number, (here, there) in enumerate(lines, 1):
        if here != there:
            return (
                f"line {number} of the card is {quoted(here)}, but its record says "
                f"{quoted(there)}; use the card as it was published, with the version that made it"
            )
    raise AssertionError("two texts that differ have a line that does")


def quoted(line: str | None) -> str:
    """A line in a message, or that there is none."""
    if line is None:
        return "missing"
    return f"`{line[:120]}...`" if len(line) > 120 else f"`{line}`"


def read_published(path: Path | str) -> Record:
    """The record in a card.

    Raises:
        ConfigError: when the file cannot be read, or is no card.
        RuleError: when its text is no rule.
    """
    return parse_card(read_file(path, LARGEST_CARD), path)


def parse_card(content: bytes, path: Path | str) -> Record:
    """The record in the content of the card at `path`; errors as of `read_published`."""
    try:
        return read_card(decoded(content, "its content"))
    except ConfigError as error:
        raise ConfigError(f"{path} is no card: {error}") from None
