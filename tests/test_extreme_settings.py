"""Settings of every size, through every command: an answer in a line, and soon."""

import copy
import itertools
import re
import sys
import time
from pathlib import Path

import pytest
import tomli_w
from honest import publish

from rulegen.catalog import parts
from rulegen.catalog.records.record import plain_data
from rulegen.commands.cli import main
from rulegen.grammar import RunError
from rulegen.lives.many import Lives
from rulegen.publishing.config import DiscoverConfig
from rulegen.publishing.settings_file import place_value
from rulegen.searching import SearchConfig

RULE = """
param a = 0.5 in [-3, 3] free
e <- e + a*xi*pre : synapse
on reward: w += clip(0.01*(R - R_bar[condition])*e, -0.1, 0.1)
"""
WORLD = {
    "task": {"name": "delayed_association"},
    "circuit": {"neurons": 4},
    "life": {"trials": 6, "warmup": 1},
}
REFERENCE = {"name": "hebb", "rule": "dw/dt = 0.001*post*pre"}
DISCOVERY = {"name": "small", "rule": RULE, "references": [REFERENCE], **WORLD}
SEARCH = {"name": "small", "seeds": ["node_perturbation"], **WORLD}
SCENE = {"rules": [REFERENCE], **WORLD}
#: Numbers that settings may not expect; most of them are none.
NUMBERS = [0, -1, 1, 2**20, 2**32, 10**25, 10**4000]
NUMBERS += [1e-320, 1e-30, 1e9, 1e30, 1e308, float("nan"), float("inf")]
TEXTS = ["", "x" * 300, "x" * 9000, "\x1b[2J", "[/b]", "\u00e9" * 100, "chance", "../x", "x\ny"]


def leaves(data, *path):
    """Every setting in data that is no table, with its place."""
    pairs = data.items() if isinstance(data, dict) else enumerate(data)
    for name, value in pairs:
        if isinstance(value, dict | list) and value:
            yield from leaves(value, *path, str(name))
        else:
            yield ".".join([*path, str(name)]), value


def full(kind, data):
    """The same data with all settings that they leave out."""
    return kind.model_validate(data).model_dump(mode="json")


def without_none(data):
    if isinstance(data, dict):
        return {name: without_none(value) for name, value in data.items() if value is not None}
    return [without_none(value) for value in data] if isinstance(data, list) else data


def extreme(data, first):
    """The data with one setting replaced, for each setting; values take turns, from the first."""
    values = {str: itertools.cycle(TEXTS), float: itertools.cycle(NUMBERS)}
    for turns in values.values():
        next(itertools.islice(turns, first, first), None)
    for place, now in leaves(data):
        if not place.endswith(("rule", "space")):
            changed, value = (
                copy.deepcopy(data),
                next(values[str if isinstance(now, str) else float]),
            )
            place_value(changed, place, value)
            yield place, value, without_none(changed)


#: A line of progress, which goes to standard error before the answer does.
PROGRESS = re.compile(r"(?!rulegen: ).+ [0-9.e+]+/[0-9.e+]+($|  )")


def nothing_lives(*given, **named):
    raise RunError("nothing lives here")


@pytest.fixture
def answer(monkeypatch, capsys, tmp_path):
    """Calls a command with data in a file: exit code, what it says, and the seconds it took."""
    # Where lives would begin, all that checks a configuration is over.
    monkeypatch.setattr(Lives, "live", nothing_lives)
    monkeypatch.setattr("rulegen.runs.sweep.connect", nothing_lives)
    monkeypatch.chdir(tmp_path)
    number = itertools.count()

    def asked(data, *arguments):
        Path("data.toml").write_text(data if isinstance(data, str) else tomli_w.dumps(data))
        if "verify" not in arguments:
            arguments += ("--out", f"out-{next(number)}.csv")
        monkeypatch.setattr(sys, "argv", ["rulegen", *arguments])
        began = time.perf_counter()
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code, capsys.readouterr().err, time.perf_counter() - began

    return asked


def bad(code, said, seconds):
    """What is wrong with an answer; "" where it is one line of a mistake, and soon."""
    if "a defect of rulegen" in said or "too little memory" in said:
        return said
    told = itertools.dropwhile(PROGRESS.match, said.splitlines())
    if code not in (1, 2) or not next(told, "").startswith("rulegen: ") or "Traceback" in said:
        return f"exit code {code}: {said}"
    return f"after {seconds:.0f} s" if seconds > 20 else ""


def of_discovery():
    return full(DiscoverConfig, DISCOVERY)


def of_search():
    return full(SearchConfig, SEARCH)


def of_scene():
    whole, names = of_discovery(), ("task", "circuit", "life", "projections", "memory_mb", "chunk")
    return SCENE | {name: whole[name] for name in names}


def of_sweep():
    return {
        "name": "sizes",
        "base": "base.toml",
        "job": "fit",
        "axes": {"seed": [1, 2], "circuit.noise": {"low": 0.1, "none": 0.0}, "title": ["a", "b"]},
    }


