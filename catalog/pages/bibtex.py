"""References and rules as BibTeX, made from the citations that records have as text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from itertools import chain, count

from rulegen.catalog.records.record import Record, Reference

#: Authors, year, title and where it appeared: `Oja E (1982). A model. Journal 15: 267-273.`
CITATION = re.compile(r"(?P<authors>.+?) \((?P<year>\d{4})\)\. (?P<title>.+?)\. (?P<venue>.+?)\.?")
#: A journal or a meeting, its volume and the pages.
VENUE = re.compile(r"(?P<name>.*?)(?: (?P<volume>\d+))?(?:: (?P<pages>[\w-]+))?")
#: A publisher with its town.
PUBLISHER = re.compile(r"(?P<publisher>[^,\d]+), (?P<address>[^,\d]+)")
AUTHOR = re.compile(r"(?P<family>.+) (?P<initials>[A-ZÀ-ÖØ-Þ]{1,4})")
#: What BibTeX and TeX would take for markup.
SPECIAL = str.maketrans(
    {c: f"\\{c}" for c in "&%$#_"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {"{": r"\textbraceleft{}", "}": r"\textbraceright{}"}
)
#: Words that no key is made of.
SHORT = 4

Fields = Mapping[str, str]


def bibtex(records: Iterable[Record]) -> str:
    """The references of rules, and the discovered rules themselves; each once.

    Example:
        >>> from rulegen.catalog import find
        >>> print(bibtex([find("oja")]), end="")
        @article{oja1982simplified,
          author = {Oja, E.},
          title = {{A simplified neuron model as a principal component analyzer}},
          journal = {Journal of Mathematical Biology},
          volume = {15},
          pages = {267--273},
          year = {1982},
          doi = {10.1007/BF00275687},
        }
    """
    found: dict[str, str] = {}
    for record in records:
        entries = [discovered(record)] if record.kind == "discovered" else []
        for kind, key, fields in [*entries, *map(reference, record.references)]:
            shown = body(fields)
            letters = (f"{key}{letter}" for letter in "bcdefghijklmnopqrstuvwxyz")
            names = chain([key], letters, (f"{key}_{number}" for number in count(27)))
            free = next(n for n in names if found.get(n, shown).endswith(shown))
            found[free] = f"@{kind}{{{free},\n{shown}"
    return "\n".join(found.values())


def body(fields: Fields) -> str:
    """The fields of an entry, and its end."""
    return "".join(f"  {name} = {{{text}}},\n" for name, text in fields.items() if text) + "}\n"


def reference(source: Reference) -> tuple[str, str, Fields]:
    """Kind, key and fields of an entry; a citation of another form becomes a note."""
    citation = " ".join(source.citation.split())
    link = {"doi": escaped(source.doi)}
    if source.arxiv:
        link |= {"eprint": source.arxiv, "archiveprefix": "arXiv"}
    read = CITATION.fullmatch(citation)
    if read is None:
        return "misc", key_of(citation, "", ""), {"note": escaped(citation), **link}
    title, _, venue = f"{read['title']}. {read['venue']}".rpartition(". ")
    if venue.startswith("arXiv:"):
        kind, place = "misc", dict[str, str]()
    else:
        kind, place = appeared(venue)
    return (
        kind,
        key_of(read["authors"], read["year"], title),
        {
            "author": " and ".join(map(author, read["authors"].split(", "))),
            "title": f"{{{escaped(title)}}}",
            **place,
            "year": read["year"],
            **link,
        },
    )


def appeared(venue: str) -> tuple[str, dict[str, str]]:
    """The kind of an entry, and where it appeared.

    Example:
        >>> appeared("Neuron 81: 521-528")
        ('article', {'journal': 'Neuron', 'volume': '81', 'pages': '521--528'})
        >>> appeared("Wiley, New York"), appeared("ICML")
        (('book', {'publisher': 'Wiley', 'address': 'New York'}), ('inproceedings', {'booktitle': 'ICML'}))
    """  # noqa: E501
    if book := PUBLISHER.fullmatch(venue):
        return "book", {name: escaped(text) for name, text in book.groupdict().items()}
    read = VENUE.fullmatch(venue)
    assert read is not None  # a name alone fits
    name, volume, pages = (escaped(read[part] or "") for part in ("name", "volume", "pages"))
    kind, where = ("article", "journal") if pages else ("inproceedings", "booktitle")
    place = {where: name, "volume": volume, "pages": pages.replace("-", "--")}
    return kind, {name: text for name, text in place.items() if text}


def author(name: str) -> str:
    """A name as BibTeX sorts it; one without initials stands as it is.

    Example:
        >>> author("van Hemmen JL"), author("The rulegen developers")
        ('van Hemmen, J. L.', '{The rulegen developers}')
    """
    read = AUTHOR.fullmatch(name)
    if read is None:
        return f"{{{escaped(name)}}}"
    return f"{escaped(read['family'])}, {' '.join(f'{i}.' for i in read['initials'])}"


def discovered(record: Record) -> tuple[str, str, Fields]:
    """The entry of a rule that a run discovered."""
    evidence = record.evidence
    version = evidence.versions.get("rulegen", "") if evidence else ""
    told = [f"record {record.name}", f"digest {record.digest}"]
    if evidence:
        told += [f"seed {evidence.seed}", *([f"data {evidence.data}"] if evidence.data else [])]
    fields = {
        "title": f"{{{escaped(' '.join(record.title.split()))}}}",
        "howpublished": f"Plasticity rule, discovered by rulegen {version}".strip(),
        "note": escaped(", ".join(told)),
    }
    return "misc", f"rulegen_{record.name}", fields


def software(version: str) -> str:
    """The entry of rulegen itself."""
    fields = {
        "author": author("The rulegen developers"),
        "title": "{rulegen: symbolic rule discovery for synaptic plasticity}",
        "version": version,
        "license": "MIT",
        "year": "2026",
    }
    return "@software{rulegen,\n" + body(fields)


def key_of(authors: str, year: str, title: str) -> str:
    """A key in ASCII: the first author, the year and the first long word of the title.

    Example:
        >>> key_of("Frémaux N, Gerstner W", "2010", "On requirements")
        'fremaux2010requirements'
    """
    first = AUTHOR.fullmatch(authors.split(", ")[0])
    words = re.findall("[a-z]+", folded(title))
    long = next((word for word in words if len(word) > SHORT), "".join(words[:1]))
    family = "".join(re.findall("[a-z]+", folded(first["family"] if first else authors[:30])))
    return f"{family}{year}{long}" or "reference"


def folded(text: str) -> str:
    """Small letters without accents."""
    parts = unicodedata.normalize("NFD", text.casefold())
    return "".join(c for c in parts if not unicodedata.combining(c))


def escaped(text: str) -> str:
    """Text in which nothing is markup."""
    return text.translate(SPECIAL)
