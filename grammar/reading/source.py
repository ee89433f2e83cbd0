"""The text of a rule as lines that know their place, before anything is understood."""

from __future__ import annotations

from dataclasses import dataclass

from rulegen.grammar.reading.errors import RuleError

MAX_TEXT = 64 * 1024
MAX_LINE = 16 * 1024
MAX_LINES = 2000


@dataclass(frozen=True)
class Line:
    """One line of the user's text: its number from 1, and the text as the user wrote it."""

    number: int
    text: str

    @property
    def indent(self) -> int:
        """How many blanks the line starts with."""
        return len(self.text) - len(self.text.lstrip(" \t"))

    def error(self, message: str, column: int = 0, remedy: str = "") -> RuleError:
        """An error at `column` (from 1); at the first character of the line when it is 0."""
        place = column or self.indent + 1
        return RuleError(message, text=self.text, line=self.number, column=place, remedy=remedy)


def read_lines(text: str) -> list[Line]:
    r"""Cut the text into lines, within the bounds on its size.

    Only `\n` and `\r\n` end a line, so that line numbers agree with the user's editor.

    Example:
        >>> [line.text for line in read_lines("a = 1\r\nb = 2")]
        ['a = 1', 'b = 2']
    """
    if not isinstance(text, str):
        raise RuleError(f"a rule is text, not {type(text).__name__}", remedy="give a string")
    if len(text) > MAX_TEXT:
        start = text.rfind("\n", 0, MAX_TEXT) + 1
        end = text.find("\n", start)
        line = Line(text.count("\n", 0, start) + 1, text[start : end if end >= 0 else None])
        raise line.error(
            f"the text has {len(text)} characters, more than {MAX_TEXT}",
            MAX_TEXT - start + 1,
            "a rule is a few lines: is this the right file?",
        )
    lines = [Line(i, row) for i, row in enumerate(text.replace("\r\n", "\n").split("\n"), 1)]
    if len(lines) > MAX_LINES:
        raise lines[MAX_LINES].error(f"more than {MAX_LINES} lines", 1, "split the rule")
    for line in lines:
        if len(line.text) > MAX_LINE:
            raise line.error(
                f"the line has {len(line.text)} characters, more than {MAX_LINE}",
                1,
                "name parts of the formula on lines of their own",
            )
    return lines
