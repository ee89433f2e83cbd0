"""All settings are in pyproject.toml; this refuses to build half a package."""

from pathlib import Path

from setuptools import setup

for name in ("grammar", "catalog", "examples"):
    if not (Path(__file__).parent / "rulegen" / name).is_dir():
        raise SystemExit(
            f"rulegen/{name} must be a link to the folder {name}, and this checkout has no links: "
            "say `git config core.symlinks true` and `git checkout -- rulegen` (on Windows in "
            "developer mode), or install a wheel"
        )
setup()
