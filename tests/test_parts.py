"""What is missing or wrong in a part is said where it is defined, or to who asks for it."""

import importlib
import re

import pytest
from packages import install

import rulegen as rg
from rulegen.catalog import parts
from rulegen.verifying.setting import check_part

#: What tests bring in from outside into the same process.
OUTSIDE = {"hold", "softsign", "spsa", "lottery", "outline"}

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
    "ends the program": (
        {"ending_tone": "import sys\nsys.exit('\x1b[31mbye')"},
        r"`tone` of ending-tone 0\.1 cannot be loaded \(SystemExit: \[31mbye\): mend or uninstall",
    ),
    "no such module": ({"lost_tone": None}, r"of lost-tone 0\.1 cannot be loaded \(ModuleNotFound"),
    "no part": ({"plain_tone": "Tone = 3"}, r"cannot be loaded \(ConfigError: 3 is no part"),
    "another name": (
        {"other_tone": CLASS.format("sound")},
        r"brings as the task `tone` is the task `sound`: both names must be one",
    ),
    "forgotten": (
        {"less_tone": "import rulegen as rg\nclass Tone(rg.Task):\n    name: str = 'tone'\n"},
        r"cannot be loaded \(TypeError: Tone: a task needs the method `chance`: The most",
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


#: Metadata that cannot be read: the entry points, the lines about the package, and what is said.
UNREAD = {
    "a name without a place": (b"[rulegen.tasks]\nfoo\n", None, r"dull 0\.1 cannot .*TypeError"),
    "no text": (b"[rulegen.tasks]\n\xff = x:y\n", None, r"dull 0\.1 cannot .*UnicodeDecodeErr"),
    "no version": (b"[rulegen.tasks]\nfoo = x:y\n", "Name: dull\n", r"a package in .* cannot be"),
    "no name": (b"[rulegen.tasks]\nfoo = x:y\n", "Version: 0.1\n", r"a package in .* cannot be"),
    "another name": (
        b"[rulegen.tasks]\nfoo = x:y\n",
        "Name: none\nVersion: 0.1\n",
        r"none 0\.1 cannot be read \(PackageNotFoundError",
    ),
}


@pytest.mark.parametrize(("points", "about", "message"), UNREAD.values(), ids=UNREAD)
def test_a_package_that_cannot_be_read_is_told_to_who_misses_a_part(
    tmp_path, monkeypatch, points, about, message
):
    install(tmp_path, "dull", points)
    if about is not None:
        (tmp_path / "dull-0.1.dist-info" / "METADATA").write_text(about)
    install(tmp_path, "good-tone", POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert parts.find("task", "go_nogo") and "tone" in parts.names("task")
    assert "foo" not in parts.names("task")
    for ask in (lambda: parts.find("task", "foo"), lambda: check_part("task", "foo", "dull 0.1")):
        with pytest.raises(rg.ConfigError, match=message) as error:
            ask()
        assert len(str(error.value).splitlines()) == 1
        assert str(error.value).endswith(": mend or uninstall it")


def test_a_name_that_no_file_can_use_is_not_offered(tmp_path, monkeypatch):
    install(tmp_path, "odd", {"rulegen.tasks": {"foo bar!": "odd:Tone", "Tone": "odd:Tone"}})
    monkeypatch.syspath_prepend(str(tmp_path))
    assert not {"foo bar!", "Tone"} & {*parts.names("task")}


def test_a_bundled_name_means_the_bundled_part(tmp_path, monkeypatch):
    points = {"rulegen.tasks": {"reversal": "taking:Tone"}}
    install(tmp_path, "taking", points, {"taking.py": CLASS.format("reversal")})
    monkeypatch.syspath_prepend(str(tmp_path))
    assert parts.find("task", "reversal") is rg.tasks.Reversal
    assert parts.source("task", "reversal") == parts.BUNDLED
    assert parts.names("task").count("reversal") == 1
    taking = importlib.import_module("taking").Tone
    with pytest.raises(rg.ConfigError, match="there is a task `reversal` already, of rulegen; giv"):
        rg.register(taking)
    with pytest.raises(ValueError, match="Tone has the name `reversal` of another task, of rulege"):
        rg.DiscoverConfig(name="x", rule="w += 0.1*pre*post", task=taking())


def test_what_is_nowhere_lists_what_there_is():
    with pytest.raises(
        rg.ConfigError, match=r"no circuit `square`: name one of rate, spiking.*inst"
    ):
        parts.find("circuit", "square")


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
    "no estimate": (rg.Estimator, {"name": "made"}, "an estimator needs the method `estimate`: Es"),
    "no search": (rg.Strategy, {"name": "made"}, "needs the method `check`: See that the budget"),
    "no signals": (rg.Circuit, {"name": "made"}, "needs the class variable `provides`"),
    "signature": (rg.Pgpe, {"name": "made", "estimate": nothing}, "`estimate` takes (self); it is"),
    "no property": (rg.DelayedMatch, {"name": "made", "best": nothing}, "`best` is a property"),
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
    known = {parts.find(kind, n) for n in parts.names(kind) if n not in OUTSIDE}
    assert here <= known
    assert all(parts.source(kind, c.model_fields["name"].default) == parts.BUNDLED for c in here)
