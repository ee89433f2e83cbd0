r"""Boxes in LaTeX.

It needs amsmath and contains nothing of the user's text but letters and digits of names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rulegen.grammar.algebra.symbols import SIGNALS
from rulegen.grammar.printing.boxes import (
    Box,
    Cases,
    Digits,
    Fence,
    Fraction,
    Glyph,
    Head,
    Line,
    Name,
    Root,
    Row,
    Script,
    Sign,
    Spelling,
    Words,
)
from rulegen.grammar.printing.names import Kind, Piece, pieces, shown_as
from rulegen.grammar.printing.numerals import numeral

_BRACKETS = {"": ".", "{": r"\{", "}": r"\}", "⌊": r"\lfloor ", "⌋": r"\rfloor"}
_COMMANDS = frozenset({"exp", "log", "tanh", "sin", "cos", "min", "max"})


class Latex(Spelling[str]):
    """Spells boxes in LaTeX."""

    signs: ClassVar[dict[Sign, str]] = {
        Sign.PLUS: " + ",
        Sign.MINUS: " - ",
        Sign.NEGATIVE: "-",
        Sign.POSITIVE: "+",
        Sign.TIMES: r" \times ",
        Sign.EQUAL: " = ",
        Sign.UNEQUAL: r" \ne ",
        Sign.LESS: " < ",
        Sign.AT_MOST: r" \le ",
        Sign.MORE: " > ",
        Sign.AT_LEAST: r" \ge ",
        Sign.AND: r" \land ",
        Sign.OR: r" \lor ",
        Sign.IN: r" \in ",
        Sign.TAKES: r" \leftarrow ",
        Sign.BECOMES: r" \mapsto ",
        Sign.DRAWN: r" \sim ",
        Sign.COMMA: ", ",
        Sign.LEFT_ROUND: "(",
        Sign.RIGHT_ROUND: ")",
        Sign.LEFT_SQUARE: "[",
        Sign.RIGHT_SQUARE: "]",
        Sign.CHANGE: r"\Delta ",
        Sign.SUM: r"\sum",
        Sign.ONE: r"\mathbf{1}",
        Sign.INFINITY: r"\infty",
        Sign.EARLIER: "(t-1)",
        Sign.BLANK: " ",
        Sign.THIN: r"\,",
        Sign.QUAD: r"\quad ",
    }

    def glyph(self, box: Glyph) -> str:
        """A sign."""
        return self.signs[box.sign]

    def name(self, box: Name) -> str:
        """A variable; what the circuit provides looks as its table of signals says."""
        if box.whole:
            stem = rf"\mathtt{{{box.name}}}".replace("_", r"\_")
            stem = rf"\dot{{{stem}}}" if box.dot else stem
            return f"{stem}_{{{box.index}}}" if box.index else stem
        if box.name not in SIGNALS:
            return latex_name(shown_as(box.name), box.index, box.dot)
        text, index = SIGNALS[box.name].latex, box.index
        if index in ("", "i", "j"):
            return text
        side = "j" if text.endswith("_j") else "i"
        return text.replace("_{ij}", f"_{{{index}}}").replace(f"_{side}", f"_{{{index}}}")

    def digits(self, box: Digits) -> str:
        """A number."""
        return box.text

    def head(self, box: Head) -> str:
        """The name of a function."""
        return f"\\{box.name}" if box.name in _COMMANDS else rf"\operatorname{{{box.name}}}"

    def words(self, box: Words) -> str:
        """Text."""
        return rf"\text{{{box.text}}}"

    def fence(self, box: Fence) -> str:
        """Brackets."""
        opening, closing = (_BRACKETS.get(s, s) for s in (box.opening, box.closing))
        return rf"\left{opening}{self.spell(box.body).lstrip()}\right{closing}"

    def script(self, box: Script) -> str:
        """What hangs below and above."""
        below = f"_{{{self.spell(box.below)}}}" if box.below else ""
        above = f"^{{{self.spell(box.above)}}}" if box.above else ""
        return self.spell(box.base) + below + above

    def fraction(self, box: Fraction) -> str:
        """One over the other."""
        return rf"\frac{{{self.spell(box.top)}}}{{{self.spell(box.bottom)}}}"

    def root(self, box: Root) -> str:
        """A square root."""
        return rf"\sqrt{{{self.spell(box.body)}}}"

    def cases(self, box: Cases) -> str:
        """Values with their conditions."""
        rows = [
            rf"{self.spell(value)} & \text{{otherwise}}"
            if condition is None
            else rf"{self.spell(value)} & \text{{if }} {self.spell(condition)}"
            for value, condition in box.rows
        ]
        body = r" \\ ".join(rows)
        return rf"\begin{{cases}} {body} \end{{cases}}"

    def row(self, box: Row) -> str:
        """Beside each other, with one blank where two meet."""
        text = ""
        for item in box.items:
            part = self.spell(item)
            text += part.lstrip() if text.endswith(" ") else part
        return text


def latex_lines(lines: Sequence[Line]) -> str:
    r"""Display mathematics, aligned where it has several lines.

    Example:
        >>> from rulegen.grammar.printing.display import displayed
        >>> from rulegen.grammar.rule.parse import parse
        >>> print(latex_lines(displayed(parse("e <- pre*post\non reward: w += R*e"))))
        \begin{aligned}
          && e_{ij} & \leftarrow r_i\,r_j \\
          & \text{on reward:}\quad & \Delta w_{ij} & = R\,e_{ij}
        \end{aligned}
    """
    spell = Latex().spell
    rows = [(spell(line.when), spell(line.left), spell(line.right)) for line in lines]
    timed = any(when for when, _, _ in rows)
    if len(rows) == 1:
        ((when, left, right),) = rows
        return (rf"{when}\quad " if when else "") + left + right
    first = [(rf"& {when}\quad & " if when else "&& ") if timed else "" for when, _, _ in rows]
    cells = [f"  {w}{left} &{right}" for w, (_, left, right) in zip(first, rows, strict=True)]
    body = " \\\\\n".join(cells)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def latex_name(name: str, index: str = "", dot: bool = False) -> str:
    r"""A variable's name as LaTeX, with its neuron index and perhaps a dot.

    Example:
        >>> print(latex_name("u_bar", "i"), latex_name("tau_u"), latex_name("x_tr", "j"))
        \bar{u}_{i} \tau_{u} x_{\mathrm{tr},j}
        >>> print(latex_name("tau_plus"), latex_name("u_minus", "i", dot=True))
        \tau_{+} \dot{u}_{-,i}
    """
    stem, *rest = [_piece(p) for p in pieces(name)]
    subscript = ",".join([*rest, index] if index else rest)
    stem = rf"\dot{{{stem}}}" if dot else stem
    return f"{stem}_{{{subscript}}}" if subscript else stem


def _piece(piece: Piece) -> str:
    text = {Kind.GREEK: f"\\{piece.text}", Kind.WORD: rf"\mathrm{{{piece.text}}}"}.get(
        piece.kind, piece.text
    )
    return r"\bar{" * piece.bars + text + "}" * piece.bars


def format_number(x: float, digits: int = 4) -> str:
    r"""A number as LaTeX, to so many significant digits.

    Example:
        >>> print(format_number(0.05), format_number(123456.0, 3), format_number(-2e-7))
        0.05 1.23 \times 10^{5} -2 \times 10^{-7}
    """
    box: Box = numeral(x, digits)[0]
    return Latex().spell(box)
