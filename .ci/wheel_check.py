"""What a wheel must hold: everything in the folders of the package, and nothing else.

    python .ci/wheel_check.py FROM_SDIST.whl FROM_REPOSITORY.whl REPOSITORY

Exits with 1 and says what is wrong, when something is.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

#: What is made from the package, and stays in the repository.
MADE = ("catalog/cards/", "catalog/tex/", "catalog/README.md", "catalog/catalog.html")
LINKED = ("grammar", "catalog", "examples")


def expected(root: Path) -> set[str]:
    """The files of a package by their names in the wheel."""
    folders = [root / "rulegen", *(root / name for name in LINKED)]
    found = set()
    for folder in folders:
        for path in folder.rglob("*"):
            name = path.relative_to(root).as_posix()
            if path.is_file() and "__pycache__" not in name and not name.startswith(MADE):
                found.add(name if name.startswith("rulegen/") else f"rulegen/{name}")
    return found


def contents(wheel: str) -> dict[str, bytes]:
    """The files of a wheel."""
    with zipfile.ZipFile(wheel) as file:
        return {name: file.read(name) for name in file.namelist()}


def problems(through: dict[str, bytes], direct: dict[str, bytes], root: Path) -> list[str]:
    """What is wrong, in lines."""
    package = {name for name in through if ".dist-info/" not in name}
    wanted = expected(root)
    found = [f"not in the wheel: {name}" for name in sorted(wanted - package)]
    found += [f"in the wheel, and not in the package: {name}" for name in sorted(package - wanted)]
    found += [
        f"differs from the wheel that the repository makes: {name}"
        for name in sorted(through.keys() | direct.keys())
        if through.get(name) != direct.get(name)
    ]
    return found


def main(through: str, direct: str, root: str) -> int:
    """Check, print, and say whether all is well."""
    found = problems(contents(through), contents(direct), Path(root))
    print("\n".join(found) or f"{Path(through).name}: all files, and no other")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
