"""Pictures of everything that people see, and whether any of it is empty, cut or unreadable.

    python .ci/looks.py build/looks [build/axe.min.js]

Needs the site (`make docs`) and makes a run of seconds where the folder has none. Each surface is
seen light and dark; pages in a wide and a narrow window, what is printed in terminals of two
widths. Where axe-core is there it looks for what some people cannot use. Exits with 1 and a
sentence for each surface that falls short. Without chromium it says so
and exits with 0.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import browser
import numpy as np
from PIL import Image
from terminals import COLUMNS, printed

from rulegen.watching.page import compared_page, page, run_page, runs_page
from rulegen.watching.runs import Runs

ROOT = Path(__file__).parent.parent
SCRIPT = Path(__file__).with_suffix(".js").read_text()
SITE = ROOT / "build" / "site"
#: Pages of the site: one of each kind.
PAGES = {
    "site home": "index.html",
    "site rule": "catalog/cards/delayed_association.html",
    "site rules": "catalog/index.html",
    "site results": "docs/results.html",
    "site gallery": "docs/gallery.html",
    "site reference": "docs/api/rules.html",
    "site notebook": "notebooks/discover_a_rule.html",
}
#: Pages that read in a browser without scripts, and what is in each all the same.
WITHOUT = {
    "catalog": "#rules > li math",
    "report": "svg.drawing path",
    "watch run": "svg.drawing path",
}
SCHEMES, WIDTHS = ("light", "dark"), (1400, 400)
#: No picture is higher, pixels; a page of fewer pixels than this share that are not background is
#: empty; the background of a dark page is darker than this, from 0 to 255.
HIGHEST, EMPTY, DARK = 3000, 0.005, 100
#: In which views axe-core looks, and how it is asked.
AXED = (("light", WIDTHS[0]), ("dark", WIDTHS[1]))
AXE = """axe.run({ resultTypes: ["violations"] }).then(({ violations }) => violations
  .filter(({ impact }) => ["serious", "critical"].includes(impact))
  .map(({ id, help, nodes }) => `axe, ${id}: ${help}: ${nodes[0].html.slice(0, 120)}`))"""
#: So many columns of pixels are the edge of a page.
EDGE = 4


def main(out: Path, axe: Path | None = None) -> int:
    """See all surfaces."""
    program = browser.found()
    if program is None:
        print("no chromium, so nobody looked")
        return 0
    out = out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    bad, number = list[str](), 0
    helper = axe.read_text() if axe and axe.exists() else ""
    with browser.Browser(program) as window:
        places = pages(out)
        for name, address in places.items():
            for width in WIDTHS:
                for scheme in SCHEMES:
                    number += 1
                    bad += seen(window, address, scheme, width, out / f"{name}-{scheme}-{width}")
                    # axe-core finds the same in both of what it sees twice.
                    if helper and (scheme, width) in AXED:
                        bad += [f"{name}, {scheme}: {told}" for told in unusable(window, helper)]
        for name, part in WITHOUT.items():
            number += 1
            address, shown = places[name], out / f"{name}-without scripts"
            bad += seen(window, address, SCHEMES[0], WIDTHS[0], shown, scripts=False)
            if not window.value(f"document.querySelector('{part}').checkVisibility()"):
                bad.append(f"{name}: without scripts nobody sees {part}")
        for columns in COLUMNS:
            for name, html, wrong in printed(columns, out):
                bad += wrong
                for scheme in SCHEMES:
                    number += 1
                    path = out / f"{name}-{scheme}.html"
                    path.write_text(html[scheme], "utf-8")
                    bad += seen(window, path.as_uri(), scheme, 11 * columns, path.with_suffix(""))
    also = "" if helper else ", without axe-core"
    print(
        "\n".join(bad) or f"{number} pictures in {out}: nothing is empty, cut or unreadable{also}"
    )
    return 1 if bad else 0


def pages(out: Path) -> dict[str, str]:
    """Addresses of the pages by what they are."""
    run = out / "runs" / "looks"
    if not (run / "summary.json").exists():
        command = (sys.executable, "-m", "rulegen", "discover", ".ci/looks.toml", "--out", str(run))
        subprocess.run([*command, "--resume"], check=True, cwd=ROOT, capture_output=True)
    places = {name: SITE / path for name, path in PAGES.items()}
    places |= {"catalog": ROOT / "catalog" / "catalog.html", "report": run / "report.html"}
    for name, (title, body) in watched(run).items():
        places[name] = out / f"{name}.html"
        places[name].write_text(page(title, body)[0], "utf-8")
    return {name: path.resolve(strict=True).as_uri() for name, path in places.items()}


def watched(run: Path) -> dict[str, tuple[str, str]]:
    """What `rulegen watch` serves, by its name: title and body."""
    histories = Runs(run.parent).found()
    return {
        "watch run": (run.name, run_page(histories[run.name], alone=True)),
        "watch runs": ("Runs", runs_page(histories)),
        "watch compare": ("Runs compared", compared_page(histories)),
    }


def seen(
    window: browser.Browser, address: str, scheme: str, width: int, path: Path, scripts: bool = True
) -> Iterator[str]:
    """Keep the picture of a page, and say what is wrong with it."""
    window.open(address, scheme, width, scripts)
    told = window.value(SCRIPT)
    data = window.picture(width, min(told["height"], HIGHEST))
    path.with_suffix(".png").write_bytes(data)
    wrong = [*told["found"], *blank(np.asarray(Image.open(BytesIO(data)).convert("RGB")), scheme)]
    for finding in wrong:
        yield f"{path.name}: this surface {finding}"


def unusable(window: browser.Browser, axe: str) -> list[str]:
    """What axe-core finds in a page that is open, serious or worse."""
    window.value(f"{axe}; undefined")
    told: list[str] = window.value(AXE)
    return told


def blank(picture: np.ndarray, scheme: str) -> Iterator[str]:
    """What a picture lacks."""
    packed = picture.astype(np.int32) @ (1 << 16, 1 << 8, 1)
    counts = np.bincount(packed.ravel())
    share = 1 - counts.max() / packed.size
    if share < EMPTY:
        yield f"is empty: {share:.2%} of its pixels are not background"
    # Pictures may be lighter than the page that they are in, but leave it an edge.
    edge = int(np.bincount(packed[:, :EDGE].ravel()).argmax())
    if (sum(edge.to_bytes(3)) / 3 < DARK) != (scheme == "dark"):
        yield f"is not {scheme}"


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
