"""Parts of another package work as those of rulegen do, and what is wrong in them is said."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from packages import install
from test_cli import call

import rulegen as rg
from rulegen.analysis.equilibria import fixed_points
from rulegen.analysis.studies import study, subjects
from rulegen.catalog import parts
from rulegen.catalog.export import export
from rulegen.catalog.parts.registry import identified
from rulegen.commands.cli import main
from rulegen.publishing.rundir import RunDirectory
from rulegen.runs.combination import run_combination
from rulegen.runs.sweep_config import load_sweep
from rulegen.searching import search
from rulegen.searching.config import load_search
from rulegen.verifying.setting import check_part, world_of

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
    assert f"| task    | `package`      | {told} |" in (folder / "card.md").read_text()
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
    page, record = (run[1] / name for name in ("card.md", "record.toml"))
    for asked in (
        ("verify", page),
        ("verify", record),
        ("analyse", run[1]),
        ("discover", OUTSIDE / "hold.toml", "--resume", "--out", run[1]),
    ):
        done = command(*asked)
        assert done.returncode == 2
        assert "`hold`, is not here; it came with rulegen-outside 0.1: install that" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_missing_export_is_missed_by_who_writes_it(run, tmp_path, monkeypatch):
    """And by nobody else: those who read such a configuration write none."""
    monkeypatch.chdir(tmp_path)
    for name in ("config.toml", "record.toml"):
        (tmp_path / name).write_text((run[1] / name).read_text().replace('"outline"', '"nowhere"'))
    assert subjects(tmp_path)[0] == run[0].world
    size = ["--lives", "4", "--repeats", "2", "--truth-lives", "2", "--out", "appraised"]
    monkeypatch.setattr(sys, "argv", ["rulegen", "estimators", "config.toml", *size])
    with contextlib.suppress(SystemExit):
        main()
    assert (tmp_path / "appraised" / "estimators.csv").exists()
    with pytest.raises(rg.ConfigError, match=r"^exports: there is no export `nowhere`"):
        rg.discover(rg.load_config(tmp_path / "config.toml"), tmp_path / "again")
    text = (OUTSIDE / "search.toml").read_text().replace('"outline"', '"nowhere"')
    (tmp_path / "search.toml").write_text(text)
    (tmp_path / "space.toml").write_text((OUTSIDE / "space.toml").read_text())
    with pytest.raises(rg.ConfigError, match=r"^exports: there is no export `nowhere`"):
        search(load_search(tmp_path / "search.toml"), tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_an_export_that_fails_leaves_nothing_half_written(run, tmp_path):
    config, _, found = run

    def fail(record):
        raise RuntimeError("full")

    rg.register(rg.Export("failing", "", ".txt", fail))
    brittle = found._replace(config=config.model_copy(update={"exports": ("failing",)}))
    (tmp_path / "run").mkdir()
    told = "in publishing: the export `failing` of this session fails in `write`: RuntimeError: fu"
    with pytest.raises(rg.RunError, match=told):
        RunDirectory(tmp_path / "run").publish(brittle, 1.0)
    assert not list((tmp_path / "run").iterdir())
    with pytest.raises(rg.RunError, match="the export `failing`"):
        brittle.publish(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_search_is_made_of_them(installed, tmp_path):
    config = load_search(OUTSIDE / "search.toml")
    found = search(config, tmp_path / "run")
    assert {c.source for c in found.candidates} == {"lottery"}
    assert (tmp_path / "run" / "rule_outline.txt").exists()


SWEEP = """
base = "{base}"
job = "fit"
name = "levels"
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
    result = run_combination("{}", identity, "fit", str(tmp_path))
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
    (tmp_path / "sweep.toml").write_text('name = "x"\nbase = "base.toml"\n[axes]\nseed = [1]\n')
    what = load_sweep(tmp_path / "sweep.toml")
    assert what.combinations[0].config.task == Local()
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


def test_a_package_that_no_library_can_read_is_named(tmp_path):
    """Pydantic and JAX ask all packages for their entry points."""
    install(tmp_path, "dull", b"[rulegen.tasks]\nfoo\n")
    for arguments in (["check", "oja"], ["simulate", "oja", "--trials", 13, "--lives", 1]):
        done = command(*arguments, path=tmp_path)
        assert done.returncode == 2
        told = r"rulegen: dull 0\.1 cannot be read \(TypeError: .*\): mend or uninstall it\n"
        assert re.fullmatch(told, done.stderr)


def test_a_card_names_a_part_of_a_session_or_of_another_package(installed):
    with pytest.raises(rg.ConfigError, match=r"`hum`, is not here; the card tells of no package"):
        check_part("task", "hum", "")
    with pytest.raises(rg.ConfigError, match=r"came with other 0\.1, and the one here .*outside"):
        check_part("task", "hold", "other 0.1")
    check_part("task", "hold", "rulegen-outside 0.0.9")  # another version is told with the figures
    check_part("circuit", "rate", "")


def test_its_circuit_is_opened(monkeypatch, capsys, run, tmp_path):
    """All but its fixed points, of which it says nothing."""
    out = ("--out", tmp_path / "out", "--lives", 2, "--repeats", 2)
    code, told, err = call(monkeypatch, capsys, "analyse", run[1], *out)
    assert code == 0
    assert "decoding 1/1" in err, "how far it is, where no terminal shows it"
    line = "fixed_points: left out for the softsign circuit: it does not say by `step_size` and"
    assert line in told
    assert line in (tmp_path / "out" / "index.md").read_text()
    assert (tmp_path / "out" / "decoding.csv").exists()
    assert not (tmp_path / "out" / "fixed_points.csv").exists()


def test_fixed_points_of_a_circuit_that_has_a_flow(installed):
    """As the page writes it: the flow is that of the step, and what stands still is found."""
    code = next(c for c in re.findall(r"```python\n(.*?)```", PAGE, re.S) if "def flow" in c)
    places = {"Softsign": parts.find("circuit", "softsign"), "jnp": jnp, "__name__": "page"}
    exec(code, places)
    circuit = places["Flowing"](neurons=3)
    rng = np.random.default_rng(0)
    weights, drive = 0.5 * rng.normal(size=(3, 3)), rng.normal(size=3)
    found = fixed_points(circuit, weights, drive, rng.normal(size=(4, 3)))
    assert found.still.tolist() == [True]
    u = found.potentials[0]
    after = circuit.step(weights, rg.circuits.Activity(u, u / (1 + abs(u))), drive, 0.0)
    np.testing.assert_allclose(after.u, u, atol=1e-5)
    slope = 1 / (1 + abs(u)) ** 2
    expected = np.linalg.eigvals(weights * slope - np.eye(3))
    np.testing.assert_allclose(
        np.sort(found.eigenvalues[0].real), np.sort(expected.real), atol=1e-8
    )
    life = rg.LifeSettings(trials=4, warmup=1)
    world = rg.World(circuit=circuit, task=rg.DelayedMatch(), life=life)
    tables = study(world, {"a": "on trial end: w += 0.001*R"}, lives=2, repeats=2).tables
    assert tables["fixed_points"]["fixed"].any()
