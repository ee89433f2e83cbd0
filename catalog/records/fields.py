"""The kinds of fields that records have: what each may hold."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, Strict

from rulegen.catalog.records.places import NAME

#: No claim is about more lives.
MOST_LIVES = 1 << 20
#: No run counts further.
MOST = 1 << 53
#: Software and its version, such as `jax` and `0.10.2` or `1.0.0rc1+cuda12`.
SOFTWARE = re.compile(r"[A-Za-z][\w.-]{0,63}", re.ASCII)
DOI = re.compile(r"10\.\d{4,9}(\.\d+)*/\S+")
VERSION = re.compile(r"\d{1,6}(\.\d{1,6}){0,5}[\w.+-]{0,40}", re.ASCII)

#: How rules and runs are called.
Name = Annotated[str, Field(pattern=NAME)]
#: An installed package and its version, such as `rulegen-tone 0.1`.
Package = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,100} [A-Za-z0-9_.+!-]{1,100}$")]
#: 16 hexadecimal digits, or nothing.
Digest = Annotated[str, Field(pattern=r"^([0-9a-f]{16})?$")]
#: Numbers that are written as numbers: a text or a truth value that could be read as one is none.
Real = Annotated[float, Strict()]
Whole = Annotated[int, Strict()]
#: How often something was seen.
Count = Annotated[Whole, Field(ge=0, le=MOST)]
Lives = Annotated[Whole, Field(ge=1, le=MOST_LIVES)]
#: What all random numbers of a run follow from; keys have no more digits.
Seed = Annotated[Whole, Field(ge=0, lt=2**32)]
#: A part of a whole, between 0 and 1.
Share = Annotated[Real, Field(ge=0, le=1)]
#: Texts that are set as paragraphs and cells; TeX cannot read lines of any length.
Line = Annotated[str, Field(max_length=400)]
Prose = Annotated[str, Field(max_length=8000)]


def rule_or_nothing(text: str) -> str:
    """The text of a rule, or an empty one; spaces alone would be shown as a rule.

    Raises:
        ValueError: for spaces alone.

    Example:
        >>> rule_or_nothing("w += pre*post"), rule_or_nothing("")
        ('w += pre*post', '')
    """
    if text and not text.strip():
        raise ValueError("the text of the rule has nothing but spaces; leave it empty")
    return text


def plain_name(name: str) -> str:
    """A name that reads as it is written: printable ASCII, with single spaces inside alone.

    Letters of other scripts look like Latin ones, and some characters cannot be seen at all; a
    name made of them would be taken for another line of a table.

    Raises:
        ValueError: for any other name.

    Example:
        >>> plain_name("supralinear (Miconi 2017)")
        'supralinear (Miconi 2017)'
        >>> plain_name("no\\u00a0learning")
        Traceback (most recent call last):
        ...
        ValueError: the name has the character U+00A0; names of rules and worlds have ASCII ...
    """
    strange = next((c for c in name if not " " <= c <= "~"), None)
    if strange is not None:
        raise ValueError(
            f"the name has the character U+{ord(strange):04X}; names of rules and worlds have "
            "ASCII letters, digits, spaces and punctuation alone: write it with these"
        )
    if not name or name != " ".join(name.split()):
        raise ValueError(f"the name `{name}` is empty or has spaces too many; leave them out")
    return name


def doi(text: str) -> str:
    """A digital object identifier, or nothing; one that leads elsewhere as an address is none.

    Raises:
        ValueError: for any other text.

    Example:
        >>> doi("10.1016/j.neuron.2011.12.030")
        '10.1016/j.neuron.2011.12.030'
        >>> doi("10.1000/../../evil")
        Traceback (most recent call last):
        ...
        ValueError: `10.1000/../../evil` is no DOI, such as 10.1038/nn.2479
    """
    if text and (not DOI.fullmatch(text) or {"", ".", ".."} & {*text.split("/")}):
        raise ValueError(f"`{text}` is no DOI, such as 10.1038/nn.2479")
    return text


#: How tables call a rule or a world.
Label = Annotated[str, AfterValidator(plain_name)]
#: The text of a rule; empty where nothing learns.
RuleOrNothing = Annotated[str, AfterValidator(rule_or_nothing)]
#: Under which licence others may use something: its SPDX name, or several with AND and OR.
LICENCE = r"^([A-Za-z0-9.+()-]+( [A-Za-z0-9.+()-]+){0,20})?$"
Licence = Annotated[str, Field(pattern=LICENCE, max_length=200)]
#: Where a publication is found.
Doi = Annotated[str, Field(max_length=400), AfterValidator(doi)]


def several(count: int, noun: str) -> str:
    """So many of something.

    Example:
        >>> several(1, "world"), several(3, "world")
        ('1 world', '3 worlds')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
