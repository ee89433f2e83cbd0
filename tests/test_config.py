"""Configurations: examples load, and every mistake names its field."""

from pathlib import Path

import pytest

from rulegen.circuits import RateCircuit, SpikingCircuit
from rulegen.grammar import ConfigError, RuleError, RulegenError
from rulegen.publishing.config import DiscoverConfig, load_config
from rulegen.publishing.places import Elsewhere
from rulegen.runs.discover import prepare
from rulegen.runs.sources import read_source
from rulegen.searching import Genetic, Halving, SearchConfig
from rulegen.searching import Path as PathStrategy
from rulegen.searching.config import SelectSettings

ROOT = Path(__file__).parent.parent
#: Scenes of `rulegen simulate` lie beside them; tests/test_simulate.py has those.
EXAMPLES = [p for p in sorted((ROOT / "examples").glob("*.toml")) if "[[fit]]" in p.read_text()]

GOOD = '''
name = "small"
rule = """
param a = 0.1 free
e <- e + a*xi*pre : synapse
on reward: w += e
"""
[task]
name = "delayed_association"
'''


def write(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_examples_load_and_fit_together(path):
    config = load_config(path)
    assert len(config.family.terms()) >= 8
    prepare(config)


def test_the_configuration_as_used_is_the_configuration(tmp_path):
    """What a run writes down loads to the same settings."""
    import tomli_w

    config = load_config(write(tmp_path, GOOD))
    text = tomli_w.dumps(config.model_dump(mode="json", exclude_none=True), multiline_strings=True)
    assert load_config(write(tmp_path, text)) == config


BAD = {
    "unknown key": (GOOD.replace("[task]", "sed = 3\n[task]"), "sed: there is no such setting"),
    "unknown key in a part": (GOOD + "[circuit]\nneuron = 3\n", "circuit.neuron: there is no such"),
    "what others call a setting": (
        GOOD.replace("[task]", '[task]\nreward = "steps"'),
        "reward: there is no such setting: did you mean `delivery`?",
    ),
    "wrong type": (GOOD + '[life]\ntrials = "many"\n', "life.trials: "),
    "a switch for a number": (
        GOOD + "[life]\ntrials = true\n",
        "life.trials: must be a number, not True",
    ),
    "a number in quotes": (
        GOOD + '[circuit]\nnoise = "0.1"\n',
        "circuit.noise: must be a number, not '0.1'",
    ),
    "a number for a switch": (
        GOOD.replace('"delayed_association"', '"delayed_match"\nmatch = 1'),
        "task.match: must be true or false",
    ),
    "no trial after the warm-up": (
        GOOD + "[life]\ntrials = 12\n",
        "life: trials = 12 end before any weight may change, after a warmup of 12: set trials",
    ),
    "out of range": (GOOD + "[circuit]\nnoise = -1\n", "circuit.noise: "),
    "not finite": (GOOD + "[circuit]\ntau = nan\n", "circuit.tau: "),
    "unknown task": (GOOD.replace("delayed_association", "juggling"), "task: "),
    "unknown estimator": (GOOD + '[[fit]]\nestimator = { name = "magic" }\n', "fit.0.estimator: "),
    "a name for a table": (
        GOOD + '[[fit]]\nestimator = "pgep"\n',
        'estimator: a name alone: write { name = "pgpe" }',
    ),
    "a misspelt estimator": (
        GOOD + '[[fit]]\nestimator = { name = "pgep" }\n',
        "no estimator `pgep`: did you mean `pgpe`?",
    ),
    "missing rule": ('name = "x"\n[task]\nname = "delayed_match"\n', "rule: Field required"),
    "name that leaves the folder": (GOOD.replace('"small"', '"../x"'), "name: "),
    "unknown circuit": (
        GOOD + '[circuit]\nname = "square"\n',
        "circuit: there is no circuit `square`",
    ),
    "circuit without a name": (GOOD + "[circuit]\nname = [1]\n", "circuit: name one of rate"),
    "other kind of circuit": (
        GOOD + '[circuit]\nname = "spiking"\nrate = "tanh"\n',
        "circuit.rate",
    ),
    "coarse step": (GOOD + "[circuit]\ndt = 50\ntau = 40\n", "dt = 50 ms is larger than tau"),
    "no list": (GOOD + "[circuit]\nreadout = 3\n", "circuit.readout: Input should be a list"),
    "no table": (GOOD + "[circuit]\ngroups = 3\n", "circuit.groups: Input should be a table"),
    "too long a list": (
        GOOD + "[circuit]\nclamped = [[1, 2, 3]]\n",
        "circuit.clamped.0: List should have at most 2 items, not 3",
    ),
    "too short a list": (GOOD + "[circuit]\nclamped = [[1]]\n", "circuit.clamped.0.1: "),
    **{
        f"a part {given}": (
            GOOD + f"[circuit]\ngroups = {{ fast = {given} }}\n",
            "circuit.groups.fast: name the two ends of this part of the neurons, such as [0, 0.25]",
        )
        for given in ("0.5", "[0.5]", "[0, 0.2, 0.4]", '"half"', '["0", 1]', "[true, 1]")
    },
    **{
        f"delivery {given}": (
            GOOD.replace("[task]", f"[task]\ndelivery = {given}"),
            'task.delivery: write "end", "steps", or a list of 1 to 16 times in ms, such as [60, 1',
        )
        for given in ('"step"', "[]", "100", '["100"]', "[true]", "[-5]", f"{[*range(1, 20)]}")
    },
    "no TOML": ("name = ", "not valid TOML"),
    "no text": ("\ud800".encode("utf-16", "surrogatepass"), "not text in UTF-8"),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_mistakes_name_the_field(tmp_path, text, message):
    path = tmp_path / "config.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as error:
        load_config(path)
    assert message in str(error.value)
    # What is wrong in a list leaves it shorter, which is nobody's mistake.
    assert "at least" not in str(error.value)


def test_an_error_in_the_rule_shows_the_place(tmp_path):
    """In the file, where it stands there once: a configuration has several rules."""
    text = GOOD.replace("xi", "xq")
    path = write(tmp_path, text)
    with pytest.raises(RuleError, match=f"{path.name}, line [0-9]+, column 12: ") as error:
        load_config(path)
    assert "^" in str(error.value)
    with pytest.raises(RuleError) as checked:
        read_source(str(path), None)
    assert str(checked.value) == str(error.value)
    assert error.value.text == text.splitlines()[error.value.line - 1]
    assert error.value.text[error.value.column - 1 :].startswith("xq")
    path.write_text(text + "\n" + "".join(f"# {line}\n" for line in text.splitlines()))
    with pytest.raises(RuleError, match=r"config\.toml, rule, line 2, column 12: "):
        load_config(path)


UNFIT = {
    "no free coefficient": (GOOD.replace(" free", ""), "no term has a free coefficient"),
    "no value": (GOOD.replace("a = 0.1", "a"), "`a` has no value"),
    "negative tau": (GOOD.replace("e + a*xi*pre", "0*e + a*lowpass(xi, -3)*pre"), ""),
    "a signal that rate circuits lack": (GOOD.replace("xi", "post_spike"), "`post_spike`"),
    "a period shorter than a step": (GOOD + "cue = 1\n", "cue lasts 1 ms"),
    "an export that does not exist": ('exports = ["fortran"]\n' + GOOD, "no export `fortran`"),
    "an export that cannot be": ('exports = ["nestml"]\n' + GOOD, "exports: nestml cannot express"),
    "score without noise": (GOOD + "[circuit]\nnoise = 0\n", "circuit.noise"),
}


@pytest.mark.parametrize(("text", "message"), UNFIT.values(), ids=UNFIT)
def test_what_does_not_fit_together_is_refused_before_anything_runs(tmp_path, text, message):
    with pytest.raises(RulegenError) as error:
        prepare(load_config(write(tmp_path, text)))
    assert message in str(error.value)


def test_a_family_that_changes_no_weight_is_refused(tmp_path):
    with pytest.raises(RuleError, match="changes no weight\nwrite `dw/dt"):
        load_config(write(tmp_path, GOOD.replace("on reward: w +=", "dw =")))


def test_negative_time_constants_are_refused(tmp_path):
    text = GOOD.replace(
        "e <- e + a*xi*pre : synapse",
        "param tau_x = -5 ms\nx = lowpass(post, tau_x)\ne <- e + a*x*pre : synapse",
    )
    with pytest.raises(RuleError, match="`x` is -5 ms; it must be positive"):
        prepare(load_config(write(tmp_path, text)))


def test_changes(tmp_path):
    path = write(tmp_path, GOOD)
    changes = ["circuit.neurons=8", "fit.1.iterations=3", "title=two words", "life.trials = 17"]
    with pytest.raises(ConfigError, match="fit: "):
        load_config(path, changes)  # the fit is not in the file, so it has no second phase
    config = load_config(path, [c for c in changes if "fit" not in c], seed=5)
    assert (config.circuit.neurons, config.title, config.life.trials) == (8, "two words", 17)
    assert config.seed == 5
    with pytest.raises(ConfigError, match="write key=value"):
        load_config(path, ["neurons"])
    with pytest.raises(ConfigError, match="no place"):
        load_config(path, ["name.x=3"])


def test_the_digest_follows_everything_that_matters(tmp_path):
    path = write(tmp_path, GOOD)
    digests = {load_config(path, [c]).digest for c in ("seed=1", "seed=2", "life.trials=29")}
    assert len(digests) == 3
    assert load_config(path).digest == load_config(path).digest


@pytest.mark.parametrize(
    ("kinds", "pages"),
    [
        ((DiscoverConfig, RateCircuit, SpikingCircuit), ("configuration.md", "worlds.md")),
        (
            (SearchConfig, Halving, Genetic, PathStrategy, Elsewhere, SelectSettings),
            ("configuration.md", "search.md", "worlds.md"),
        ),
    ],
)
def test_every_setting_is_documented(kinds, pages):
    """The pages have a line for each field of each settings class."""
    text = "".join((ROOT / "docs" / page).read_text() for page in pages)

    def fields(model, seen):
        for name, field in model.model_fields.items():
            yield name
            for part in [field.annotation, *getattr(field.annotation, "__args__", ())]:
                if hasattr(part, "model_fields") and part not in seen:
                    seen.add(part)
                    yield from fields(part, seen)

    names = {name for kind in kinds for name in fields(kind, set())}
    missing = {name for name in names if f"`{name}`" not in text}
    assert not missing
