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
        file: the file that the line is counted in, or "" where it is that of the rule alone.
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
        self.file = ""
        super().__init__(message)

    def within(self, file: str, content: str) -> RuleError:
        """The same error with its place in a file that has rules among other things.

        Args:
            file: its name. content: its text; the error stays as it is where its line does not
                stand there once.

        Example:
            >>> error = RuleError("a mistake", text="dw/dt = x", line=1, column=9)
            >>> print(error.within("a.toml", 'name = "a"\\nrule = "dw/dt = x"\\n'))
            a.toml, line 2, column 17: a mistake
                rule = "dw/dt = x"
                                ^
        """
        lines = content.splitlines()
        found = [n for n, line in enumerate(lines) if self.text.strip() and self.text in line]
        if len(found) != 1 or lines[found[0]].count(self.text) != 1:
            return self
        line = lines[found[0]]
        place = {"line": found[0] + 1, "column": line.index(self.text) + self.column}
        error = RuleError(self.message, text=line, remedy=self.remedy, **place)
        error.file = file
        return error

    # A hostile line may be a megabyte long: show only the neighbourhood of the caret.
    WINDOW = 72

    def __str__(self) -> str:
        parts = [self.message]
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
