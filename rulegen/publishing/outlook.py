"""What a run is going to do, as far as its configuration says, with what each part costs in lives.

Only shares matter, and only roughly: nobody knows before how many looks a selection takes.
"""

from __future__ import annotations

from rulegen.fitting.surface import design
from rulegen.ground.outlook import Leg
from rulegen.publishing.config import DiscoverConfig, RunConfig

#: Surveys that a refinement usually takes.
SURVEYS = 3
#: Parameters that a selection usually leaves.
LEFT = 2
#: How much more a life with derivatives costs.
DERIVATIVES = 3
#: Looks for each candidate term, and those of every run.
LOOKS, MORE = 1.5, 4


def planned(config: DiscoverConfig) -> list[Leg]:
    """The legs of a discovery.

    Example:
        >>> from rulegen.publishing.settings_file import validated
        >>> family = "param theta_1 = 0.1 free\\ndw/dt = theta_1*pre*post"
        >>> given = {"name": "a", "rule": family, "task": {"name": "delayed_association"}}
        >>> [c.name for c in planned(validated(DiscoverConfig, given, "a.toml"))]
        ['fit 1', 'fit 2', 'selection', 'intervals', 'evaluation']
    """
    prune, refine = config.prune, config.refine
    legs = [
        Leg(
            f"fit {number}",
            (f"fit {number} (",),
            phase.iterations * phase.starts * phase.estimator.lives * DERIVATIVES,
            phase.iterations * phase.starts,
        )
        for number, phase in enumerate(config.fit, 1)
    ]
    looks = min(LOOKS * len(config.family.terms()) + MORE, prune.looks)
    each = 2 * prune.lives + prune.refit.iterations * prune.refit.estimator.lives
    each += SURVEYS * visits(LEFT) * refine.lives
    # Refits belong to looks, which alone are counted: their names end in a number.
    numbers = tuple(f"look {number}" for number in range(1, prune.looks + 1))
    return [
        *legs,
        Leg("selection", numbers, looks * each, looks, whole=True),
        *closing(config, LEFT, len(config.references) + 3),
    ]


def visits(parameters: int) -> int:
    """Places that a survey of so many parameters visits: those of its design, and its peak.

    Example:
        >>> visits(1), visits(4)
        (6, 42)
    """
    return len(design(parameters)) + 1


def closing(config: RunConfig, parameters: int, rules: int) -> list[Leg]:
    """How all runs end: intervals of the parameters, and so many rules on the held-out lives."""
    refine, worlds = config.refine, len(config.training | config.held_out)
    lives = rules * worlds * config.evaluate.lives
    surveys = SURVEYS * visits(parameters) * (refine.lives + refine.most_lives) / 2
    return [
        Leg("intervals", ("intervals",), surveys * len(config.training), 1, whole=True),
        Leg("evaluation", ("evaluate",), lives, rules * worlds, whole=True),
    ]