COMMANDS = {
    "discover data.toml": of_discovery,
    "estimators data.toml": of_discovery,
    "search data.toml": of_search,
    "sweep data.toml": of_sweep,
    "simulate --world data.toml": of_scene,
    "analyse data.toml": of_scene,
    "compare oja --worlds data.toml": of_scene,
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_setting_through_every_command(answer, command):
    """Each setting with a number or a text that nobody expects there."""
    Path("base.toml").write_text(tomli_w.dumps(DISCOVERY))
    first = 3 * list(COMMANDS).index(command)
    wrong = {}
    for place, value, data in extreme(COMMANDS[command](), first):
        if found := bad(*answer(data, *command.split())):
            wrong[place] = f"{value!r:.40}: {found}"
    assert not wrong


@pytest.fixture(scope="module")
def record():
    return plain_data(publish(lives=8)[0])


@pytest.mark.parametrize("part", ["task", "circuit", "life"])
def test_every_number_of_a_claim(answer, record, part):
    wrong, setting = {}, record["evidence"]["setting"][part]
    for number, (place, now) in enumerate(leaves(setting)):
        for value in (TEXTS if isinstance(now, str) else NUMBERS)[number % 3 :: 3]:
            data = copy.deepcopy(record)
            place_value(data, f"evidence.setting.{part}.{place}", value)
            if found := bad(*answer(data, "verify", "data.toml")):
                wrong[place] = f"{value!r:.40}: {found}"
    assert not wrong


@pytest.mark.parametrize("name", [n for n in parts.names("task") if n != "sampled"])
def test_every_setting_of_a_task(answer, name):
    wrong, task = {}, full(DiscoverConfig, DISCOVERY | {"task": {"name": name}})["task"]
    for place, value, changed in extreme({"task": task}, len(name)):
        if found := bad(*answer(SCENE | changed, "simulate", "--world", "data.toml")):
            wrong[place] = f"{value!r:.40}: {found}"
    assert not wrong


#: What was reported, and part of the line that answers.
REPORTED = {
    "circuit.neurons=100000": "one life needs 76295 MB at least, and this machine has",
    "circuit.dt=1e-9": "a trial of 300000000000 steps: at most 1048576 are run",
    "task.delay=1e9": "a trial of 100000012 steps: at most 1048576 are run",
    "task.delay=1e300": "task.delay: a number must be 0 or from 1e-12 to 1e+12 in size",
    "life.trials=1000000000": "life.trials: Input should be less than or equal to 1048576",
    "memory_mb=1e308": "memory_mb: a number must be 0 or from 1e-30 to 1e+30 in size",
    "life.trials=1000000 task.delay=100000": "1000000 trials of 10012 steps: at most 4294967296",
    "evaluate.lives=1000000000000": "evaluate.lives: a number must be 0",
    "evaluate.lives=100000000": "evaluate.lives: Input should be less than or equal to 1048576",
    "evaluate.lives=1048576 life.trials=100000": "1048576 lives of 100000 trials: at most 214748",
    "chunk=9223372036854775808": "chunk: a number must be 0 or from 1e-30 to 1e+30 in size, and",
    f"seed={'9' * 5000}": "seed: Unable to parse input string as an integer",
    f"life.trials={'[' * 5000}": "life.trials: Input should be a valid integer",
    f"fit.{'9' * 5000}.rate=1": "the configuration has no place `fit.999",
    f"name={'x' * 300}": "name: String should match pattern",
    f"{'.'.join('x' * 400)}=1": "x: there is no such setting",
}


@pytest.mark.parametrize("changes", REPORTED, ids=lambda text: text[:30])
def test_what_was_reported(answer, monkeypatch, changes):
    monkeypatch.setattr("rulegen.lives.size.memory", lambda: 24 << 30)
    given = [word for change in changes.split() for word in ("--set", change)]
    found = answer(without_none(of_discovery()), "discover", "data.toml", *given)
    assert not bad(*found)
    assert found[0] == 2
    assert len(found[1].splitlines()) == 1
    assert REPORTED[changes] in found[1]


def test_an_error_that_nobody_expects(answer, monkeypatch):
    """One line even then, with the place; exit code 1."""

    def broken(*given):
        raise KeyError("x")

    monkeypatch.setattr("rulegen.runs.discover.rehearse", broken)
    code, said, _ = answer(DISCOVERY, "discover", "data.toml")
    assert code == 1
    assert said.startswith("rulegen: a defect of rulegen, please tell its authors: KeyError: 'x' (")
    assert "discover.py, line" in said
    assert len(said.splitlines()) == 1
    monkeypatch.setattr("rulegen.runs.discover.rehearse", no_memory)
    code, said, _ = answer(DISCOVERY, "discover", "data.toml")
    assert (code, said) == (
        1,
        "rulegen: there is too little memory: take fewer neurons, trials or lives (MemoryError)\n",
    )


def no_memory(*given):
    raise MemoryError


@pytest.mark.parametrize(
    "arguments",
    [
        ("simulate", "oja", "--lives", "9" * 30),
        ("simulate", "oja", "--trials", "9" * 30),
        ("compare", "oja", "--neurons", "9" * 30),
        ("compare", "oja", "--trials", "9" * 30),
        ("verify", "oja", "--seed", "9" * 30),
        ("analyse", "oja", "--repeats", "9" * 30),
    ],
    ids=" ".join,
)
def test_options_without_measure(answer, arguments):
    code, said, _ = answer(DISCOVERY, *arguments)
    assert code == 2
    assert "less than or equal to" in " ".join(said.split())
