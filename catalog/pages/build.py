"""From records to the pages of the catalog, all of them or none.

Everything is made before anything is written; then every file is replaced in one step, indexes
after the pages that they point to. Two builds of the same records make the same bytes.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from rulegen import grammar
from rulegen.catalog.pages.card import card
from rulegen.catalog.pages.curves import Curves, read_curves
from rulegen.catalog.pages.html import html_page, html_rule
from rulegen.catalog.pages.latex import latex_blocks, latex_catalog
from rulegen.catalog.pages.markdown import (
    PICTURES,
    catalog_picture,
    code,
    grid,
    markdown_page,
    plain,
)
from rulegen.catalog.records.facets import Facets, facets
from rulegen.catalog.records.fields import several
from rulegen.catalog.records.files import (
    MARKS,
    STAGED,
    own_folder,
    write_together,
    write_whole,
)
from rulegen.catalog.records.library import LARGEST_FIGURE, LARGEST_TABLE, Entry
from rulegen.grammar import ConfigError, RuleError
from rulegen.grammar.reading.files import read_file, read_own

#: Where pages go, relative to the folder of the catalog.
INDEX, PAGE, DOCUMENT = "README.md", "catalog.html", "tex/catalog.tex"
CARDS, SNIPPETS = "cards", "tex/rules"
PRINTS = "tex/figures"
#: What was rendered, so that the next build does it only for what changed.
CACHE, LOCK = ".rendered.json", ".lock"
#: No page that a build made is larger.
LARGEST_PAGE = 256 << 20

#: Told how many records are done, and how many there are.
Tick = Callable[[int, int], None]


class Rendered(BaseModel):
    """What one record becomes.

    Attributes:
        facets: for the indexes. markdown, latex, html: its card.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    facets: Facets
    markdown: str
    latex: str
    html: str


class Built(NamedTuple):
    """What a build did: numbers of records, of those rendered anew, and of files written."""

    records: int
    rendered: int
    written: int


def build(
    entries: Sequence[Entry],
    folder: Path | str,
    tick: Tick = lambda done, total: None,
    then: Callable[[], None] = lambda: None,
) -> Built:
    """Make the pages of all records: Markdown, LaTeX and HTML.

    Args:
        entries: the records with their figures.
        folder: where the pages go: `README.md` the index and `cards/NAME.md`, `catalog.html`,
            `tex/catalog.tex` with `tex/rules/NAME.tex`.
        tick: told of progress.
        then: done when all pages are in place and before another build may begin.

    Raises:
        ConfigError: when a record or figure cannot be read, two records have one name, the folder
            cannot be written, something in it that is not ours is in the way, or another build is
            at work. The old pages are then all still there.

    Example:
        >>> import tempfile
        >>> from rulegen.catalog.records.library import library
        >>> out = Path(tempfile.mkdtemp())
        >>> done = build(library().values(), out)
        >>> (out / "cards" / "oja.md").exists(), build(library().values(), out).written
        (True, 0)
    """
    folder = Path(folder)
    with locked(folder):
        cache = read_cache(folder / CACHE)
        fresh: dict[str, Rendered] = {}
        program, done, total = program_digest(), 0, len(entries)
        for entry in entries:
            tick(done, total)
            key = hashlib.sha256(program + entry.fingerprint()).hexdigest()
            fresh[key] = cache.get(key) or render(entry)
            done += 1
        tick(done, total)
        pages = outline(sorted(fresh.values(), key=place), entries)
        written = replace_pages(folder, pages)
        dump = {key: rendered.model_dump(mode="json") for key, rendered in fresh.items()}
        write_whole(folder / CACHE, json.dumps(dump))
        then()
    return Built(total, len(fresh.keys() - cache.keys()), written)


def render(entry: Entry) -> Rendered:
    """The card of one record in every format."""
    record, name = entry.record, entry.record.name
    png = catalog_picture(name) if entry.figure else ""
    pdf = f"figures/{name}.pdf" if entry.print else ""
    try:
        row, blocks = facets(record), card(record)
        picture: bytes = b""
        curves: Curves = {}
        if entry.curves:
            curves = read_curves(read_own(entry.curves, LARGEST_TABLE), entry.curves)
        elif entry.figure:
            picture = read_own(entry.figure, LARGEST_FIGURE)
        return Rendered(
            facets=row,
            markdown=markdown_page(record, blocks, png),
            latex=latex_blocks(record.title, blocks, pdf),
            html=html_rule(record, row, blocks, picture, curves),
        )
    except RuleError as error:
        raise ConfigError(f"{entry.path}: {error}") from None


def place(card: Rendered) -> tuple[str, str, str]:
    """Where a card stands: discovered rules first, then by title."""
    return card.facets.kind, card.facets.title.casefold(), card.facets.name


