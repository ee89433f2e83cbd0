"""A command loads what it needs: answers from formulas and records wait for no simulator."""

import re
import shutil
import subprocess
import sys

import pytest

from rulegen.catalog.records.places import FOLDER

HEAVY = {"jax", "optax", "pandas", "matplotlib", "networkx", "scipy"}
#: What no start of the command line needs.
LATER = HEAVY | {"sympy", "numpy", "pydantic", "jinja2"}
ALL = (
    *("new", "discover", "check", "estimators", "sweep", "search", "simulate", "verify"),
    *("compare", "open", "watch", "analyse", "export", "catalog"),
)


def loaded(*arguments, stdin="", cwd=None):
    """What a command prints, and the modules that it loaded."""
    code = (
        "import sys\nfrom rulegen.commands.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        input=stdin, capture_output=True, text=True, check=True, cwd=cwd,
    )  # fmt: skip
    return done.stdout, set(done.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["check", "oja"], "canonical form"),
        (["check", "-"], "factored: 1 product"),
        (["export", "oja", "--to", "jax"], "import jax"),
        (["catalog", "list"], "Oja's rule"),
        (["catalog", "show", "oja"], "Oja's rule"),
    ],
    ids=" ".join,
)
def test_what_only_reads_loads_no_simulator(arguments, part):
    out, modules = loaded(*arguments, stdin="de/dt = -e/tau_e + pre*u\non reward: w += eta*R*e")
    assert part in out
    assert not modules & HEAVY


def test_pages_are_made_without_a_simulator(tmp_path):
    (tmp_path / "from" / "rules").mkdir(parents=True)
    shutil.copy(FOLDER / "hebb.toml", tmp_path / "from" / "rules")
    out, modules = loaded(
        *("catalog", "build", "--out", tmp_path / "to", "--records", tmp_path / "from")
    )
    assert "1 rule," in out
    assert not modules & HEAVY


def test_whoever_asks_for_parts_has_those_of_rulegen():
    """Whatever was imported before: a run with exports is read by commands that export nothing."""
    code = "from rulegen.catalog import parts\nprint(*parts.names('export'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"numpy", "brian2", "nestml"} <= set(done.stdout.split())


def test_the_simulator_is_seen_by_this_test():
    _, modules = loaded("simulate", "--help")
    assert modules >= {"jax", "pandas"}


def test_help_waits_for_nothing():
    out, modules = loaded("--help")
    assert not modules & LATER
    shown = re.sub(r"[│\s]+", " ", out)
    for name in ALL:
        assert re.search(rf" {name} [A-Z]\w+ ", shown), name


@pytest.mark.parametrize(
    "arguments",
    [[name] for name in ALL] + [["catalog", n] for n in ("list", "show", "add", "open", "build")],
)
def test_each_command_is_where_it_is_said_to_be(monkeypatch, capsys, arguments):
    from rulegen.commands.cli import main

    monkeypatch.setattr(sys, "argv", ["rulegen", *arguments, "--help"])
    with pytest.raises(SystemExit) as end:
        main()
    out, _ = capsys.readouterr()
    assert (end.value.code or 0) == 0
    assert f"rulegen {' '.join(arguments)} " in out


def test_a_command_that_is_none(monkeypatch, capsys):
    from rulegen.commands.cli import main

    monkeypatch.setattr(sys, "argv", ["rulegen", "chek"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert "Did you mean 'check'" in re.sub(r"\s+", " ", capsys.readouterr().err)
