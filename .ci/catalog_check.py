"""What a browser finds in the built page: labels, headings, contrast, keyboard, links, filters,
order, comparison, what axe-core says, and whether formulas have their marks.

    python .ci/catalog_check.py catalog/catalog.html [build/axe.min.js]

Exits with 1 when something is wrong. Without chromium it says so and exits with 0.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from html import unescape
from pathlib import Path

import numpy as np
from PIL import Image

from rulegen.catalog.pages.mathfont import math_style
from rulegen.grammar import parse
from rulegen.grammar.printing.display import displayed
from rulegen.grammar.printing.mathml import mathml

SCRIPT = Path(__file__).with_suffix(".js").read_text()
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
#: Scripts may take so long, in the time of the page.
WAIT = "--virtual-time-budget=60000"
#: No larger page, bytes; no slower filter, ms; nobody waits longer for the page, ms.
LARGEST, SLOWEST, LONGEST = 2_000_000, 500, 1000


def main(page: Path, axe: Path | None = None) -> int:
    """Check the page in light and dark, wide and narrow."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        print("no chromium, so nobody looked at the page")
        return 0
    text = page.read_text(encoding="utf-8")
    bad = []
    if len(text.encode()) > LARGEST:
        bad.append(f"the page has {len(text.encode())} bytes")
    for kind in ("style", "script"):
        body = re.search(f"<{kind}>(.*?)</{kind}>", text, re.DOTALL)
        named = base64.b64encode(hashlib.sha256(body[1].encode()).digest()) if body else b""
        if f"{kind}-src 'sha256-{named.decode()}'" not in text:
            bad.append(f"the page's own policy does not name its {kind}")
    if not re.search(r'id="filters" role="search">', visited(browser, text, WAIT)):
        bad.append("the page's own policy does not let its script run")
    if re.search(r'id="filters" role="search">|<details open', text):
        bad.append("without scripts the page offers what needs them, or is open")
    found, times = looked(browser, text, axe)
    bad += [*found, *marks(browser)]
    told = f"filters in {times[0]:.0f} ms, open in {times[1]:.0f} ms, {len(text.encode())} bytes"
    if times[0] > SLOWEST or not 0 < times[1] <= LONGEST:
        bad.append(f"slow: {told}")
    seen = "axe-core and this script" if axe and axe.exists() else "this script, without axe-core,"
    print("\n".join(bad) or f"{page}: {seen} found nothing wrong; {told}")
    return 1 if bad else 0


def looked(browser: str, text: str, axe: Path | None) -> tuple[list[str], tuple[float, float]]:
    """What the script in the page finds, and how long filters and the page took, ms."""
    # The policy forbids scripts from elsewhere, and so those that look at the page.
    helper = f"<script>{axe.read_text()}</script>" if axe and axe.exists() else ""
    bare, bad = POLICY.sub("", text), list[str]()
    for scheme, name in (("0", "dark"), ("1", "light")):
        for width in (1280, 500):
            options = (
                f"--window-size={width},1000",
                f"--blink-settings=preferredColorScheme={scheme}",
            )
            # axe-core takes long, and finds the same in both of what it sees twice.
            also = helper if (scheme, width) in (("0", 500), ("1", 1280)) else ""
            watched = bare.replace("</body>", f"{also}<script>{SCRIPT}</script></body>")
            answer = answered(visited(browser, watched, WAIT, *options))
            bad += [f"{name}, {width} px: {finding}" for finding in answer]
    # Time as it passes: scripts that wait for nothing are over when the page is read.
    read = "<script>const opened = performance.now();</script>"
    clock = "document.title = JSON.stringify([slowest, opened]);"
    timed = bare.replace("</body>", f"{read}<script>{SCRIPT}{clock}</script></body>")
    # Whatever else the machine does only adds to it.
    pages = [visited(browser, timed, "--window-size=1280,1000") for _ in range(3)]
    titles = [re.search(r"<title>(\[.*?\])</title>", page) for page in pages]
    times = [json.loads(title[1]) if title else (np.inf, np.inf) for title in titles]
    slowest, opened = np.min(times, axis=0)
    return bad, (slowest, opened)


def answered(page: str) -> list[str]:
    """What the script wrote into the page."""
    seen = re.search(r'id="findings">(.*?)</pre>', page, re.DOTALL)
    return json.loads(unescape(seen[1])) if seen else ["the page did not answer"]


def marks(browser: str) -> list[str]:
    """By picture, at both scales: whether bars and dots are seen over letters, and over words."""
    bad = []
    rules = {"none": "a <- R : global", "bar": "a_bar <- R : global", "dot": "da/dt = R : global"}
    for scale in (1, 2):
        heights = {
            name: ink(photographed(browser, mathml(displayed(parse(rule))), scale))
            for name, rule in rules.items()
        }
        for name in ("bar", "dot"):
            if heights[name] < heights["none"] + 2 * scale:
                bad.append(f"a {name} over a letter is not seen at {scale}x")
        word = photographed(browser, mathml(displayed(parse("drive_bar <- R : global"))), scale)
        if not covered(word, scale):
            bad.append(f"a bar over a word does not cover it at {scale}x")
    return bad


def covered(picture: np.ndarray, scale: int) -> bool:
    """Whether what is topmost in a formula is as wide as the word below it."""
    dark = picture < 200
    top, thick = np.flatnonzero(dark.any(axis=1))[0], 2 * scale
    bar, below = (
        np.flatnonzero(rows.any(axis=0)) for rows in (dark[top : top + thick], dark[top + thick :])
    )
    end = below[np.flatnonzero(np.diff(below, append=np.inf) > 4 * scale)[0]]
    return bool(bar[0] <= below[0] + 2 * scale and abs(bar[-1] - end) <= 2 * scale)


def ink(picture: np.ndarray) -> int:
    """How high the first letter of a formula reaches over the line of the page, pixels."""
    dark = picture < 200
    columns = np.flatnonzero(dark.any(axis=0))
    end = columns[0] + np.flatnonzero(np.diff(columns, append=columns[-1] + 99) > 3)[0]
    rows = np.flatnonzero(dark[:, columns[0] : end + 1].any(axis=1))
    return int(rows[-1] - rows[0])


def photographed(browser: str, formula: str, scale: int) -> np.ndarray:
    """A formula as it is seen, shape (rows, columns), 0 black and 255 white.

    It stands across an edge of the tiles that a browser paints one by one.
    """
    body = "background: white; color: black; font-size: 1.15rem; padding-left: 235px;"
    style = f"<style>{math_style()} body {{ {body} }}</style>"
    with tempfile.TemporaryDirectory() as folder:
        path, picture = Path(folder) / "formula.html", Path(folder) / "formula.png"
        path.write_text(f"<!DOCTYPE html><meta charset='utf-8'>{style}{formula}", "utf-8")
        options = (f"--screenshot={picture}", f"--force-device-scale-factor={scale}")
        command = [browser, *OPTIONS, *options, "--window-size=500,300", path.as_uri()]
        subprocess.run(command, capture_output=True, timeout=120, check=True)
        return np.asarray(Image.open(picture).convert("L"))


def visited(browser: str, text: str, *options: str) -> str:
    """The page as it is after its scripts ran."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_text(text, encoding="utf-8")
        command = [browser, *OPTIONS, "--dump-dom", *options, path.as_uri()]
        return subprocess.run(command, capture_output=True, text=True, timeout=300).stdout


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
