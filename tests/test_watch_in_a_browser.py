"""An open page of a watch: what is done on it outlasts its refreshes, and bad news is told."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_watch import a_run, gradient, look

FOUND = Path(__file__).parent.parent / ".ci" / "browser.py"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
#: Seconds until a page has followed, at the latest.
LONG = 30.0
#: The chart in the focus, and what is seen of it.
FIGURE = "document.querySelector('section[aria-labelledby=reward] figure')"

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium"),
    pytest.mark.skipif(not FOUND.exists(), reason="its driver is in the repository alone"),
]


@pytest.fixture
def opened(tmp_path):
    """A browser, a folder with two runs, and a process that watches them at an address."""
    for name in ("a", "b"):
        a_run(tmp_path / name, *(gradient(n) for n in range(9)), look(1, -0.3))
    spec = importlib.util.spec_from_file_location("browser", FOUND)
    driver = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(driver)
    given = [sys.executable, "-m", "rulegen", "watch", str(tmp_path), "--port", "0"]
    with subprocess.Popen(given, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        try:
            address = process.stdout.readline().split()[0]
            with driver.Browser(CHROMIUM) as browser:
                yield browser, tmp_path, process, address
        finally:
            process.kill()


def grow(folder, *lines):
    with (folder / "history.jsonl").open("ab") as file:
        file.write(b"".join(lines))


def until(browser, script):
    """Wait until a page says so."""
    end = time.monotonic() + LONG
    while not browser.value(script):
        assert time.monotonic() < end, browser.value("document.body.innerText.slice(0, 600)")
        time.sleep(0.2)


def test_a_refresh_keeps_focus_zoom_and_slider(opened):
    browser, folder, _, address = opened
    browser.open(f"{address}run?run=a", "light", 1000)
    zoom = f"[...{FIGURE}.querySelectorAll('button')].find((b) => b.innerText === 'Zoom in')"
    browser.value(f"{FIGURE}.show({{ value: 4 }}), {zoom}.focus(), {zoom}.click()")
    before = browser.value(f"{FIGURE}.view()")
    assert before["value"] == 4 and before["range"] == [2, 6]
    browser.value(f"window.old = {FIGURE}")
    grow(folder / "a", gradient(9), gradient(10))
    until(browser, f"window.old !== {FIGURE}")
    assert browser.value(f"{FIGURE}.view()") == before
    assert browser.value(f"document.activeElement === {zoom}")
    # The slider has the focus as well, and the page goes on.
    browser.value(f"window.old = {FIGURE}, window.old.querySelector('[type=range]').focus()")
    grow(folder / "a", gradient(11))
    until(browser, f"window.old !== {FIGURE}")
    assert browser.value("document.activeElement.type") == "range"
    assert browser.value(f"{FIGURE}.contains(document.activeElement)")


def test_the_focus_follows_a_run_through_the_list(opened):
    browser, folder, _, address = opened
    browser.open(address, "light", 1000)
    browser.value("document.querySelector('input[value=b]').focus()")
    browser.value("window.old = document.activeElement, window.old.checked = true")
    grow(folder / "a", gradient(9, reward=9.0))
    until(browser, "!document.contains(window.old)")
    assert browser.value("document.activeElement.value") == "b"
    assert browser.value("document.activeElement.checked")


def test_a_page_says_when_nobody_answers(opened):
    browser, _, process, address = opened
    browser.open(f"{address}run?run=a", "light", 1000)
    assert browser.value("document.querySelector('#lost').innerText") == ""
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=10)
    until(browser, "document.querySelector('#lost').innerText.includes('No longer followed')")
    assert browser.value("document.querySelector('#lost').getAttribute('role')") == "status"
    assert "stood at" in browser.value("document.querySelector('#lost').innerText")
