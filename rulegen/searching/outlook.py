"""What a search is going to do, with what each part costs in lives."""

from __future__ import annotations

from rulegen.catalog.records.places import names
from rulegen.fitting.tuning import SEARCH
from rulegen.ground.outlook import Leg
from rulegen.publishing.outlook import SURVEYS, closing, visits
from rulegen.searching.config import SearchConfig
from rulegen.searching.finals import COMMON, KNOWN

#: Parameters that the rules of a search usually have: of two terms with their time constants.
FREE = 4


def planned(config: SearchConfig) -> list[Leg]:
    """The legs of a search.

    Example:
        >>> from rulegen.publishing.settings_file import validated
        >>> given = {"name": "a", "task": {"name": "delayed_association"}}
        >>> given["strategy"] = [{"name": "halving"}]
        >>> [c.name for c in planned(validated(SearchConfig, given, "a.toml"))][:3]
        ['literature', 'strategy 1', 'candidates']
    """
    known = len(names()) // 2 if config.seeds is None else len(config.seeds)
    final, select, refine = config.select.finalists + KNOWN, config.select, config.refine
    strategies = [
        Leg(f"strategy {number}", (f"strategy {number} (",), strategy.lives, strategy.lives)
        for number, strategy in enumerate(config.strategy, 1)
    ]
    surveys = final * SURVEYS * visits(FREE) * refine.lives * len(config.training)
    return [
        Leg("literature", ("literature",), known * SEARCH.lives, known * SEARCH.lives),
        *strategies,
        Leg("candidates", ("candidates",), 30 * COMMON, 30 * COMMON),
        Leg("refinement", ("refine",), surveys, final, whole=True),
        Leg("selection", ("select",), final * select.lives, 1, whole=True),
        *closing(config, FREE, final + 3),
    ]
