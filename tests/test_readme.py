"""The README's Python and shell examples run as printed."""

import re
import subprocess
import sys
from pathlib import Path

from test_robustness import CONFIG

TEXT = (Path(__file__).parent.parent / "README.md").read_text()


#: A configuration of seconds that publishes something.
SMALL = CONFIG.replace("trials = 6", "trials = 60").replace("neurons = 4", "neurons = 8")
SMALL = SMALL.replace("[evaluate]\nlives = 16", "[evaluate]\nlives = 128")
CODE = re.findall(r"```python\n(.*?)```", TEXT, re.S)


def test_the_python_example_runs():
    done = subprocess.run(
        [sys.executable, "-c", CODE[0]], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert "local, given side information" in done.stdout
    assert re.search(r"-0\.\d+ \[-0\.\d+, -0\.\d+\]", done.stdout)


def test_the_discovery_in_python_runs(tmp_path):
    """With a smaller configuration in place of the example."""
    (tmp_path / "small.toml").write_text(SMALL)
    code = CODE[1].replace("examples/delayed_association.toml", "small.toml")
    assert code != CODE[1]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs/mine/card.md").exists()


def test_the_rule_is_a_rule():
    from rulegen.grammar import parse

    (text,) = re.findall(r"```rule\n(.*?)```", TEXT, re.S)
    assert len(parse(text).terms()) == 3


def test_the_files_it_names_exist():
    root = Path(__file__).parent.parent
    for name in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (root / name).exists(), name
    for name in re.findall(r"`(\w+\.toml)`", TEXT):
        assert (root / "examples" / name).exists(), name
