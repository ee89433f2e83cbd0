"""docs/scaling.md: its example of a sweep is one."""

import re
from pathlib import Path

from rulegen.runs.sweep_config import load_sweep

ROOT = Path(__file__).parent.parent


def test_the_example_is_a_sweep(tmp_path):
    (text,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "scaling.md").read_text(), re.S)
    for example in (ROOT / "examples").glob("*.toml"):
        (tmp_path / example.name).write_text(example.read_text())
    path = tmp_path / "sweep.toml"
    path.write_text(text)
    found = load_sweep(path).combinations
    assert len(found) == 12
    assert all(combination.config is not None for combination in found)
