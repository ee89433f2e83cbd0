"""Parts of another package work as those of rulegen do, and what is wrong in them is said."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import rulegen as rg
from rulegen.catalog import parts
from rulegen.catalog.export import export
from rulegen.catalog.parts.registry import identified
from rulegen.runs.candidate import run_candidate
from rulegen.runs.sweep import load_sweep
from rulegen.searching import search
from rulegen.searching.config import load_search
from rulegen.verifying.verify import check_part, world_of

ROOT = Path(__file__).parent.parent
OUTSIDE = ROOT / "tests" / "outside"
PAGE = (ROOT / "docs" / "extending.md").read_text()
FILES = sorted((OUTSIDE / "rulegen_outside").glob("[!_]*.py"))
#: What the package brings, by kind.
BROUGHT = {
    "task": "hold",
    "circuit": "softsign",
    "estimator": "spsa",
    "strategy": "lottery",
    "export": "outline",
}


def install(site, name, points, files=(), version="0.1"):
    """Lay a package where `pip install --target` would, without what would have to be loaded."""
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = [f"[{group}]\n" + "\n".join(f"{k} = {v}" for k, v in found.items())
             for group, found in points.items()]  # fmt: skip
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    for path, text in dict(files).items():
        (site / path).write_text(text)
    return site


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder in which the package of `tests/outside` is installed."""
    folder = tmp_path_factory.mktemp("site")
    project = tomllib.loads((OUTSIDE / "pyproject.toml").read_text())["project"]
    install(folder, project["name"], project["entry-points"])
    shutil.copytree(OUTSIDE / "rulegen_outside", folder / "rulegen_outside")
    return folder


@pytest.fixture(scope="module")
def installed(site):
    sys.path.insert(0, str(site))
    yield site
    sys.path.remove(str(site))


