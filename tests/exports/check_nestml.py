"""Reads the exported synapse models with the parser and the checks of NESTML itself.

    python tests/exports/check_nestml.py FOLDER

in an environment with NESTML, after `nest_cases.py FOLDER` in that of rulegen.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pynestml.cocos.co_cos_manager import CoCosManager
from pynestml.frontend.pynestml_frontend import init_predefined
from pynestml.utils.logger import Logger, LoggingLevel
from pynestml.utils.model_parser import ModelParser


def faults(model: Path) -> list[str]:
    """What the parser and the context conditions of NESTML say against a model."""
    Logger.init_logger(LoggingLevel.NO)
    init_predefined()
    unit = ModelParser.parse_file(str(model))
    for synapse in unit.get_model_list() if unit else []:
        CoCosManager.check_cocos(synapse)
    entries = Logger.get_log().values()
    found = [str(message) for *_, level, _, _, message in entries if level is LoggingLevel.ERROR]
    return found if unit or found else ["it cannot be parsed"]


def check_the_check(folder: Path) -> None:
    """A model with an unknown name and one that is no model are refused."""
    model = next(iter(sorted(folder.glob("*.nestml")))).read_text()
    for wrong in (model.replace("emit_spike(", "emit_spike(unknown*"), model.replace("real", "")):
        broken = folder / "broken"
        broken.write_text(wrong)
        assert wrong != model
        assert faults(broken), "a broken model was accepted"
        broken.unlink()


def main(folder: Path) -> int:
    """One line a model; the number of models that are refused."""
    check_the_check(folder)
    found = {}
    for model in sorted(folder.glob("*_synapse.nestml")):
        found[model.stem] = faults(model)
        print(f"{model.stem:32} {'; '.join(found[model.stem]) or 'accepted'}", flush=True)
    (folder / "nestml.json").write_text(json.dumps(found, indent=1))
    wrong = sum(bool(messages) for messages in found.values())
    print(f"{len(found) - wrong} of {len(found)} models accepted")
    return wrong


if __name__ == "__main__":
    sys.exit(bool(main(Path(sys.argv[1]))))
