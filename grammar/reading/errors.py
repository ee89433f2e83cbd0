"""The errors a user can meet, each with the place and the remedy."""

from __future__ import annotations


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
        super().__init__(message)

    # A hostile line may be a megabyte long: show only the neighbourhood of the caret.
    WINDOW = 72

    def __str__(self) -> str:
        parts = [self.message]
        if self.line:
            parts = [f"line {self.line}, column {self.column}: {self.message}"]
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
