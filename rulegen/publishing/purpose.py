"""What a run is for: the objective that its configuration describes."""

from __future__ import annotations

from collections.abc import Mapping

from rulegen.fitting.tuning import opened
from rulegen.fitting.yardstick import Mark, marks
from rulegen.grammar import ConfigError, Rule, RunError
from rulegen.grammar.rule.timing import with_shortest_times
from rulegen.ground.stage import KEPT, Stage
from rulegen.ground.statistics import Estimate
from rulegen.lives.bench import Bench
from rulegen.objective import Joint, Objective
from rulegen.objective.joint import bench_in, blamed
from rulegen.publishing.places import Places


def objective_of(config: Places, rule: Rule) -> Objective:
    """A rule where a run takes place, judged by rewards as they are.

    A fit keeps its time constants no shorter than the longest step of all worlds, those that choose
    nothing among them.

    Raises:
        ConfigError, RuleError: when it does not run there.
    """
    rule = with_shortest_times(rule, config.step)
    if config.together:
        return Joint(config.training, rule, config.aim)
    try:
        return Bench(config.world, rule).checked()
    except ValueError as error:
        raise ConfigError(str(error)) from None


def check_worlds(config: Places, rules: Mapping[str, Rule]) -> None:
    """See that rules and the yardstick run wherever they are evaluated.

    Args:
        config: of the run.
        rules: by what an error calls them; "" is the one that is sought.

    Raises:
        ConfigError: when one does not, or the yardstick cannot be tuned; the message names the
            rule and the world.
    """
    if config.learning and not opened(config.measure).free:
        raise ConfigError(
            f"yardstick `{config.measured_by}`: it has no parameter by which it could be tuned: "
            "write its learning rate as one, as in `param eta = 0.001`, or name another rule"
        )
    measure = {f"yardstick `{config.measured_by}`": config.measure} if config.learning else {}
    for places, met in ((config.training, measure), (config.held_out, {**rules, **measure})):
        for name, world in places.items():
            for who, rule in met.items():
                with blamed(who):
                    bench_in(name, world, rule)


def marks_of(config: Places, run: Stage) -> dict[str, Mark]:
    """The scale of every world of a run; {} where rewards are taken as they are.

    Args:
        config: of the run.
        run: its random numbers, and where results are kept.

    Raises:
        ConfigError: when the yardstick does not learn in a world.
    """
    if not config.learning:
        return {}
    return marks(config.training | config.held_out, config.measure, run.called("scale of"))


def scaled(config: Places, objective: Objective, found: Mapping[str, Mark]) -> Objective:
    """An objective from `objective_of` on the scale of a run.

    Args:
        config: of the run.
        objective: by rewards as they are.
        found: from `marks_of`.
    """
    if not isinstance(objective, Joint) or not found:
        return objective
    here = [found[name] for name in config.training]
    nothing = tuple(mark.nothing.mean for mark in here)
    unit = tuple(mark.gain.mean for mark in here)
    return objective.aimed(config.aim._replace(nothing=nothing, unit=unit))


def check_gain(config: Places, gain: Estimate, margin: float, whose: str, remedy: str) -> None:
    """See that a rule is better than no learning, as one that is published must be.

    Args:
        config: of the run.
        gain: of the rule over no learning on the held-out lives.
        margin: its mean must be that large.
        whose: what the message calls the rule. remedy: what else could be tried.

    Raises:
        RunError: when the interval of the gain holds 0, or its mean is within the margin.
    """
    if gain.low <= 0 or gain.mean < margin:
        raise RunError(
            f"nothing to publish: on {gain.lives} held-out lives {whose} earns {gain} more "
            f"{reward_is(config)} than no learning; the margin is {margin:g}. {remedy} {KEPT}"
        )


def reward_is(config: Places) -> str:
    """What is earned in a run, as its messages call it.

    Example:
        >>> from rulegen.tasks import DelayedMatch
        >>> reward_is(Places(task=DelayedMatch()))
        'reward per trial'
    """
    if not config.together:
        return "reward per trial"
    kind = "scaled reward" if config.learning else "reward"
    return f"{kind} ({config.objective} over worlds)"
