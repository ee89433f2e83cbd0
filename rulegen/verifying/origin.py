"""Where a record comes from: its configuration, software and programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from rulegen.catalog import Evidence, Record, Setting
from rulegen.catalog.records.roles import LITERATURE, NO_LEARNING, START, YARDSTICK
from rulegen.grammar import Rule, parse
from rulegen.grammar.rule.timing import with_shortest_times
from rulegen.ground.digests import code_digest, versions
from rulegen.lives.world import World
from rulegen.publishing.config import DiscoverConfig, RunConfig
from rulegen.publishing.setting import setting_of
from rulegen.searching.config import SearchConfig
from rulegen.selection.looks import PruneSettings
from rulegen.verifying.finding import Finding, Verdict, decided, unchecked
from rulegen.verifying.worlds import Place


def made_by(config: RunConfig | None, record: Record, evidence: Evidence) -> Iterator[Finding]:
    """Configuration, software and programs of the run.

    Args:
        config: beside the record; None where there is none.
        record: of the run.
        evidence: of the record.
    """
    yield from configuration(config, record, evidence)
    here = versions()
    same = evidence.code == code_digest()
    others = [f"{n} {v}" for n, v in evidence.versions.items() if here.get(n) != v]
    if same and evidence.versions.get("rulegen", here["rulegen"]) != here["rulegen"]:
        yield decided("versions", False, f"these very programs are rulegen {here['rulegen']}")
    elif missing := [name for name in here if name not in evidence.versions]:
        yield unchecked("versions", f"the record does not say which {', '.join(missing)} it used")
    elif others:
        why = f"it names {', '.join(others)}, which is not here: that shows in its figures alone"
        yield unchecked("versions", why)
    else:
        yield Finding("versions", Verdict.HOLDS)
    if same:
        yield Finding("code", Verdict.HOLDS)
    else:
        why = "it was made by other programs than these" if evidence.code else "it names none"
        yield unchecked("code", why)


def configuration(
    config: RunConfig | None, record: Record, evidence: Evidence
) -> Iterator[Finding]:
    """The digest of the configuration, and whether it says the same as the record."""
    others = [c.name for c in evidence.comparisons if c.name != NO_LEARNING]
    if config is None:
        yield unchecked("configuration", "that of the run is not beside it")
        why = "which rule and which values go by this name, the configuration of the run says"
        yield from (unchecked(name, why) for name in others)
        if evidence.worlds:
            why = "their names, their weights and which chose are what the configuration says"
            yield unchecked("worlds", why)
        if evidence.scaled:
            why = "which rule it is, the configuration of the run says"
            yield unchecked("yardstick", why)
    elif different := next(differences(config, record, evidence), None):
        yield decided("configuration", False, f"its {different} is not that of the record")
    elif config.digest == evidence.config:
        yield Finding("configuration", Verdict.HOLDS)
    elif evidence.code != code_digest():
        why = "its digest depends on the programs, which were others"
        yield unchecked("configuration", why)
    else:
        why = f"the one beside it has the digest {config.digest}"
        yield decided("configuration", False, why)
    if isinstance(config, SearchConfig):
        why = "which rule of the literature is best, the search says"
        yield from (unchecked(name, why) for name in others)


def differences(config: RunConfig, record: Record, evidence: Evidence) -> Iterator[str]:
    """What a configuration says otherwise than the record that it is said to have made."""
    pairs: dict[str, tuple[Any, Any]] = {
        "name": (record.name, config.name),
        "seed": (evidence.seed, config.seed),
        "number of lives": (evidence.reward.lives, config.evaluate.lives),
        "setting": (settings(evidence), told(config)),
        "objective": (evidence.objective, config.objective if config.together else "reward"),
        "sharpness": (evidence.sharpness, config.aim.sharpness if config.together else 0.0),
        "kind": (evidence.structures > 0, isinstance(config, SearchConfig)),
        "scale": (evidence.scaled, config.learning),
        "yardstick": (yardsticks(evidence), yardsticks(evidence, config)),
    }
    rules = [(c.name, parse(c.rule).text() if c.rule else "") for c in evidence.comparisons]
    if isinstance(config, DiscoverConfig):
        start = shown(config.world, with_shortest_times(config.family, config.step))
        references = [shown(config.world, parse(r.rule)) for r in config.references]
        names = [r.name for r in config.references]
        expected = [(START, start), *zip(names, references, strict=True), (NO_LEARNING, "")]
        sizes = {look.difference.lives for look in evidence.looks}
        pairs |= {
            START: (rules[:1], expected[:1]),
            "list of references": (rules[1:], expected[1:]),
            "margin": (evidence.margin, config.prune.margin),
            "level": (evidence.level, config.prune.level),
            "number of lives of a look": (sizes - steps(config.prune), set()),
        }
    elif isinstance(config, SearchConfig):
        strange = [n for n, _ in rules if n != NO_LEARNING and not n.startswith(f"{LITERATURE} (")]
        pairs |= {
            "list of references": (strange, []),
            "margin": (evidence.margin, config.select.margin),
        }
    yield from (name for name, (here, there) in pairs.items() if here != there)


def settings(evidence: Evidence) -> list[tuple[str, float, Setting]]:
    """Every world of a record, its weight and its setting."""
    if not evidence.worlds:
        return [("", 1.0, evidence.setting)]
    return [(world.name, world.weight, world.setting) for world in evidence.worlds]


def yardsticks(evidence: Evidence, config: RunConfig | None = None) -> list[str]:
    """The yardstick of every world of a record; or a configuration's, with the same values."""
    told = [(w.name, c.rule) for w in evidence.worlds for c in w.comparisons if c.name == YARDSTICK]
    found = [(name, parse(text)) for name, text in told]
    if config is None:
        return [rule.text() for _, rule in found]
    worlds = config.training | config.held_out
    return [
        shown(worlds[name], valued(config.measure, like)) for name, like in found if name in worlds
    ]


def valued(rule: Rule, like: Rule) -> Rule:
    """A rule with the values of another one, as far as that has its parameters."""
    values = {p.name: p.value for p in like.parameters}
    return replace(
        rule,
        parameters=tuple(replace(p, value=values.get(p.name, p.value)) for p in rule.parameters),
    )


def told(config: RunConfig) -> list[tuple[str, float, Setting]]:
    """The same of a configuration."""
    if not (config.together or config.held_out):
        return [("", 1.0, setting_of(config.world))]
    weights = dict(zip(config.training, config.aim.weights, strict=True))
    worlds = config.training | config.held_out
    return [(name, weights.get(name, 0.0), setting_of(world)) for name, world in worlds.items()]


def shown(world: World, rule: Rule) -> str:
    """A rule of a configuration as records print it in a world."""
    return parse(with_shortest_times(rule, world.circuit.dt).text()).text()


def steps(settings: PruneSettings) -> set[int]:
    """How many lives a look can have."""
    found = [settings.lives]
    while 4 * found[-1] <= settings.most_lives:
        found.append(4 * found[-1])
    return set(found)


def setting(place: Place) -> Finding:
    """Whether a record says every setting of a world."""
    parts, full = place.figures.setting.model_dump(), setting_of(place.world).model_dump()
    silent = [f"{part}.{k}" for part in full for k in full[part].keys() - parts[part].keys()]
    if not silent:
        return Finding(f"setting{place.where}", Verdict.HOLDS)
    why = "it does not say " + ", ".join(sorted(silent)) + "; this version has a value for it"
    return unchecked(f"setting{place.where}", why)
