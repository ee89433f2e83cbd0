"""Run the notebooks: `python -m notebooks [NAME ...]` executes each script and writes its `.ipynb`.

With `RULEGEN_FAST` set the notebooks simulate fewer lives, and nothing is written: a check that
they still run.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent
#: A notebook that takes longer is too long for its reader, seconds.
LIMIT = 180


def read(script: Path) -> nbformat.NotebookNode:
    """A script as a notebook without outputs; the same script gives the same bytes."""
    notebook = jupytext.read(script)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
        cell.metadata = {}
    notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"]}
    return notebook


def execute(notebook: nbformat.NotebookNode) -> None:
    """Run all cells in order, in a fresh interpreter."""
    client = NotebookClient(
        notebook,
        timeout=3 * LIMIT,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(FOLDER)}},
        extra_arguments=["--log-level=ERROR"],
    )
    client.execute()
    notebook.metadata.pop("language_info")


def main(names: list[str]) -> None:
    """Execute the named notebooks, or all."""
    scripts = [path for path in sorted(FOLDER.glob("*.py")) if not path.stem.startswith("__")]
    for script in scripts:
        if names and script.stem not in names:
            continue
        began = time.perf_counter()
        notebook = read(script)
        execute(notebook)
        if not os.environ.get("RULEGEN_FAST"):
            nbformat.write(notebook, script.with_suffix(".ipynb"))
        seconds = time.perf_counter() - began
        late = f": more than its reader's {LIMIT} s" if seconds > LIMIT else ""
        print(f"{script.stem}: {seconds:.0f} s{late}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
