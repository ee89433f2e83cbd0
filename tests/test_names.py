"""Names by which results are kept: two of one name are refused, with both their places."""

import io
import tomllib

import pytest
from honest import publish, text

from rulegen.analysis.studies import subjects
from rulegen.catalog import markdown_card
from rulegen.catalog.records.roles import DISCOVERED
from rulegen.commands.estimators import rivals
from rulegen.grammar import ConfigError
from rulegen.publishing.config import load_config
from rulegen.runs.contest import worlds
from rulegen.runs.simulate import load_scene
from rulegen.runs.sweep_config import load_sweep
from rulegen.searching import load_search

TASK = '[task]\nname = "delayed_association"\n'
RULE = "on reward: w += 0.1*R*pre"
RUN = f'name = "tiny"\nrule = "param a = 1 free\\n{RULE.replace("0.1", "a")}"\n' + TASK
RULES = "".join(f'[[{{kind}}]]\nname = "{n}"\nrule = "{RULE}"\n' for n in "abca")


def elsewhere(*names):
    return "".join(
        f'[[elsewhere]]\nname = "{name}"\ncircuit = {{ neurons = 9 }}\n' for name in names
    )


def loaded(load, tmp_path, text):
    path = tmp_path / "config.toml"
    tomllib.loads(text)
    path.write_text(text)
    return load(path)


@pytest.mark.parametrize(
    ("load", "text", "words"),
    [
        (load_config, RUN + RULES.format(kind="references"), "references: numbers 1 and 4 .* `a`"),
        (load_config, 'exports = ["numpy", "jax", "numpy"]\n' + RUN, "exports: numbers 1 and 3"),
        (load_scene, TASK + RULES.format(kind="rules"), "rules: numbers 1 and 4 .* `a`"),
        (subjects, TASK + RULES.format(kind="rules"), "rules: numbers 1 and 4 .* `a`"),
        (
            load_search,
            'name = "tiny"\n' + TASK + elsewhere("large", "small", "large"),
            "elsewhere: numbers 1 and 3 .* `large`",
        ),
        (
            load_search,
            'name = "tiny"\n' + TASK + elsewhere("large", "the world of the run"),
            "elsewhere: number 2: `the world of the run` is a world of the run; rename this one",
        ),
        (
            load_search,
            'name = "tiny"\nseeds = ["hebb", "oja", "hebb"]\n' + TASK,
            "seeds: numbers 1 and 3 .* `hebb`",
        ),
    ],
)
def test_two_of_one_name_in_a_file(load, text, words, tmp_path):
    with pytest.raises(ConfigError, match=words):
        loaded(load, tmp_path, text)


@pytest.mark.parametrize(
    ("axis", "words"),
    [
        ("seed = [4, 5, 4]", "axes.seed: numbers 1 and 3 .* `4`"),
        ('name = ["x", "y", "x"]', "axes.name: numbers 1 and 3 .* `x`"),
        ('name = ["x+ y", "x+_y", "x+-y"]', "combinations: numbers 1 and 3 .* `name-x[+]-y`"),
    ],
)
def test_two_of_one_name_on_an_axis(axis, words, tmp_path):
    (tmp_path / "base.toml").write_text(RUN)
    text = f'name = "s"\nbase = "base.toml"\n[axes]\n{axis}\n'
    with pytest.raises(ConfigError, match=words):
        loaded(load_sweep, tmp_path, text)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: worlds(["reversal", "go_nogo", "reversal"], [9]),
            "--task: numbers 1 and 3 .* `rev",
        ),
        (lambda: worlds(["reversal"], [9, 12, 12]), "--neurons: numbers 2 and 3 .* `12`"),
        (lambda: rivals(["SNES", "SNES"]), "--evosax: numbers 1 and 2 .* `SNES`"),
    ],
)
def test_two_of_one_name_on_the_command_line(make, words):
    with pytest.raises(ConfigError, match=words):
        make()


def test_two_replacements_of_one_setting(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(RUN)
    for load in (load_config, load_search):
        with pytest.raises(ConfigError, match=r"seed=2: `seed` is replaced already, by seed=1"):
            load(path, ["seed=1", "circuit.neurons=9", "seed = 2".replace(" ", "")])
    with pytest.raises(ConfigError, match="`seed` is replaced already"):
        load_config(path, ["seed=1"], seed=2)


def test_a_reference_called_like_the_run():
    """`rulegen analyse` knows the published rule by the name of its run, if no other has it."""
    record, *_ = publish(lives=8, others={"no learning": ""})
    assert [*subjects("-", io.StringIO(markdown_card(record)))[1]] == [record.name]
    record, *_ = publish(lives=8, others={"no learning": "", record.name: text(2.0)})
    called = [*subjects("-", io.StringIO(markdown_card(record)))[1]]
    assert called == [DISCOVERED, record.name]
