r"""From the LaTeX that `Rule.latex` prints to MathML, which browsers show without a network.

Only what that printer makes is understood; anything else is an error, so that no formula can
silently come out wrong, and nothing but formulas comes out.
"""

from __future__ import annotations

import re
from html import escape

from rulegen.grammar.reading.lexer import GREEK

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|[A-Za-z]|[{}_^&]|\s+|.", re.DOTALL)

_GREEK = dict(zip(GREEK, "αβγδϵζηθικλμνξοπρστυϕχψω", strict=True))
_GREEK |= dict(zip([g.capitalize() for g in GREEK], "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ", strict=True))
_OPERATORS = {
    "times": "×",
    "le": "≤",
    "ge": "≥",
    "ne": "≠",
    "in": "∈",
    "mapsto": "↦",
    "leftarrow": "←",
    "land": "∧",
    "lor": "∨",
}
_NAMED = ("exp", "log", "tanh", "sin", "cos", "min", "max")
_ACCENTS = {"bar": "‾", "dot": "˙"}
_SPACES = {",": "0.17em", "quad": "1em"}


def mathml(latex: str) -> str:
    r"""Display mathematics as MathML.

    Args:
        latex: what `Rule.latex` prints.

    Raises:
        ValueError: when it is anything else.

    Example:
        >>> print(mathml(r"\frac{r_i}{2}"))
        <math display="block"><mfrac><msub><mi>r</mi><mi>i</mi></msub><mn>2</mn></mfrac></math>
    """
    reader = _Reader(_TOKEN.findall(latex))
    inner = reader.row(())
    if reader.tokens:
        raise ValueError(f"`{reader.tokens[-1]}` stands in the wrong place")
    return f'<math display="block">{inner}</math>'


class _Reader:
    """Reads tokens from the end of a list, where they are cheap to take."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens[::-1]

    def take(self, expected: str = "") -> str:
        if not self.tokens:
            raise ValueError("the formula ends too early")
        token = self.tokens.pop()
        if expected and token != expected:
            raise ValueError(f"expected `{expected}`, not `{token}`")
        return token

    def row(self, ends: tuple[str, ...]) -> str:
        """Everything up to one of `ends`, which stays, as one element."""
        items = []
        while self.tokens and self.tokens[-1] not in ends:
            if self.tokens[-1].isspace():
                self.tokens.pop()
            else:
                items.append(self.scripted())
        return items[0] if len(items) == 1 else f"<mrow>{''.join(items)}</mrow>"

    def scripted(self) -> str:
        """An atom with what hangs above and below it."""
        limits = self.tokens[-1] in (r"\sum", r"\max")
        base, scripts = self.atom(), {"_": "", "^": ""}
        while self.tokens and self.tokens[-1] in scripts:
            sign = self.take()
            if scripts[sign]:
                raise ValueError(f"two `{sign}` at one atom")
            scripts[sign] = self.group()
        below, above = scripts["_"], scripts["^"]
        if below and above:
            return f"<msubsup>{base}{below}{above}</msubsup>"
        if below and limits:
            return f"<munder>{base}{below}</munder>"
        if below:
            return f"<msub>{base}{below}</msub>"
        return f"<msup>{base}{above}</msup>" if above else base

    def group(self) -> str:
        """What stands between braces, or one atom."""
        if self.tokens and self.tokens[-1] == "{":
            self.take("{")
            inner = self.row(("}",))
            self.take("}")
            return inner
        return self.atom()

    def letters(self) -> str:
        """The text between braces as it stands."""
        self.take("{")
        text = ""
        while self.tokens and self.tokens[-1] != "}":
            text += self.take()
        self.take("}")
        if "\\" in text or "{" in text:
            raise ValueError(f"`{text}` is more than text")
        return escape(text)

    def atom(self) -> str:
        token = self.take()
        if token == "{":
            self.tokens.append(token)
            return self.group()
        if token.startswith("\\"):
            return self.command(token[1:])
        if token in ("}", "_", "^", "&"):
            raise ValueError(f"`{token}` stands in the wrong place")
        if token[0].isdigit():
            return f"<mn>{token}</mn>"
        if token.isalpha():
            return f"<mi>{token}</mi>"
        if token == "'":
            return "<mo>′</mo>"
        shown = "−" if token == "-" else escape(token)
        return f'<mo stretchy="false">{shown}</mo>' if token in "()[]|" else f"<mo>{shown}</mo>"

    def command(self, name: str) -> str:
        if name in _GREEK:
            kind = ' mathvariant="normal"' if name[0].isupper() else ""
            return f"<mi{kind}>{_GREEK[name]}</mi>"
        if name in _OPERATORS:
            return f"<mo>{_OPERATORS[name]}</mo>"
        if name in _SPACES:
            return f'<mspace width="{_SPACES[name]}"></mspace>'
        if name in _NAMED:
            return f"<mi>{name}</mi>"
        if name in _ACCENTS:
            # Set as an accent, a bar touches its letter in the fonts that browsers have.
            return f"<mover>{self.group()}<mo>{_ACCENTS[name]}</mo></mover>"
        match name:
            case "frac":
                return f"<mfrac>{self.group()}{self.group()}</mfrac>"
            case "sqrt":
                return f"<msqrt>{self.group()}</msqrt>"
            case "sum":
                return "<mo>∑</mo>"
            case "infty":
                return "<mi>∞</mi>"
            case "mathrm" | "operatorname":
                return f'<mi mathvariant="normal">{self.letters()}</mi>'
            case "mathbf":
                return f'<mi class="bold">{self.letters()}</mi>'
            case "text":
                kept = self.letters().replace(" ", "\N{NO-BREAK SPACE}")
                return f"<mtext>{kept}</mtext>"
            case "{" | "}":
                return f"<mo>{name}</mo>"
            case "left":
                return self.fenced()
            case "begin":
                return self.environment()
        raise ValueError(f"`\\{name}` is no command that rules are printed with")

    def fenced(self) -> str:
        opening = self.fence()
        inner = self.row((r"\right",))
        self.take(r"\right")
        return f"<mrow>{opening}{inner}{self.fence()}</mrow>"

    def fence(self) -> str:
        sign = self.take().removeprefix("\\")
        if sign == ".":
            return ""
        if sign not in tuple("()[]{}|"):
            raise ValueError(f"`{sign}` is no bracket")
        return f'<mo fence="true" stretchy="true">{sign}</mo>'

    def environment(self) -> str:
        name = self.letters()
        if name not in ("aligned", "cases"):
            raise ValueError(f"`{name}` is no environment that rules are printed with")
        rows = [[self.row(("&", r"\\", r"\end"))]]
        while (sign := self.take()) != r"\end":
            cell = self.row(("&", r"\\", r"\end"))
            if sign == "&":
                rows[-1].append(cell)
            else:
                rows.append([cell])
        if self.letters() != name:
            raise ValueError(f"`{name}` is not ended")
        body = "".join(
            "<mtr>" + "".join(f"<mtd>{cell}</mtd>" for cell in row) + "</mtr>" for row in rows
        )
        table = f'<mtable class="{name}" displaystyle="true">{body}</mtable>'
        brace = '<mo fence="true" stretchy="true">{</mo>'
        return f"<mrow>{brace}{table}</mrow>" if name == "cases" else table
