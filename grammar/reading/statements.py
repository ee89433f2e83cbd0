"""From lines to statements: who is assigned what, with formulas still unread."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from rulegen.grammar.algebra.draws import DISTRIBUTIONS
from rulegen.grammar.algebra.symbols import WEIGHT, Site, is_foreign, is_group
from rulegen.grammar.reading.draft import (
    OPENING,
    Assignment,
    Draft,
    check_parameters,
    end_of,
    new_name,
)
from rulegen.grammar.reading.drawing import check_distribution, draws
from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.reading.events import Block, read_event, read_updates
from rulegen.grammar.reading.foreign_words import ONE_LINE, of_line
from rulegen.grammar.reading.functions import FunctionText, read_head
from rulegen.grammar.reading.left import again, goes_on, read_left, states, two_equations
from rulegen.grammar.reading.lexer import Token, tokenise
from rulegen.grammar.reading.quantities import UNITS, read_bounds, read_parameter
from rulegen.grammar.reading.remedies import for_group
from rulegen.grammar.reading.source import Line, read_lines
from rulegen.grammar.reading.suggest import suggest

MAX_STATEMENTS = 500


def read_statements(text: str) -> Draft:
    """Read every line of the text."""
    draft = Draft()
    block: Block | None = None
    said: Line | None = None  # an event with what happens behind it
    before: tuple[Line, list[Token]] | None = None
    count = 0
    lines = read_lines(text)
    for line in lines:
        tokens = tokenise(line)
        if not tokens:
            continue
        if before and goes_on(before[1]) and not states(tokens, OPENING):
            raise before[0].error("the statement does not end here", end_of(before[1]), ONE_LINE)
        before = line, tokens
        if block and line.indent > block.line.indent:
            if _is_word(tokens, "on"):
                message = "an event cannot stand within another one"
                raise line.error(message, tokens[0].column, "indent it no further than the other")
            count += read_updates(draft, line, tokens, block.event, tokens[0].column)
            block.empty = False
        else:
            if block:
                block.close()
            if said and line.indent > said.indent:
                raise line.error(
                    f"this is no part of the event in line {said.number}, which has said what "
                    "happens",
                    tokens[0].column,
                    "write it behind that with a `;`, or all of it on indented lines",
                )
            block, said = None, None
            if _is_word(tokens, "on"):
                event, rest, after = read_event(line, tokens)
                if rest:
                    count += read_updates(draft, line, rest, event, after)
                    said = line
                else:
                    block = Block(line, event, after)
            else:
                count += 1
                _statement(draft, line, tokens)
        if count > MAX_STATEMENTS:
            raise line.error(f"more than {MAX_STATEMENTS} statements", 0, "split the rule")
    if block:
        block.close()
    if not (draft.assignments or draft.updates or draft.forward):
        if draft.functions:
            raise _functions_alone(next(iter(draft.functions.values())))
        raise lines[0].error("the text states no rule", 1, "write `on reward: w += ...`")
    return draft


def _functions_alone(function: FunctionText) -> RuleError:
    """What is said of a text in which nothing calls this function."""
    name, arguments = function.name.text, ", ".join(f"`{a}`" for a in function.arguments)
    change = "+=" if name[:1] in ("d", "D") and name[-1:] == WEIGHT else "<-"
    what = f"{WEIGHT} += ..." if change == "+=" else f"{name} <- ..."
    return function.line.error(
        f"`{name}` is a function of {arguments}, and nothing calls it",
        function.name.column,
        f"write `{what}`: each neuron and synapse has its own",
    )


def _is_word(tokens: Sequence[Token], word: str) -> bool:
    """Whether the line starts with a word of the language, not with a variable of that name."""
    return tokens[0].text == word and tokens[0].kind == "name"


def _statement(draft: Draft, line: Line, tokens: list[Token]) -> None:
    match tokens[0].text:
        case "param":
            if tokens[2:3] and tokens[2].text == "=" and draws(tokens[3:]):
                _drawn_parameter(draft, line, tokens)
                return
            check_distribution(line, tokens[3:])
            if [t.text for t in tokens[2:3]] == [":"] and not any(
                t.text in {s.value for s in Site} for t in tokens[3:]
            ):
                raise line.error(
                    "a parameter has `=`", tokens[2].column, f"write `param {tokens[1]} = ...`"
                )
            if colon := next((t for t in tokens[2:] if t.text == ":"), None):
                raise line.error(
                    "a parameter that is not drawn is one number for all",
                    colon.column,
                    "draw it, `param x = normal(0.1, 0.05) : post`, or tell groups apart, "
                    "`a*pre.NAME`",
                )
            parameter = read_parameter(line, tokens)
            new_name(draft, line, tokens[1])
            draft.parameters[parameter.name] = parameter
            check_parameters(draft.parameters, line, tokens[1])
        case "initial":
            _initial(draft, line, tokens)
        case "bounds":
            _expect(line, tokens, 1, WEIGHT, _bounded(tokens))
            _expect(line, tokens, 2, "in", "write `bounds w in [0, 1]`")
            _set(draft, line, "bounds", read_bounds(line, tokens, 3, last=True)[0])
        case "diagonal":
            for i, word in enumerate((WEIGHT, "=", "0"), 1):
                _expect(line, tokens, i, word, "write `diagonal w = 0`")
            _end(line, tokens, 4)
            _set(draft, line, "diagonal", True)
        case "integrate":
            word = tokens[1].text if len(tokens) > 1 else ""
            if word not in ("euler", "exact"):
                raise line.error(
                    "`integrate` wants a method",
                    tokens[min(1, len(tokens) - 1)].column,
                    "write `integrate euler` or `integrate exact`",
                )
            _end(line, tokens, 2)
            _set(draft, line, "integrate", word == "euler")
        case "forward":
            _forward(draft, line, tokens)
        case "nonlocal":
            for token in _names(line, tokens[1:], end_of(tokens)):
                if token.text in draft.nonlocals:
                    raise line.error(f"`{token}` is declared twice", token.column)
                draft.nonlocals[token.text] = (line, token)
        case name if is_foreign(name) and tokens[1:2] and tokens[1].text == ":":
            _foreign(draft, line, tokens)
        case _:
            if function := read_head(line, tokens):
                if function.name.text in DISTRIBUTIONS:
                    raise line.error(
                        f"`{function.name}` draws a number", function.name.column, "rename it"
                    )
                new_name(draft, line, function.name)
                draft.functions[function.name.text] = function
            else:
                _assignment(draft, line, tokens)


def _drawn_parameter(draft: Draft, line: Line, tokens: list[Token]) -> None:
    """`param NAME = FORMULA : SITE`, a state that keeps the random number that it begins at."""
    name, body, words = tokens[1], tokens[3:], {t.text: t for t in tokens[3:] if t.kind == "name"}
    if name.kind != "name":
        raise line.error("the parameter's name is missing here", name.column, "`param a = ...`")
    if name.per_condition:
        message = f"`{name.text}` is drawn once, for all conditions"
        raise line.error(message, name.column, "remove `[condition]`")
    if "free" in words:
        raise line.error(
            "what is drawn has no value that a fit could change",
            words["free"].column,
            "what it is drawn from may be free: `param mu = 20 free`, `param tau = normal(mu, 5)`",
        )
    if "in" in words:
        raise line.error(
            "a random number is kept within limits by a formula",
            words["in"].column,
            f"write `param {name} = clip(..., LOW, HIGH)`",
        )
    colon = next((i for i, t in enumerate(body) if t.text == ":"), None)
    if colon is None:
        raise line.error(
            f"for whom is `{name}` drawn?",
            end_of(tokens),
            "end the line with `: pre`, `: post`, `: synapse` or `: global`",
        )
    unit = next((b for a, b in itertools.pairwise(body) if a.text == ")"), body[colon])
    if unit.text in UNITS:
        raise line.error(
            "the unit of a random number stands inside",
            unit.column,
            f"write for instance `uniform(10 {unit}, 100 {unit})`",
        )
    site, after = _site(line, body, colon), end_of(tokens[:3])
    new_name(draft, line, name)
    draft.drawn.add(name.text)
    draft.assignments.append(Assignment(line, name, "<-", (name,), after, site))
    draft.initial[name.text] = Assignment(line, name, "=", tuple(body[:colon]), after)


def _foreign(draft: Draft, line: Line, tokens: list[Token]) -> None:
    """`PROJECTION.NAME : SITE`, where a state of another rule lives."""
    name, site = tokens[0], _site(line, tokens, 1)
    if site not in (Site.GLOBAL, Site.POST):
        raise line.error(
            f"`{name}` cannot be read: projections share what is global and the neurons that "
            "they reach",
            tokens[2].column,
            "write `: global` or `: post`, of a state into which its rule gathers what is wanted",
        )
    if name.text in draft.foreign:
        raise line.error(f"the site of `{name}` is stated twice", name.column, "remove the line")
    draft.foreign[name.text] = line, name, site


def _set(draft: Draft, line: Line, key: str, value: tuple[float, float] | bool) -> None:
    if key in draft.settings:
        raise line.error(f"`{key}` is stated twice", 0, "keep one of them")
    draft.settings[key] = value


def _expect(line: Line, tokens: Sequence[Token], index: int, word: str, remedy: str) -> None:
    if index >= len(tokens):
        raise line.error(f"`{word}` is missing here", end_of(tokens), remedy)
    if tokens[index].text != word:
        raise line.error(f"`{word}` is wanted here", tokens[index].column, remedy)


def _bounded(tokens: Sequence[Token]) -> str:
    """What to write where the limits of something are stated."""
    if tokens[2:3] and tokens[2].text == "in" and tokens[1].kind == "name":
        return f"the weight alone has bounds: write `{tokens[1]} <- clip(..., 0, 1)`"
    return "write `bounds w in [0, 1]`"


def _end(line: Line, tokens: Sequence[Token], index: int) -> None:
    if len(tokens) > index:
        raise line.error(f"`{tokens[index]}` cannot stand here", tokens[index].column, "remove it")


def _names(line: Line, tokens: Sequence[Token], after: int) -> list[Token]:
    names = [t for i, t in enumerate(tokens) if i % 2 == 0]
    for i, token in enumerate(tokens):
        if (token.kind == "name") != (i % 2 == 0) or (i % 2 and token.text != ","):
            remedy = "names with commas between them, `nonlocal sum_pre, sum_post`"
            raise line.error(f"`{token}` cannot stand here", token.column, remedy)
    if len(tokens) % 2 == 0:
        raise line.error("a name is missing here", after, "write `nonlocal sum_post`")
    return names


def _initial(draft: Draft, line: Line, tokens: list[Token]) -> None:
    if len(tokens) < 2 or tokens[1].kind != "name":
        raise line.error("`initial` wants a state", end_of(tokens[:1]), "write `initial e = 0`")
    _expect(line, tokens, 2, "=", "write `initial e = 0`")
    target, body = tokens[1], tuple(tokens[3:])
    if target.text in draft.drawn:
        raise line.error(f"`{target}` begins at what is drawn", target.column, "remove the line")
    if target.text in draft.initial:
        raise line.error(f"`{target}` has two initial values", target.column, "keep one of them")
    draft.initial[target.text] = Assignment(line, target, "=", body, end_of(tokens[:3]))


def _forward(draft: Draft, line: Line, tokens: list[Token]) -> None:
    if len(tokens) < 2 or tokens[1].text not in (WEIGHT, "bias"):
        column = tokens[1].column if len(tokens) > 1 else end_of(tokens)
        raise line.error(
            "`forward` wants `w` or `bias`",
            column,
            "write `forward w = w + H` or `forward bias = -th`",
        )
    _expect(line, tokens, 2, "=", f"write `forward {tokens[1]} = ...`")
    if tokens[1].text in draft.forward:
        raise line.error(f"`forward {tokens[1]}` is stated twice", tokens[1].column)
    body = tuple(tokens[3:])
    draft.forward[tokens[1].text] = Assignment(line, tokens[1], "=", body, end_of(tokens[:3]))


def _assignment(draft: Draft, line: Line, tokens: list[Token]) -> None:
    left = read_left(line, tokens, OPENING)
    target, body, site = left.target, tokens[left.start :], None
    colon = next((i for i, t in enumerate(body) if t.text == ":"), None)
    if colon is not None:
        site = _site(line, body, colon)
        body = body[:colon]
    after = end_of(tokens[: left.start])
    draft.assignments.append(
        Assignment(line, target, left.op, tuple(body), after, site, None, left.adds, left.factor)
    )
    if not (target.text == WEIGHT and left.op != "="):
        before = next(a.op for a in draft.assignments if a.target.text == target.text)
        new_name(draft, line, target, again(left, before))
    elif WEIGHT in draft.defined:
        raise two_equations(line, left, body)
    else:
        draft.defined[WEIGHT] = line


def _site(line: Line, body: Sequence[Token], colon: int) -> Site:
    sites = {s.value: s for s in Site}
    rest = body[colon + 1 :]
    if len(rest) == 1 and rest[0].text in sites:
        return sites[rest[0].text]
    name = rest[0].text if rest else ""
    column = rest[0].column if rest else end_of(body)
    if len(rest) > 1 and name in sites:
        raise line.error(f"`{rest[1]}` cannot stand here", rest[1].column, "remove it")
    if is_group(name) or for_group(name, ()):
        group = name if is_group(name) else f"pre.{for_group(name, ())}"
        raise line.error(
            f"`{name}` is a group of neurons, and no site",
            column,
            f"what they alone do has a factor, `{group}*(...)`",
        )
    if any(t.text == ";" for t in body[:colon]):
        remedy = "a `;` stands between updates of one event: write one statement a line"
        raise line.error("this is no site", column, remedy)
    remedy = of_line(body[0].text if body else "") or suggest(name, list(sites))
    remedy = remedy or "write `: pre`, `: post`, `: synapse` or `: global`"
    raise line.error(f"there is no site `{name}`", column, remedy)
