"""The card of a rule as a sequence of blocks: one content, printed in several formats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

from rulegen.catalog.likeness.naming import named
from rulegen.catalog.pages.prose import Line, Piece, line, paragraphs, quoted
from rulegen.catalog.pages.tables import (
    CHANCE_IS,
    NO_LEARNING_IS,
    REWARD_IS,
    Table,
    locality_table,
    look_table,
    parameter_table,
    reward_table,
    setting_table,
    symbol_table,
    term_table,
)
from rulegen.catalog.pages.world_tables import (
    SCALED_IS,
    differences_table,
    level_text,
    settings_table,
    worlds_table,
)
from rulegen.catalog.records.ended import ENDS_ARE, happened, unhappened
from rulegen.catalog.records.evidence import Evidence
from rulegen.catalog.records.fields import several
from rulegen.catalog.records.record import Record, Reference
from rulegen.catalog.records.roles import YARDSTICK
from rulegen.grammar import Rule
from rulegen.grammar.printing.boxes import Line as FormulaLine
from rulegen.grammar.printing.breaking import broken
from rulegen.grammar.printing.display import displayed


class Heading(NamedTuple):
    """The title of a section."""

    text: str


class Paragraph(NamedTuple):
    """Running text."""

    line: Line


class Items(NamedTuple):
    """A list, one line each."""

    lines: tuple[Line, ...]


class Equation(NamedTuple):
    """Display mathematics, which `latex_lines` and `mathml` spell."""

    lines: tuple[FormulaLine, ...]


class Listing(NamedTuple):
    """Text in the rule language."""

    text: str


class Picture(NamedTuple):
    """The learning curve; where it lies is the printer's business."""

    text: str


Block = Heading | Paragraph | Items | Equation | Listing | Picture | Table


def card(record: Record) -> list[Block]:
    """Everything that a card says about a rule, below its title.

    Example:
        >>> record = Record(name="hebb", title="Hebb", description="Fire together.",
        ...                 equations="param eta = 0.1\\ndw/dt = eta*pre*post")
        >>> [b.text for b in card(record) if isinstance(b, Heading)]
        ['Locality', 'As text']
    """
    rule = record.rule
    blocks: list[Block] = [Paragraph(p) for p in paragraphs(record.description)]
    blocks.append(equation(rule))
    if record.kind == "discovered":
        blocks.append(Paragraph(line(f"By its algebra this rule is: {named(rule).text}.")))
        blocks += [Paragraph(line("With its numbers:")), equation(rule, values=True)]
    blocks += [symbol_table(record), parameter_table(record)]
    if record.evidence:
        blocks += evidence_blocks(record.evidence)
    certificate = rule.locality()
    blocks += [Heading("Locality"), Paragraph(line(f"This rule is {certificate.verdict}."))]
    blocks.append(Items(tuple(line(text) for text in certificate.violations)))
    blocks.append(locality_table(record))
    blocks += [Heading("As text"), Listing(record.equations.strip("\n"))]
    for title, text in (("A fact to check", record.fact), ("Limits", record.limits)):
        if text:
            blocks += [Heading(title), *(Paragraph(p) for p in paragraphs(text))]
    if record.evidence:
        for other in record.evidence.comparisons:
            if other.rule:
                title = f"Compared with: {other.name}"
                blocks += [Heading(title), Listing(other.rule.strip("\n"))]
        for title, text in yardsticks(record.evidence):
            blocks += [Heading(title), Listing(text)]
    if record.references:
        blocks.append(Heading("References"))
        blocks.append(Items(tuple(reference(r) for r in record.references)))
    told = f"Record `{record.name}`, digest `{record.digest}`."
    if record.lineage:
        told += " It comes from " + ", ".join(map(quoted, record.lineage)) + "."
    if record.licence:
        told += f" Licence: {record.licence}."
    blocks.append(Paragraph(line(told)))
    return [b for b in blocks if not (isinstance(b, Items) and not b.lines) and b != Table()]


