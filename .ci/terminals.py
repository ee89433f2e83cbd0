"""What commands print in terminals, as pages."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, MONOKAI
from rich.text import Text

from rulegen.ground.display import Display
from rulegen.ground.progress import Progress
from rulegen.publishing.config import load_config
from rulegen.publishing.outlook import planned
from rulegen.watching.runs import Runs

ROOT = Path(__file__).parent.parent
COLUMNS = (80, 120)
COMMANDS = {
    "show": ("catalog", "show", "delayed_association"),
    "list": ("catalog", "list"),
    "check": ("check", "bcm"),
    "help": ("discover", "--help"),
}
THEMES = {"light": DEFAULT_TERMINAL_THEME, "dark": MONOKAI}
PAGE = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><style>{stylesheet}
body {{ color: {foreground}; background: {background}; }}
pre {{ font: 14px/1.3 monospace; width: %dch; white-space: pre-wrap; overflow-wrap: anywhere; }}
</style><pre>{code}</pre></html>"""
#: What stands so far to the right is copied, and goes on in the next line of a terminal.
COPIED = " " * 4


def printed(columns: int, out: Path) -> Iterator[tuple[str, dict[str, str], list[str]]]:
    """Of each command: its name, pages by their scheme, and what is wrong with its lines."""
    said = {name: answer(*words, columns=columns) for name, words in COMMANDS.items()}
    said["progress"] = progress(columns, out / "runs" / "looks")
    for name, answered in said.items():
        text = Text.from_ansi(answered)
        console = Console(record=True, width=columns, file=StringIO())
        console.print(text, soft_wrap=True)
        html = {
            scheme: console.export_html(theme=theme, code_format=PAGE % columns, clear=False)
            for scheme, theme in THEMES.items()
        }
        whole = f"terminal {name} {columns}"
        wide = [line.plain for line in text.split() if line.cell_len > columns]
        wide = [line for line in wide if not line.startswith(COPIED)]
        yield whole, html, [f"{whole}: this surface has a line wider than it: {x}" for x in wide]


def answer(*words: str, columns: int) -> str:
    """What a command of rulegen prints in a terminal of this width."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    # What the shell of the caller says of its own terminal is not said of this one.
    known = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-m", "rulegen", *words],
        cwd=ROOT, stdin=its, stdout=its, stderr=its, env={**known, "TERM": "xterm-256color"},
    )  # fmt: skip
    os.close(its)
    said = b""
    try:
        while more := os.read(ours, 1 << 16):
            said += more
    except OSError:  # Linux says so that nobody writes any more
        pass
    os.close(ours)
    if process.wait():
        raise RuntimeError(f"rulegen {' '.join(words)}: {said.decode()}")
    return said.decode().replace("\r\n", "\n")


def progress(columns: int, run: Path) -> str:
    """The display of a run in its middle."""
    history = Runs(run).found()[run.name]
    console = Console(force_terminal=True, width=columns, file=StringIO())
    display = Display(console, planned(load_config(run / "config.toml")))
    found = tuple(history.best.values())
    display(Progress("fit 1 (pgpe)", 4, 8, "reward -0.31  signal/noise 1.2", found=found))
    console.print(display.shown())
    return console.file.getvalue()
