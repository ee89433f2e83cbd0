"""Every command that runs lives gives on two hosts what it gives on one, and says it once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from test_outcomes_beside import SEARCH
from test_several import free_port

#: What each command is called with, and a table that it leaves behind.
COMMANDS = {
    "simulate": (("oja", "hebb", "--lives", "5", "--trials", "20", "--out", "OUT.csv"), ".csv"),
    "compare": (
        ("oja", "hebb", "--as-is", "--lives", "6", "--trials", "20", "--out", "OUT"),
        "rewards.csv",
    ),
    "search": (("search.toml", "--out", "OUT"), "front.csv"),
    "analyse": (("scene.toml", "--lives", "6", "--repeats", "2", "--out", "OUT"), "circuits.csv"),
}
SCENE = """
[task]
name = "delayed_association"
[circuit]
neurons = 8
[life]
trials = 20
[[rules]]
name = "node"
rule = "param eta = 0.001 1/ms\\nde/dt = xi*pre\\non trial start: e <- 0\\non reward: w += eta*R*e"
"""


def finished(folder: Path, *commands: list[str], devices: tuple[int, ...] = (1, 1)) -> list[str]:
    """What some processes say that run at the same time, on so many devices each."""
    (folder / "search.toml").write_text(SEARCH)
    (folder / "scene.toml").write_text(SCENE)
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "rulegen", *command],
            cwd=folder,
            env={**os.environ, "JAX_NUM_CPU_DEVICES": str(count)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command, count in zip(commands, devices, strict=False)
    ]
    said = []
    for process in started:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        said.append("".join(line for line in out.splitlines(True) if not line.startswith("[Gloo]")))
    return said


@pytest.mark.parametrize("name", COMMANDS)
def test_two_hosts_give_what_one_gives(name: str, tmp_path: Path) -> None:
    arguments, left = COMMANDS[name]

    def called(out: str) -> list[str]:
        return [name, *(a.replace("OUT", out) for a in arguments)]

    (alone,) = finished(tmp_path, called("one"))
    place = f"127.0.0.1:{free_port()}"
    first, second = finished(
        tmp_path, *([*called("two"), "--host", f"{i}/2@{place}"] for i in range(2))
    )
    assert second.strip() == ""
    assert len(first.splitlines()) == len(alone.splitlines()) > 1
    one, two = (
        tmp_path / (f"{out}{left}" if left.startswith(".") else f"{out}/{left}")
        for out in ("one", "two")
    )
    pd.testing.assert_frame_equal(pd.read_csv(one), pd.read_csv(two), rtol=1e-4)


def test_unlike_hosts_share_a_run_and_go_on_with_it(tmp_path: Path) -> None:
    """One has a device, the other three; killed half-way, they resume what all of them know."""
    arguments = ["search", "search.toml", "--out"]
    finished(tmp_path, [*arguments, "one"])
    place = ["--host", f"{{}}/2@127.0.0.1:{free_port()}"]
    two = [[*arguments, "two", *(part.format(i) for part in place)] for i in range(2)]
    finished(tmp_path, *two, devices=(1, 3))
    history = tmp_path / "two/history.jsonl"
    lines = history.read_bytes().splitlines(keepends=True)
    history.write_bytes(b"".join(lines[: len(lines) // 2]))
    place = ["--resume", "--host", f"{{}}/2@127.0.0.1:{free_port()}"]
    two = [[*arguments, "two", *(part.format(i) for part in place)] for i in range(2)]
    finished(tmp_path, *two, devices=(1, 3))
    one, other = (pd.read_csv(tmp_path / out / "front.csv") for out in ("one", "two"))
    pd.testing.assert_frame_equal(one, other, rtol=1e-4)
    assert len(history.read_bytes().splitlines()) == len(lines)
