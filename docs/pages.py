"""What becomes a page of the documentation site; mkdocs calls the functions by their names.

Every file keeps its path in the repository, so a relative link leads to the same place on a code
host and on the site. Notebooks are shown as their executed outputs are; formulas become MathML,
which needs no script and no network.
"""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import nbformat
from griffe import Extension, Object
from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from nbconvert import MarkdownExporter

from rulegen.catalog.pages.mathfont import math_style
from rulegen.catalog.pages.pens import PLATE

ROOT = Path(__file__).parent.parent
#: Files that are pages or pictures of the site.
SHOWN = (
    "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/**/*.md", "docs/*.png",
    "docs/analyses/*.png", "docs/analyses/*.gif", "docs/generalist/*.png",
    "docs/site.css", "docs/*.js",
    "catalog/README.md", "catalog/cards/*.md", "catalog/discovered/*.png", "catalog/catalog.html",
    "catalog/pages/fonts/LICENCE.txt", "examples/*.toml", "examples/*.py",
)  # fmt: skip
EXAMPLE = re.compile(r"^Example:$", re.MULTILINE)
#: The page that lists the others of the reference, and what such a page shows.
OVERVIEW, SHOWS = "docs/api/rulegen.md", re.compile(r"^::: ((?:\w+\.)+(\w+))$", re.MULTILINE)
#: What made a page stands before its title, where no title is looked for.
MADE_BY = re.compile(r"\A<!-- made by [^>]*-->\s*")
#: A cell of a table, and an interval in it, of which no end goes to another line.
CELL = re.compile(r"(?<=<td>).*?(?=</td>)", re.DOTALL)
INTERVAL = re.compile(r"\[-?[\d.]+, -?[\d.]+\]")
#: What the theme opens for the search, which has no name there.
SEARCH = '<div class="md-search" data-md-component="search" role="dialog"'
FORMULA = re.compile(r'<(div|span) class="arithmatex">\\[\[(](.*?)\\[\])]</\1>', re.DOTALL)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Take the files of the repository by their paths in it."""
    for file in [
        file for file in files if Path(str(file.abs_src_path)).is_relative_to(ROOT / "docs")
    ]:
        files.remove(file)
    for pattern in SHOWN:
        for path in sorted(ROOT.glob(pattern)):
            name = path.relative_to(ROOT).as_posix()
            files.append(File(name, str(ROOT), config.site_dir, config.use_directory_urls))
    made = math_style() + PLATE
    files.append(File.generated(config, "docs/formulas.css", content=made))
    licence = (ROOT / "LICENSE").read_text()
    files.append(File.generated(config, "LICENSE.md", content=f"# Licence\n\n{licence}"))
    for path in sorted(ROOT.glob("notebooks/*.ipynb")):
        page, pictures = notebook(path)
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=page))
        for name, content in pictures.items():
            files.append(File.generated(config, f"notebooks/{name}", content=content))
    return files


def notebook(path: Path) -> tuple[str, dict[str, bytes]]:
    """An executed notebook as a page, and its pictures by their names."""
    cells = nbformat.read(path, as_version=4)
    cells.metadata["language_info"] = {"name": "python"}
    names = {"unique_key": path.stem, "output_files_dir": f"{path.stem}_files"}
    page, resources = MarkdownExporter().from_notebook_node(cells, names)
    return page, resources["outputs"]


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Titles come first, and links to notebooks and the licence lead to their pages."""
    markdown = MADE_BY.sub("", markdown)
    if page.file.src_uri == OVERVIEW:
        markdown = re.sub(r"^- .*$", with_names, markdown, flags=re.MULTILINE)
    return re.sub(r"\]\(((?:\.\./)?notebooks/\w+)\.ipynb\)", r"](\1.md)", markdown).replace(
        "](LICENSE)", "](LICENSE.md)"
    )


def with_names(line: re.Match[str]) -> str:
    """A line that leads to pages of the reference, and the names that they show."""
    pages = re.findall(r"\((\w+\.md)\)", line[0])
    shown = [
        f"[`{name}`][{place}]"
        for page in pages
        for place, name in SHOWS.findall((ROOT / OVERVIEW).with_name(page).read_text())
    ]
    return f"{line[0]}  \n    {', '.join(shown)}"


def on_page_content(html: str, **_: object) -> str:
    """Formulas as MathML, and tables that are set alike and break no interval."""
    html = html.replace('<table border="1" class="dataframe">', "<table>")
    html = CELL.sub(lambda cell: INTERVAL.sub(r'<span class="whole">\g<0></span>', cell[0]), html)
    return FORMULA.sub(formula, html)


def on_post_page(output: str, **_: object) -> str:
    """The search has a name, for those who hear the page read."""
    return output.replace(SEARCH, f'{SEARCH} aria-label="Search"')


def formula(found: re.Match[str]) -> str:
    """One formula, displayed or in a line; a notebook has displayed ones in lines."""
    displayed = found[1] == "div" or r"\displaystyle" in found[2]
    latex = unescape(found[2]).replace(r"\displaystyle", "").strip()
    # The library knows `split` alone, which is set in the same way.
    latex = latex.replace("{aligned}", "{split}")
    mathml = convert(latex, display="block" if displayed else "inline")
    return f'<span class="displayed" tabindex="0">{mathml}</span>' if displayed else mathml


class Examples(Extension):
    """Shows what follows `Example:` in a docstring as a session of the interpreter."""

    def on_object(self, *, obj: Object, **_: object) -> None:
        """Call the section as the reader of docstrings does."""
        if obj.docstring:
            obj.docstring.value = EXAMPLE.sub("Examples:", obj.docstring.value)
