"""Events: when something happens, and what happens then."""

from __future__ import annotations

from dataclasses import dataclass

from rulegen.grammar.algebra.conditions import COMPARISONS
from rulegen.grammar.algebra.parts import Event
from rulegen.grammar.reading.draft import OPENING, Assignment, Draft, end_of
from rulegen.grammar.reading.left import read_left
from rulegen.grammar.reading.lexer import Token
from rulegen.grammar.reading.remedies import event_meant
from rulegen.grammar.reading.source import Line
from rulegen.grammar.reading.words import RESERVED


@dataclass
class Block:
    """`on EVENT:` at `line`, which ends at the column `end`, with what happens on lines below."""

    line: Line
    event: Event
    end: int
    empty: bool = True

    def close(self) -> None:
        """Refuse an event at which nothing happens."""
        if self.empty:
            raise self.line.error(
                f"nothing happens on {self.event.value}",
                self.end,
                f"indent what happens, or write it behind, `on {self.event.value}: w += ...`",
            )


def read_event(line: Line, tokens: list[Token]) -> tuple[Event, list[Token], int]:
    """The event of `on EVENT:`, what follows, and the column where it starts."""
    words = " or ".join(f"`on {e.value}:`" for e in Event)
    colon = next((i for i, t in enumerate(tokens) if t.text == ":"), None)
    if colon is None:
        raise line.error("a colon is missing after the event", end_of(tokens), f"write {words}")
    name = " ".join(t.text for t in tokens[1:colon])
    event = next((e for e in Event if e.value == name), None)
    if event is None:
        meant = event_meant(name)
        remedy = f"did you mean `{meant}`?" if meant else f"write {words}"
        if any(t.text in COMPARISONS for t in tokens[1:colon]):
            remedy = _conditional([t.text for t in tokens[1:colon]])
        raise line.error(f"there is no event `{name}`", tokens[1].column, remedy)
    return event, tokens[colon + 1 :], end_of(tokens[: colon + 1])


def _conditional(words: list[str]) -> str:
    """What to write in place of `on EVENT if CONDITION:`, or without an event."""
    events = {tuple(e.value.split()): f"on {e.value}" for e in Event}
    head = next((e for e in events if tuple(words[: len(e)]) == e), ())
    rest = [word for word in words[len(head) :] if word not in ("if", "when", "and", "where")]
    if rest[:1] == ["("] and rest[-1] == ")":
        rest = rest[1:-1]
    update = f"w += (... if {' '.join(rest)} else 0)"
    return f"write `{events[head]}: {update}`" if head else f"what holds is a factor: `{update}`"


def read_updates(draft: Draft, line: Line, tokens: list[Token], event: Event, after: int) -> int:
    """Add what happens at an event on one line to the draft, and say how many statements it is."""
    start, count = 0, 0
    for i in [i for i, t in enumerate(tokens) if t.text == ";"] + [len(tokens)]:
        part = tokens[start:i]
        place = end_of(tokens[:start]) if start else after
        start = i + 1
        if not part and i == len(tokens) and count:
            continue  # a `;` at the end of the line
        if not part:
            raise line.error("a statement is missing here", place, "write `w += ...`")
        if part[0].text in RESERVED and [t.text for t in part[1:2]] not in (["="], ["<-"]):
            remedy = f"write `{part[0]} ...` on a line of its own, which is not indented"
            raise line.error(f"`{part[0]}` is no change of a value", part[0].column, remedy)
        left = read_left(line, part, OPENING)
        if left.op != "<-":
            raise line.error(
                "an event changes a value",
                left.target.column,
                f"write `{left.target} += ...` or `{left.target} <- ...`",
            )
        body, after = tuple(part[left.start :]), end_of(part[: left.start])
        draft.updates.append(
            Assignment(line, left.target, left.op, body, after, event=event, adds=left.adds)
        )
        count += 1
    return count
