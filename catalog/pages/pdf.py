"""From LaTeX to PDF, where latexmk is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from rulegen.catalog.records.files import write_together
from rulegen.grammar import RunError

#: A document that takes longer than this has come to a stop, seconds.
LONGEST = 600.0
COMMAND = (
    "latexmk", "-norc", "-pdf", "-interaction=nonstopmode", "-halt-on-error",
    "-pdflatex=pdflatex -no-shell-escape %O %S",
)  # fmt: skip


def make_pdf(document: Path, pdf: Path) -> bool:
    """Compile a document without letting it run commands or write elsewhere.

    A PDF that is newer than all that lies beside and below the document stays.

    Args:
        document: the file to compile; what it includes lies beside it or one folder above.
        pdf: where the result goes.

    Returns:
        Whether there is a PDF: False when latexmk is not installed.

    Raises:
        RunError: when LaTeX fails; the message has its first complaint.
    """
    if shutil.which("latexmk") is None:
        return False
    parts = [path.stat().st_mtime for path in document.parent.rglob("*") if path.is_file()]
    if pdf.exists() and pdf.stat().st_mtime > max(parts):
        return True
    # TeX may read and write only what lies below these folders.
    careful = {**os.environ, "openin_any": "p", "openout_any": "p", "TEXINPUTS": ".:..:"}
    with tempfile.TemporaryDirectory() as scratch:
        try:
            done = subprocess.run(
                [*COMMAND, f"-outdir={scratch}", document.name],
                cwd=document.parent,
                env=careful | {"TEXMFOUTPUT": scratch},
                capture_output=True,
                timeout=LONGEST,
            )
        except subprocess.TimeoutExpired:
            raise RunError(f"LaTeX did not finish {document} in {LONGEST:g} s") from None
        made = Path(scratch) / document.with_suffix(".pdf").name
        if done.returncode or not made.exists():
            text = done.stdout.decode(errors="replace").splitlines()
            complaint = next((line for line in text if line.startswith("!")), "see its log")
            raise RunError(f"LaTeX cannot compile {document}: {complaint}")
        write_together({pdf: made.read_bytes()})
    return True
