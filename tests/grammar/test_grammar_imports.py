"""Rules can be read, printed and compared without the machine learning stack."""

from __future__ import annotations

import subprocess
import sys


def test_grammar_does_not_import_jax() -> None:
    code = "import sys, grammar; sys.exit('jax' in sys.modules or 'numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
