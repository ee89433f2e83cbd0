"""Charts as a browser sets them: nothing in them covers a text, on any screen and on paper."""

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest
from markupsafe import Markup

from rulegen.publishing.charts import Bar, bar_chart
from rulegen.publishing.front_chart import Point, front_chart, numbered
from rulegen.watching.page import page

FOUND = Path(__file__).parent.parent / ".ci" / "browser.py"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
#: A telephone, letter paper with the margins of a browser, a small window and a large one.
WIDTHS = {"phone": 360, "print": 739, "window": 800, "screen": 1400}
#: Texts of each figure that stand on another text, or below a mark.
COVERED = """[...document.querySelectorAll('figure')].flatMap((figure, n) => {
  const box = (e) => e.getBoundingClientRect();
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.5
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;
  const texts = [...figure.querySelectorAll('text, .name, .value')].filter((e) => box(e).width);
  const marks = [...figure.querySelectorAll('.mark line, .mark circle, .zero')];
  const wide = ({ left: a, right: b, top, bottom }) => ({ left: a - 1, right: b + 1, top, bottom });
  return texts.flatMap((text, k) => [...texts.slice(k + 1), ...marks]
    .filter((other) => meet(box(text), wide(box(other))))
    .map((other) => `${n}: ${text.textContent} / ${other.textContent || other.outerHTML}`));
})"""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium"),
    pytest.mark.skipif(not FOUND.exists(), reason="its driver is in the repository alone"),
]


@pytest.fixture(scope="module")
def browser():
    spec = importlib.util.spec_from_file_location("browser", FOUND)
    driver = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(driver)
    with driver.Browser(CHROMIUM) as window:
        yield window


def a_front(seed):
    """Rules of a search, the better ones on the front and the last of these picked."""
    rng = np.random.default_rng(seed)
    sizes = np.sort(rng.integers(1, 40, size=rng.integers(1, 30)))
    rewards = -0.3 + 0.002 * sizes + 0.02 * rng.standard_normal(len(sizes))
    error, best = 0.01 * rng.uniform(0.1, 2.0, len(sizes)), np.maximum.accumulate(rewards)
    pick = np.flatnonzero(rewards == best)[-1]
    return [
        Point(
            "theta_1*5*(post - trace(post))*pre", float(sizes[n]),
            Bar("", rewards[n], rewards[n] - error[n], rewards[n] + error[n]),
            bool(rewards[n] == best[n]), n == pick,
        )
        for n in range(len(sizes))
    ]  # fmt: skip


@pytest.mark.parametrize("width", WIDTHS)
def test_no_text_is_covered(browser, tmp_path, width):
    fronts = [a_front(seed) for seed in range(20)]
    charts = [front_chart(points, "reward", "rules") for points in fronts]
    for size in (1e-5, 0.09, 0.73, 2e4):
        bars = [
            Bar("minus a rule with a name of some length", 0.8 * size, 0.3 * size, size),
            Bar("minus no learning", -size / 9, -size / 5, 0.0),
        ]
        charts.append(bar_chart(bars, "gain", "gains"))
    path = tmp_path / "charts.html"
    path.write_text(page("Charts", Markup("").join(charts))[0], "utf-8")
    browser.open(path.as_uri(), "light", WIDTHS[width])
    browser.ask("Emulation.setEmulatedMedia", media="print" if width == "print" else "")
    assert browser.value(COVERED) == []
    shown = browser.value("document.querySelectorAll('.number').length")
    assert shown == sum(bool(number) for points in fronts for number in numbered(points))