def outline(cards: Sequence[Rendered], entries: Sequence[Entry]) -> dict[str, bytes]:
    """All files of the catalog by their path, indexes last."""
    texts = {f"{CARDS}/{c.facets.name}.md": c.markdown for c in cards}
    texts |= {f"{SNIPPETS}/{c.facets.name}.tex": c.latex for c in cards}
    texts[DOCUMENT] = latex_catalog([c.facets for c in cards])
    texts[PAGE] = html_page([(c.facets, c.html) for c in cards])
    texts[INDEX] = markdown_index([c.facets for c in cards])
    pages: dict[str, bytes] = {}
    for entry in entries:
        for place, path in ((PICTURES, entry.figure), (PRINTS, entry.print)):
            if path:
                pages[f"{place}/{path.name}"] = read_own(path, LARGEST_FIGURE)
    return pages | {p: (MARKS[Path(p).suffix] + text).encode() for p, text in texts.items()}


def markdown_index(rows: Sequence[Facets]) -> str:
    """The index: a table of the discovered rules and one of the literature."""
    parts = [
        "# Plasticity rules",
        f"{several(len(rows), 'rule')} as formulas that run. [`{PAGE}`]({PAGE}) shows them all on "
        "one page that searches and sorts; complexity is the number of nodes of the formulas.",
    ]
    for kind, title in (("discovered", "Discovered"), ("literature", "From the literature")):
        chosen = [f for f in rows if f.kind == kind]
        if not chosen:
            continue
        head = ["rule", "reward per trial", "worlds", "earns more than"]
        head += ["complexity", "states at", "locality", "tags"]
        cells = [
            [
                f"[{plain(f.title)}]({CARDS}/{f.name}.md)",
                plain(f.reward),
                str(f.worlds),
                plain(f.beats),
                str(f.complexity),
                ", ".join(f.sites),
                f.verdict,
                ", ".join(code(tag).replace("|", "\\|") for tag in f.tags),
            ]
            for f in chosen
        ]
        if kind == "literature":
            head, *cells = ([*row[:1], *row[4:]] for row in [head, *cells])
        parts += [f"## {title}", grid([tuple(head), *map(tuple, cells)])]
    return "\n\n".join(parts) + "\n"


def replace_pages(folder: Path, pages: dict[str, bytes]) -> int:
    """Put the pages in place and remove those of records that are gone."""
    for above in {above for name in pages for above in Path(name).parents if above.name}:
        own_folder(folder, str(above))
    changed = {}
    for inside in {(folder / name).parent for name in pages}:
        for left in inside.glob(STAGED.format("*")):  # by a build that was killed
            left.unlink()
    for name, content in pages.items():
        path = folder / name
        if not path.exists():
            changed[path] = content
        elif (old := read_file(path, LARGEST_PAGE)) != content:
            if path.suffix in MARKS and not ours(path, old):
                raise ConfigError(
                    f"{path} was not made by `rulegen catalog build`; choose another --out"
                )
            changed[path] = content
    try:
        for inside in {path.parent for path in changed}:
            inside.mkdir(parents=True, exist_ok=True)
        write_together(changed)
    except OSError as error:
        raise ConfigError(
            f"cannot write into {folder}: {error.strerror}; choose another --out"
        ) from None
    remove_stale(folder, pages)
    return len(changed)


def remove_stale(folder: Path, pages: Collection[str]) -> None:
    """Remove the pages of records that are gone, and what was copied beside them."""
    for place in (CARDS, SNIPPETS):
        for path in sorted((folder / place).glob("*.*")):
            if f"{place}/{path.name}" not in pages and ours(path, read_file(path, LARGEST_PAGE)):
                path.unlink()
                if place == SNIPPETS:
                    (folder / PRINTS / f"{path.stem}.pdf").unlink(missing_ok=True)


def ours(path: Path, content: bytes) -> bool:
    """Whether a page was made by a build."""
    return path.suffix in MARKS and content.startswith(MARKS[path.suffix].encode())


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other builds away from a folder, which is made if need be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileIO(folder / LOCK, "a+")  # a pipe in its place is no reason to wait
    except OSError as error:
        raise ConfigError(
            f"cannot write into {folder}: {error.strerror}; choose another --out"
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(
                f"another build is writing to {folder}; wait for it, or choose another --out"
            ) from None
        yield


def read_cache(path: Path) -> dict[str, Rendered]:
    """What an earlier build rendered; nothing when that cannot be read."""
    try:
        data = json.loads(read_file(path, LARGEST_PAGE))
        return {key: Rendered.model_validate(value) for key, value in data.items()}
    except (ConfigError, ValueError, RecursionError, AttributeError):
        return {}


def program_digest() -> bytes:
    """A digest of all that pages depend on besides their records: a card names the literature."""
    here, rules = Path(__file__).parent.parent, Path(grammar.__file__).parent
    digest = hashlib.sha256()
    for folder, pattern in (
        (here, "**/*.py"),
        (here, "pages/templates/*"),
        (here, "pages/fonts/*"),
        (here, "rules/*.toml"),
        (rules, "**/*.py"),
    ):
        for path in sorted(folder.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.digest()