def yardsticks(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """The yardstick in each world, with a title."""
    for world in evidence.worlds:
        for other in world.comparisons:
            if other.name == YARDSTICK:
                yield f"Yardstick in {world.name}", other.rule.strip("\n")


def equation(rule: Rule, values: bool = False) -> Equation:
    """A rule as display mathematics whose long lines are broken."""
    return Equation(tuple(broken(displayed(rule, values))))


def evidence_blocks(evidence: Evidence) -> list[Block]:
    """What the lives say."""
    blocks: list[Block] = [
        Heading("Reward"),
        Paragraph(line(what_is_earned(evidence))),
        reward_table(evidence),
        Paragraph(line(" ".join(filter(None, [*baselines(evidence), *ends(evidence)])))),
        *world_blocks(evidence),
        Picture(picture_shows(evidence)),
        Heading("Terms"),
        term_table(evidence),
        *(Paragraph(line(text)) for text in term_notes(evidence)),
    ]
    if count := len(evidence.looks):
        text = (
            f"From {several(evidence.candidates, 'candidate term')}, on other lives than those "
            f"above. A smaller rule was accepted when the {100 * evidence.level:.5g}% interval of "
            "its reward, after a refit, minus that of the best rule so far lay above "
            f"-{evidence.margin:g}, a rule of the same size or larger when it lay above 0 and, if "
            f"larger, the gain above {evidence.margin:g}; {several(count, 'such look')} "
            f"{'was' if count == 1 else 'were'} taken. Inclusion is the share of bootstrap "
            "resamples of the lives of a look in which "
            "the rule was not accepted; undecided is a look that its lives leave open."
        )
        blocks += [Heading("Pruning"), Paragraph(line(text)), look_table(evidence)]
    if evidence.structures:
        text = (
            f"A search tried {evidence.structures} structures and picked this one on other lives "
            f"than those above: {evidence.choice}."
        )
        blocks += [Heading("Search"), Paragraph(line(text))]
    if evidence.nonfinite:
        text = (
            f"{evidence.nonfinite} of {evidence.gradients} gradients of single lives were infinite "
            "or not a number, and were left out of the estimates of the run."
        )
        blocks.append(Paragraph(line(text)))
    software = ", ".join(f"{name} {version}" for name, version in evidence.versions.items())
    digests = {"configuration": evidence.config, "code": evidence.code, "data": evidence.data}
    made = [Piece(f"Seed {evidence.seed}; ")]
    for name, digest in digests.items():
        made += [Piece(f"{name} "), Piece(digest, code=True), Piece("; ")] if digest else []
    made.append(Piece(f"{software}."))
    settings = settings_table(evidence) if evidence.worlds else setting_table(evidence)
    return [*blocks, Heading("Setting"), settings, Paragraph(tuple(made))]


def what_is_earned(evidence: Evidence) -> str:
    """What the first table is about."""
    lives, trials = evidence.reward.lives, evidence.setting.life.get("trials", "?")
    same = "All rules met the same networks and the same noise, and differences are paired."
    if evidence.objective == "reward":
        return (
            f"Mean reward per trial (it is maximised) on {lives} held-out lives of {trials} "
            f"trials, with 95% intervals over lives. {same}"
        )
    names = [quoted(world.name) for world in evidence.worlds if world.chosen_in]
    what = (
        "The weighted mean"
        if evidence.objective == "mean"
        else (f"A soft worst case (sharpness {evidence.sharpness:g})")
    )
    scale = f" {SCALED_IS}" if evidence.scaled else ""
    return (
        f"{what} of the {'scaled rewards' if evidence.scaled else 'rewards'} in {', '.join(names)} "
        f"(it is maximised) on {lives} held-out lives, each of them lived in every world, with 95% "
        f"intervals over lives. {same}{scale}"
    )


def picture_shows(evidence: Evidence) -> str:
    """What the picture of a card is."""
    curve = "Reward against trials: means over lives, with 95% intervals of each trial alone"
    if not evidence.worlds:
        return curve
    kind = "Scaled rewards" if evidence.scaled else "Rewards"
    below = f"below, {curve[0].lower()}{curve[1:]}"
    return f"{kind} of all rules in every world, with their intervals; {below}"


def world_blocks(evidence: Evidence) -> list[Block]:
    """What the lives say of each of several worlds; nothing where there is one."""
    if not evidence.worlds:
        return []
    inside = [quoted(world.name) for world in evidence.worlds if world.chosen_in]
    outside = [quoted(world.name) for world in evidence.worlds if not world.chosen_in]
    told = f"The rule was chosen by {', '.join(inside)}. "
    if outside:
        told += f"Nothing was chosen by {', '.join(outside)}. "
    return [
        Heading("Worlds"),
        Paragraph(line(told + level_text(evidence))),
        worlds_table(evidence),
        differences_table(evidence),
    ]


def baselines(evidence: Evidence) -> list[str]:
    """What the rewards are to be held against."""
    unlearned = any(not other.rule for other in evidence.comparisons)
    return [
        REWARD_IS,
        CHANCE_IS,
        "Perfect answers are those of somebody who knows every target.",
        *([NO_LEARNING_IS] if unlearned else []),
    ]


def ends(evidence: Evidence) -> list[str]:
    """How the lives ended of which the table of rewards is, and what that means where any did."""
    parts, worlds = (evidence, *evidence.comparisons), evidence.worlds
    deeper = (*evidence.terms, *worlds, *(other for w in worlds for other in w.comparisons))
    definition = [ENDS_ARE] if happened((*parts, *deeper)) else []
    whose = "in the worlds that chose the rule " if worlds else ""
    return [unhappened(parts, whose), *definition]


def term_notes(evidence: Evidence) -> list[str]:
    """What the table of terms leaves open.

    A loss is the reward of the rule minus that of what remains without a term, with its other
    parameters fitted again.
    """
    ended = unhappened(evidence.terms, "without a term, ") if evidence.terms else ""
    notes = [ended] if ended else []
    still = next((c.difference.mean for c in evidence.comparisons if not c.rule), None)
    for term in evidence.terms:
        if not term.rule and len(evidence.terms) > 1 and term.loss.mean == still:
            notes.append(
                f"Without `{term.coefficient}` no values of the rest were found that earn more "
                "than no learning: its loss is the whole gain of the rule."
            )
        elif still is not None and term.loss.mean > still:
            notes.append(
                f"The loss without `{term.coefficient}` exceeds the gain of the rule over no "
                f"learning, {still:.4g}: what remains was fitted again on other lives, where it "
                "earned at least as much as no learning; on these lives it earns less."
            )
    unasked = [f"`{t.coefficient}`" for t in evidence.terms if t.inclusion is None]
    if evidence.looks and unasked:
        notes.append(
            f"Inclusion of {', '.join(unasked)} is unknown: the selection ended before it "
            "looked at this rule without it."
        )
    return notes


def reference(source: Reference) -> Line:
    """One item of the list of references."""
    parts = [Piece(" ".join(source.citation.split()))]
    if source.doi:
        parts += [Piece(" "), Piece(f"doi:{source.doi}", link=address("doi.org", source.doi))]
    if source.arxiv:
        link = address("arxiv.org/abs", source.arxiv)
        parts += [Piece(" "), Piece(f"arXiv:{source.arxiv}", link=link)]
    return tuple(parts)


def address(place: str, identifier: str) -> str:
    """A web address in which the identifier is nothing but an identifier."""
    return f"https://{place}/{quote(identifier, safe='/:;.-_')}"
