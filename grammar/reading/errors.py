"""The errors a user can meet, each with the place and the remedy."""

from __future__ import annotations

from copy import copy


class RulegenError(Exception):
    """Root of every error that a user's input can cause."""


class RuleError(RulegenError):
    """A rule text that cannot be accepted.

    Attributes:
        message: what is wrong, in one sentence.
        text: the offending source line, or "" when there is none.
        line: line number, from 1 (0 when the error has no place).
        column: column number, from 1 (0 when the error has no place).
        remedy: what to do about it, or "".
        rule: the text of the whole rule, or None where the error is about something else.
        file: where the line is counted, or "" where it is in the rule's text.
    """

    def __init__(
        self, message: str, *, text: str = "", line: int = 0, column: int = 0, remedy: str = ""
    ) -> None:
        self.message, self.text, self.line, self.column, self.remedy = (
            message,
            text,
            line,
            column,
            remedy,
        )
        self.rule: str | None = None
        self.file = ""
        super().__init__(message)

    def within(self, file: str, content: str, name: str) -> RuleError:
        """The same error with its place in a file that has rules among other things.

        Args:
            file: its name. content: its text, "" where lines are to be counted in the rule, as
                they are where the line does not stand in it once.
            name: what the file calls the rule.

        Example:
            >>> error = RuleError("a mistake", text="dw/dt = x", line=1, column=9)
            >>> print(error.within("a.toml", 'name = "a"\\nrule = "dw/dt = x"\\n', "rule"))
            a.toml, line 2, column 17: a mistake
                rule = "dw/dt = x"
                                ^
            >>> print(error.within("a.toml", "", "references.0.rule"))
            a.toml, references.0.rule, line 1, column 9: a mistake
                dw/dt = x
                        ^
        """
        error = copy(self)
        error.file = f"{file}, {name}"
        if self.text.strip() and content.count(self.text) == 1:
            before = content[: content.index(self.text)]
            error.file, error.line = file, before.count("\n") + 1
            error.text = content.splitlines()[error.line - 1]
            error.column += len(before) - before.rfind("\n") - 1
        return error

    # A hostile line may be a megabyte long: show only the neighbourhood of the caret.
    WINDOW = 72

    def __str__(self) -> str:
        parts = [f"{self.file}: {self.message}" if self.file else self.message]
        if self.line:
            file = f"{self.file}, " if self.file else ""
            parts = [f"{file}line {self.line}, column {self.column}: {self.message}"]
            start = max(0, self.column - 1 - self.WINDOW // 2)
            shown = self.text[start : start + self.WINDOW]
            shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in shown)
            parts += ["    " + shown, "    " + " " * (self.column - 1 - start) + "^"]
        if self.remedy:
            parts.append(self.remedy)
        return "\n".join(parts)


class ConfigError(RulegenError):
    """A configuration that cannot be accepted; the message names the field."""


class RunError(RulegenError):
    """A run that started properly and could not reach its end."""


for _error in (RulegenError, RuleError, ConfigError, RunError):
    # What a traceback calls it is what people can import.
    _error.__module__ = "rulegen"
