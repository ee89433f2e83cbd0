"""Which rules live on which projection: configurations, cards, and what does not fit."""

from pathlib import Path

import numpy as np
import pytest

from rulegen.catalog import load_record, markdown_card, read_card
from rulegen.grammar import ConfigError, RuleError, parse
from rulegen.lives.life import LifeSettings
from rulegen.lives.projections import Projections
from rulegen.publishing.config import DiscoverConfig
from rulegen.runs.discover import prepare
from rulegen.runs.simulate import load_scene, simulate
from rulegen.verifying.setting import world_of

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
RECORD = ROOT / "catalog" / "discovered" / "delayed_association.toml"

CONFIG = {
    "name": "small",
    "rule": "param a = 0.1 free\ne <- e + a*xi*pre : synapse\non reward: w += e",
    "task": {"name": "delayed_association"},
    "circuit": {"feedback": 1.0},
}
WRONG = {
    "no such projection": ({"studied": "lateral"}, "studied\n  Input should be"),
    "no such companion": ({"lateral": "on reward: w += 1"}, "lateral"),
    "free parameters": ({"input": "param k = 1 free\non reward: w += k"}, "`k` is free"),
    "no value": ({"input": "on reward: w += eta*R"}, "`eta` has no value"),
    "two rules in one place": (
        {"studied": "input", "input": "on reward: w += R"},
        "delete its companion",
    ),
}


@pytest.mark.parametrize(("settings", "message"), WRONG.values(), ids=WRONG)
def test_settings_that_are_wrong(settings, message):
    with pytest.raises(ValueError, match=message):
        DiscoverConfig(**CONFIG, projections=settings)


def test_a_companion_that_is_no_rule_shows_the_place():
    with pytest.raises(RuleError, match="line 1, column 17"):
        Projections(input="on reward: w += prf")


UNFIT = {
    "an abbreviation": (
        {"input": "dw = post*pre"},
        {},
        "projections.input: .* changes no weight",
    ),
    "no feedback": ({"studied": "feedback"}, {}, "which this circuit does not have"),
    "potentials of channels": (
        {"input": "on reward: w += pre_u"},
        {},
        "the input .* `pre_u`.*: channels have no potentials, read `pre`",
    ),
    "spikes of channels": (
        {"input": "w += (pre_spike + post_spike)*dt"},
        {},
        "provide `pre_spike`, which the rule reads: channels have no spikes, read `pre`",
    ),
    "spikes of neurons": (
        {"input": "w += pre*post_spike*dt"},
        {},
        'provide `post_spike`, .*: set circuit.name = "spiking"',
    ),
    "spikes of outputs": (
        {"feedback": "on reward: w += pre_spike*dt"},
        {"name": "spiking", "feedback": 1.0},
        "the feedback projection of this .* provide `pre_spike`, .*: outputs have no spikes, read",
    ),
    "reward at every step": ({"input": "w += R*pre"}, {}, "`on reward:`"),
    "channels have no diagonal": (
        {"input": "diagonal w = 0\non reward: w += R"},
        {},
        "`diagonal w = 0`",
    ),
    "no synapse leads back": (
        {"input": "nonlocal opposite\non reward: w += 0.1*R*opposite(w)"},
        {},
        "`opposite` is about .* the input projection",
    ),
    "short times": (
        {"input": "param tau = 2 ms\nx = lowpass(pre, tau)\non reward: w += x"},
        {},
        "projections.input: the time constant of `x`",
    ),
}


@pytest.mark.parametrize(("settings", "circuit", "message"), UNFIT.values(), ids=UNFIT)
def test_what_does_not_fit_is_refused_before_anything_runs(settings, circuit, message):
    config = DiscoverConfig(**{**CONFIG, "circuit": circuit}, projections=settings)
    with pytest.raises(ConfigError, match=message):
        prepare(config)


def test_the_digest_follows_the_projections():
    choices = ({}, {"studied": "input"}, {"input": "on reward: w += 0.1*R"})
    assert len({DiscoverConfig(**CONFIG, projections=p).digest for p in choices}) == 3


def test_the_example_runs():
    """A studied rule that does nothing leaves learning to the companion."""
    scene = load_scene(EXAMPLES / "two_projections.toml")
    world = scene.world.model_copy(update={"life": LifeSettings(trials=16)})
    batches = simulate(world, {r.name: parse(r.rule) for r in scene.rules}, lives=2, seed=0)
    both, alone = (batches[name].rewards for name in ("both", "input alone"))
    unlearned = world.model_copy(update={"projections": Projections()})
    nothing = {"none": parse("on reward: w += 0")}
    still = simulate(unlearned, nothing, lives=2, seed=0)["none"].rewards
    assert np.abs(both - alone).max() > 1e-5
    assert np.abs(alone - still).max() > 1e-5


def test_a_card_says_where_rules_live():
    """Its world is read from the record and from the page."""
    settings = {"studied": "input", "recurrent": "param k = 0.1\non reward: w += k*R*pre"}
    record = load_record(RECORD)
    setting = record.evidence.setting.model_copy(update={"projections": settings})
    evidence = record.evidence.model_copy(update={"setting": setting})
    card = markdown_card(record.model_copy(update={"evidence": evidence}))
    assert world_of(setting).projections == Projections(**settings)
    assert read_card(card).evidence.setting == setting


def test_a_state_that_others_read_must_stay():
    """It would go in the middle of the selection, with the term that it is for."""
    family = "param a = 1 free\nx <- x + R : global\n{}e <- e + a*x*xi*pre : synapse\n"
    family += "on reward: w += e"
    reads = {"input": "on reward: w += 0.1*recurrent.{}*pre"}
    settings = {**CONFIG, "rule": family.format("")}
    with pytest.raises(ValueError, match=r"projections.input: it reads `recurrent.x`, which goes"):
        DiscoverConfig(**settings, projections={"input": reads["input"].format("x")})
    settings["rule"] = family.format("y <- y + R : global\n")
    DiscoverConfig(**settings, projections={"input": reads["input"].format("y")})
