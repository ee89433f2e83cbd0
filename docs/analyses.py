"""The table and the figures of docs/analyses.md: `make analyses`.

    python docs/analyses.py FOLDER

analyses examples/two_rules.toml and puts what it finds into the page beside this file.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from rulegen.analysis.study import contrast_page, save_study, study, subjects
from rulegen.display import Display
from rulegen.statistics import paired_difference

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- table -->\n", "<!-- end of table -->"
LIVES, SEED = 128, 1


def main(folder: Path) -> None:
    """Analyse, and put everything in its place."""
    world, rules = subjects(ROOT / "examples" / "two_rules.toml")
    with Display() as report:
        found = study(world, rules, lives=LIVES, seed=SEED, report=report)
    folder.mkdir(parents=True, exist_ok=True)
    save_study(found, folder)
    page = Path(__file__).with_suffix(".md")
    pictures = page.with_suffix("")
    pictures.mkdir(exist_ok=True)
    for name in re.findall(r"\(analyses/(\w+\.png)\)", page.read_text()):
        shutil.copy(folder / name, pictures)
    rewards = [rows["reward"] for _, rows in found.tables["circuits"].groupby("rule", sort=False)]
    gap = paired_difference(rewards[1].to_numpy(), rewards[0].to_numpy())
    equal = f"{found.lives} networks. The second rule earns {gap} more per trial than the first."
    text = f"{BEGIN}\n{equal}\n\n{contrast_page(found.tables['contrast'])}\n\n{END}"
    page.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: text, page.read_text(), flags=re.DOTALL))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
