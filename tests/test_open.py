"""What `rulegen open` and `rulegen catalog open` ask a browser for: one that only notes it."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rulegen.catalog.records.library import HOME

#: A browser writes down what it was asked for.
BROWSER = '#!/bin/sh\nprintf %s "$1" > "$ASKED.part" && mv "$ASKED.part" "$ASKED"\n'
#: Nobody waits longer for a browser, seconds.
LONGEST = 30.0


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Run rulegen, and say what it printed and which address a browser was asked for."""
    program, note = tmp_path / "browse", tmp_path / "asked"
    program.write_text(BROWSER)
    program.chmod(0o755)
    own = {"BROWSER": str(program), "ASKED": str(note), "XDG_CACHE_HOME": str(tmp_path / "cache")}

    def ask(*words):
        command = [sys.executable, "-m", "rulegen", *words]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | own)
        began = time.monotonic()
        while not note.exists() and not done.returncode and time.monotonic() < began + LONGEST:
            time.sleep(0.05)
        return done, note.read_text() if note.exists() else None

    return ask


@pytest.fixture
def records(tmp_path):
    """A folder of two records."""
    for kind, name in (("rules", "oja"), ("discovered", "local_search")):
        folder = tmp_path / "mine" / kind
        folder.mkdir(parents=True)
        for path in (HOME / kind).glob(f"{name}.*"):
            shutil.copy(path, folder)
    return tmp_path / "mine"


def test_the_catalog_is_made_in_the_cache_and_shown(asked, records, tmp_path):
    done, address = asked("catalog", "open", "--records", str(records))
    assert done.returncode == 0, done.stderr
    assert address == done.stdout.strip()
    page = Path(address.removeprefix("file://"))
    assert page.is_relative_to(tmp_path / "cache" / "rulegen") and page.name == "catalog.html"
    text = page.read_text()
    assert text.count('<li class="rule"') == 2 and "Oja" in text
    assert not any(path.suffix == ".html" for path in records.rglob("*"))


def test_a_page_that_is_there_is_shown(asked, tmp_path):
    page = tmp_path / "my catalog.html"
    page.write_text("<title>mine</title>")
    done, address = asked("catalog", "open", str(page))
    assert done.returncode == 0 and address == page.as_uri() == done.stdout.strip()


def test_a_page_that_is_not_there_opens_nothing(asked, tmp_path):
    done, address = asked("catalog", "open", str(tmp_path / "none.html"))
    assert done.returncode == 2 and address is None
    assert "there is no page" in done.stderr


def test_the_report_of_a_run_is_made_and_shown(asked, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    shutil.copy(HOME / "discovered" / "local_search.toml", run / "record.toml")
    done, address = asked("open", str(run))
    assert done.returncode == 0, done.stderr
    page = Path(address.removeprefix("file://"))
    assert address == done.stdout.strip() and "<title>" in page.read_text()


def test_a_folder_of_runs_names_the_latest(asked, tmp_path):
    for name, when in (("mine-1", 2e9), ("mine-2", 1e9)):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "record.toml").write_text("")
        os.utime(tmp_path / "runs" / name / "record.toml", (when, when))
    done, address = asked("open", str(tmp_path / "runs"))
    assert done.returncode == 2 and address is None
    assert done.stderr.rstrip().endswith(f"name one in it, such as {tmp_path}/runs/mine-1")
