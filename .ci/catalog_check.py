"""What a browser finds in the built page: labels, headings, contrast, keyboard, links, filters,
order.

    python .ci/catalog_check.py catalog/catalog.html

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

SCRIPT = Path(__file__).with_suffix(".js").read_text()
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom",
)  # fmt: skip


def main(page: Path) -> int:
    """Check the page in light and dark, wide and narrow."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        print("no chromium, so nobody looked at the page")
        return 0
    text = page.read_text(encoding="utf-8")
    bad = []
    for kind in ("style", "script"):
        body = re.search(f"<{kind}>(.*?)</{kind}>", text, re.DOTALL)
        named = base64.b64encode(hashlib.sha256(body[1].encode()).digest()) if body else b""
        if f"{kind}-src 'sha256-{named.decode()}'" not in text:
            bad.append(f"the page's own policy does not name its {kind}")
    if not re.search(r'id="filters" role="search">', visited(browser, text)):
        bad.append("the page's own policy does not let its script run")
    # The policy forbids scripts from elsewhere, and so the one that looks at the page.
    watched = POLICY.sub("", text).replace("</body>", f"<script>{SCRIPT}</script></body>")
    for scheme, name in (("0", "dark"), ("1", "light")):
        for width in (1280, 500):
            options = (
                f"--window-size={width},1000",
                f"--blink-settings=preferredColorScheme={scheme}",
            )
            seen = re.search(
                r'id="findings">(.*?)</pre>', visited(browser, watched, *options), re.S
            )
            findings = json.loads(unescape(seen[1])) if seen else ["the page did not answer"]
            bad += [f"{name}, {width} px: {finding}" for finding in findings]
    print("\n".join(bad) or f"{page}: nothing wrong in light and dark, wide and narrow")
    return 1 if bad else 0


def visited(browser: str, text: str, *options: str) -> str:
    """The page as it is after its scripts ran."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_text(text, encoding="utf-8")
        command = [browser, *OPTIONS, *options, path.as_uri()]
        return subprocess.run(command, capture_output=True, text=True, timeout=120).stdout


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