def command(*arguments, path=""):
    """A command in a process of its own, with `path` among the places of packages."""
    places = os.pathsep.join(filter(None, [str(path), str(ROOT), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, "-m", "rulegen", *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": places},
        capture_output=True,
        text=True,
    )


def test_pip_makes_the_entry_points(tmp_path, site):
    pytest.importorskip("pip")
    pytest.importorskip("setuptools")
    shutil.copytree(OUTSIDE, tmp_path / "source")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
         "--no-build-isolation", "--target", tmp_path / "there", tmp_path / "source"],
        check=True, capture_output=True,
    )  # fmt: skip
    made, mine = (next(d.glob("*.dist-info/entry_points.txt")) for d in (tmp_path / "there", site))
    assert sorted(filter(None, made.read_text().splitlines())) == sorted(
        filter(None, mine.read_text().splitlines())
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_is_one_short_file_that_the_page_shows(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 40
    assert f"```python\n{text}```" in PAGE


def test_the_page_shows_all_of_the_project():
    assert f"```toml\n{(OUTSIDE / 'pyproject.toml').read_text()}```" in PAGE
    assert len(FILES) == len(BROUGHT)


def test_what_the_page_registers_works():
    code = next(c for c in re.findall(r"```python\n(.*?)```", PAGE, re.S) if "rg.register(" in c)
    exec(code, {"__name__": "page"})
    assert parts.source("task", "steady") == parts.SESSION


def test_parts_are_known_by_kind_and_name(installed):
    for kind, name in BROUGHT.items():
        assert name in parts.names(kind)
        assert str(parts.source(kind, name)) == "rulegen-outside 0.1"
        assert identified(parts.find(kind, name)) == (kind, name)


@pytest.fixture(scope="module")
def run(installed, tmp_path_factory):
    """A discovery with parts of the package alone, that a file names."""
    folder = tmp_path_factory.mktemp("runs") / "outside"
    config = rg.load_config(OUTSIDE / "hold.toml")
    return config, folder, rg.discover(config, folder)


def test_a_discovery_is_made_of_them(run):
    config, folder, found = run
    evidence = found.record.evidence
    told = "rulegen-outside 0.1"
    assert evidence.packages == {"task": told, "circuit": told}
    assert evidence.setting.task["name"] == "hold" and evidence.setting.circuit["tau"] == 40
    assert f"| task | package | {told} |" in (folder / "card.md").read_text()
    assert (folder / "rule_outline.txt").read_text() == export(found.record, "outline")
    assert rg.load_config(folder / "config.toml") == config
    assert config.identity["estimator spsa"].startswith(told)
    table = rg.fit_history(folder)
    assert list(table[table.stage == "fit 1 (spsa)"].iteration) == [0, 1]


def test_its_world_is_found_again(run):
    evidence = run[2].record.evidence
    world = world_of(evidence.setting, evidence.packages)
    assert world.task == run[0].task and world.circuit == run[0].circuit


def test_a_card_elsewhere_says_which_package_brings_it(run):
    """In a process that has rulegen alone."""
    for page in ("card.md", "record.toml"):
        done = command("verify", run[1] / page, "--lives", 4)
        assert done.returncode == 2
        assert "`hold`, is not here; it came with rulegen-outside 0.1: install that" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_search_is_made_of_them(installed, tmp_path):
    config = load_search(OUTSIDE / "search.toml")
    found = search(config, tmp_path / "run")
    assert {c.source for c in found.candidates} == {"lottery"}
    assert (tmp_path / "run" / "rule_outline.txt").exists()


SWEEP = """
base = "{base}"
job = "fit"
[axes]
"task.level" = [0.5, 0.6]
"""


def test_workers_of_a_sweep_find_them(installed, tmp_path):
    pytest.importorskip("distributed")
    (tmp_path / "sweep.toml").write_text(SWEEP.format(base=OUTSIDE / "hold.toml"))
    table = rg.sweep(load_sweep(tmp_path / "sweep.toml"), tmp_path / "out", workers=1)
    assert list(table["ok"]) == [True, True], list(table["reason"])
    assert table["reward"].nunique() == 2


def test_a_worker_without_the_package_says_so(tmp_path):
    """What a worker of another host does, in a process that has rulegen alone."""
    identity = {"configuration": "x", "task strange": "rulegen-strange 2.0 0123456789abcdef"}
    result = run_candidate("{}", identity, "fit", str(tmp_path))
    assert result == {
        "ok": False,
        "reason": "this worker lacks the task `strange` of rulegen-strange 2.0: install "
        "rulegen-strange 2.0 there",
    }


class Local(rg.DelayedMatch):
    name: str = "local"


def test_a_part_of_this_session_is_no_part_of_workers(tmp_path):
    rg.register(Local)
    rg.register(Local)  # a cell that runs again
    text = (OUTSIDE / "hold.toml").read_text()
    text = text.replace('name = "hold"\nlevel = 0.6', 'name = "local"')
    for name, own in (("softsign", "rate"), ("spsa", "pgpe")):
        text = text.replace(f'name = "{name}"', f'name = "{own}"')
    (tmp_path / "base.toml").write_text(text.replace('"outline", ', ""))
    (tmp_path / "sweep.toml").write_text('base = "base.toml"\n[axes]\nseed = [1]\n')
    what = load_sweep(tmp_path / "sweep.toml")
    assert what.candidates[0].config.task == Local()
    with pytest.raises(rg.ConfigError, match=r"`local` was registered in this session.*a package"):
        rg.sweep(what, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_name_belongs_to_one_part(installed):
    class Other(rg.DelayedMatch):
        name: str = "hold"

    with pytest.raises(rg.ConfigError, match=r"`hold`.* rulegen-outside 0\.1; give yours another"):
        rg.register(Other)

    class Impostor(rg.DelayedMatch):
        name: str = "go_nogo"

    with pytest.raises(rg.ConfigError, match="there is a task `go_nogo` already, of rulegen"):
        rg.register(Impostor)
    with pytest.raises(ValueError, match="Impostor has the name `go_nogo` of another task"):
        rg.DiscoverConfig(name="x", rule="w += 0.1*pre*post", task=Impostor())


CLASS = "import rulegen as rg\nclass Tone(rg.DelayedMatch):\n    name: str = {!r}\n"
POINTS = {"rulegen.tasks": {"tone": "MODULE:Tone"}}
#: Packages in which something is wrong, by what asking for the task `tone` says.
WRONG = {
    "two packages": (
        {"one_tone": CLASS.format("tone"), "two_tone": CLASS.format("tone")},
        r"the task `tone` is brought by one-tone 0\.1 and by two-tone 0\.1: uninstall all but one",
    ),
    "raises": (
        {"broken_tone": "raise OSError('no\\ndisk')"},
        r"`tone` of broken-tone 0\.1 cannot be loaded \(OSError: no disk\): mend or uninstall",
    ),
    "no such module": ({"lost_tone": None}, r"of lost-tone 0\.1 cannot be loaded \(ModuleNotFound"),
    "no part": ({"plain_tone": "Tone = 3"}, r"cannot be loaded \(ConfigError: 3 is no part"),
    "another name": (
        {"other_tone": CLASS.format("sound")},
        r"brings as the task `tone` is the task `sound`: both names must be one",
    ),
    "forgotten": (
        {"less_tone": "import rulegen as rg\nclass Tone(rg.Task):\n    name: str = 'tone'\n"},
        r"Tone: a task needs the property `chance`: The reward of the best",
    ),
}


@pytest.mark.parametrize(("modules", "message"), WRONG.values(), ids=WRONG)
def test_only_who_asks_for_a_broken_part_is_told(tmp_path, monkeypatch, modules, message):
    for module, text in modules.items():
        points = {g: {k: v.replace("MODULE", module) for k, v in found.items()}
                  for g, found in POINTS.items()}  # fmt: skip
        files = {f"{module}.py": text} if text else {}
        install(tmp_path, module.replace("_", "-"), points, files)
    monkeypatch.syspath_prepend(str(tmp_path))
    settings = {"name": "x", "rule": "w += 0.1*pre*post"}
    assert rg.DiscoverConfig(task={"name": "go_nogo"}, **settings).task.name == "go_nogo"
    assert "tone" in parts.names("task")
    path = tmp_path / "config.toml"
    path.write_text('name = "x"\nrule = "w += 0.1*pre*post"\ntask = { name = "tone" }\n')
    with pytest.raises(rg.ConfigError, match=message) as error:
        rg.load_config(path)
    assert len(str(error.value).splitlines()) == 1
    assert str(error.value).startswith(f"{path}: task: ")


def test_what_is_nowhere_lists_what_there_is():
    with pytest.raises(
        rg.ConfigError, match=r"no circuit `square`: name one of rate, spiking.*inst"
    ):
        parts.find("circuit", "square")


def test_a_card_names_a_part_of_a_session_or_of_another_package(installed):
    with pytest.raises(rg.ConfigError, match=r"`hum`, is not here; the card tells of no package"):
        check_part("task", "hum", "")
    with pytest.raises(rg.ConfigError, match=r"came with other 0\.1, and the one here .*outside"):
        check_part("task", "hold", "other 0.1")
    check_part("task", "hold", "rulegen-outside 0.0.9")  # another version is told with the figures
    check_part("circuit", "rate", "")


def definition(base, **members):
    """Define a class."""
    annotations = {"name": str} if "name" in members else {}
    space = {"__annotations__": annotations, "__module__": __name__, **members}
    return type(base)("Made", (base,), space)


def nothing(self):
    return None


#: Classes with something missing or wrong, and what is said where they are defined.
UNMADE = {
    "no name": (rg.Task, {}, 'a task needs a name of its own, such as `name: str = "made"`'),
    "the name of its base": (rg.DelayedMatch, {}, "needs a name of its own"),
    "no name for a file": (rg.DelayedMatch, {"name": "My Task"}, "`My Task` is no name"),
    "no estimate": (rg.Estimator, {"name": "made"}, "needs the method `estimate`: Estimate the"),
    "no search": (rg.Strategy, {"name": "made"}, "needs the method `check`: See that the budget"),
    "no signals": (rg.Circuit, {"name": "made"}, "needs the class variable `provides`"),
    "signature": (rg.Pgpe, {"name": "made", "estimate": nothing}, "`estimate` takes (self); it is"),
    "no property": (rg.DelayedMatch, {"name": "made", "chance": nothing}, "`chance` is a property"),
    "no method": (
        rg.DelayedMatch,
        {"name": "made", "trial": property(nothing)},
        "`trial` is a method(",
    ),
}


@pytest.mark.parametrize(("base", "members", "message"), UNMADE.values(), ids=UNMADE)
def test_what_is_missing_is_said_where_a_class_is_defined(base, members, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        definition(base, **members)


def test_a_part_has_one_name():
    made = definition(rg.DelayedMatch, name="one_name")
    assert made().name == "one_name"
    with pytest.raises(ValueError, match="this task is called `one_name`"):
        made(name="delayed_match")


def test_an_export_is_checked_where_it_is_made():
    with pytest.raises(TypeError, match="`write` takes one argument"):
        rg.Export("mine", "", ".txt", lambda: "")
    with pytest.raises(TypeError, match="is no name for an export"):
        rg.Export("../mine", "", ".txt", str)


def test_an_estimator_makes_its_own_lives():
    """Whatever else it says, `prepare` is asked."""
    world = rg.World(circuit=rg.RateCircuit(neurons=4), task=rg.DelayedMatch())
    bench = rg.Bench(world, rg.parse("param a = 0.1 free\non reward: w += a*pre*post"))

    class Refusing(rg.Pgpe):
        name: str = "refusing"

        def prepare(self, bench):
            raise ValueError("not here")

    with pytest.raises(ValueError, match="not here"):
        Refusing().prepare(bench)
    assert rg.Pgpe().prepare(bench) is bench.plain
    with pytest.raises(rg.ConfigError, match="is no part: give a class"):
        rg.register(Refusing())


@pytest.mark.parametrize(
    ("kind", "folder", "base"),
    [
        ("task", "tasks", rg.Task),
        ("circuit", "circuits", rg.Circuit),
        ("estimator", "estimators", rg.Estimator),
        ("strategy", "searching", rg.Strategy),
    ],
)
def test_every_bundled_part_is_registered(kind, folder, base):
    def below(made):
        for each in made.__subclasses__():
            yield each
            yield from below(each)

    here = {c for c in below(base) if c.__module__.startswith(f"rulegen.{folder}.")}
    known = {parts.find(kind, n) for n in parts.names(kind) if n != BROUGHT[kind]}
    assert here <= known
    assert all(parts.source(kind, c.model_fields["name"].default) == parts.BUNDLED for c in here)
