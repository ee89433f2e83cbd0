"""The command line as a newcomer meets it: exit codes, one message, no traceback."""

import json
import subprocess
import sys

import pytest

from rulegen.catalog import find
from rulegen.commands.cli import main
from rulegen.runs.check import check_report, check_text

FAMILY = "param a = 0.1 free\\ne <- e + a*xi*pre : synapse\\non reward: w += e"


def call(monkeypatch, capsys, *arguments, stdin=""):
    """Exit code, standard output and standard error of a call within this process."""
    import io

    monkeypatch.setattr(sys, "argv", ["rulegen", *map(str, arguments)])
    monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
    with pytest.raises(SystemExit) as end:
        main()
    out, err = capsys.readouterr()
    return end.value.code or 0, out, err


def test_check_reads_standard_input(monkeypatch, capsys):
    text = "u_bar = lowpass(u, 30)\nde/dt = -e/tau_e + pre*(u - u_bar)\non reward: w += eta*R*e"
    code, out, _ = call(monkeypatch, capsys, "check", "-", stdin=text)
    assert code == 0
    for part in ("canonical form", "LaTeX", r"\dot{e}_{ij}", "locality", "site       u_bar: post"):
        assert part in out
    assert "parameter  tau_e = no value ms" in out


def test_check_notes_what_has_no_effect(monkeypatch, capsys):
    _, out, _ = call(monkeypatch, capsys, "check", "-", stdin="param mu = 1\ndw/dt = eta*post*pre")
    assert "note       without effect: mu\n" in out
    _, out, _ = call(monkeypatch, capsys, "check", "-", stdin="dw = eta*post*pre")
    assert "note       nothing changes w: write `dw/dt = ...`" in out


def test_check_speaks_to_programs(monkeypatch, capsys):
    code, out, _ = call(monkeypatch, capsys, "check", "-", "--json", stdin="dw/dt = eta*pre*post")
    report = json.loads(out)
    assert code == 0
    assert report["locality"]["local"]
    assert report["sites"] == {"w": "synapse"}
    assert report["parameters"][0]["name"] == "eta"
    assert report["latex"] == r"\dot{w}_{ij} = \eta\,r_i\,r_j"


BAD = {
    "unknown symbol": ("dw/dt = eta*pre*pots", "post", 2),
    "syntax error": ("dw/dt = eta*(pre*post", "^", 2),
    "wrong site": ("x = lowpass(post, 20) : pre", "^", 2),
    "empty": ("", "", 2),
    "code": ("dw/dt = __import__('os')", "^", 2),
}


@pytest.mark.parametrize(("text", "part", "expected"), BAD.values(), ids=BAD)
def test_bad_rules(monkeypatch, capsys, text, part, expected):
    code, out, err = call(monkeypatch, capsys, "check", "-", stdin=text)
    assert (code, out) == (expected, "")
    assert part in err
    assert "Traceback" not in err


def test_a_rule_that_is_nowhere(monkeypatch, capsys):
    code, _, err = call(monkeypatch, capsys, "check", "ojaa")
    assert code == 2
    assert "oja" in err


def write(tmp_path, **parts):
    path = tmp_path / "config.toml"
    rule = parts.get("rule", FAMILY)
    path.write_text(
        f'name = "x"\nrule = "{rule}"\n{parts.get("top", "")}\n'
        f'[task]\nname = "delayed_association"\n{parts.get("rest", "")}'
    )
    return path


CONFIGS = {
    "no such key": ({"top": "sed = 3"}, "sed: there is no such setting"),
    "bad rule": ({"rule": FAMILY.replace("xi", "chi")}, "`chi`"),
    "negative tau": (
        {"rule": "param a = 1 free\\nx = lowpass(post, -5)\\ne <- a*x*pre\\non reward: w += e"},
        "",
    ),
    "a setting of a part": ({"rest": "[evaluate]\nlivess = 8"}, "did you mean `lives`"),
    "a long description": ({"top": f'description = "{9000 * "x"}"'}, "description"),
    "an invisible mark": ({"top": 'title = "a \\u200f mark"'}, "title"),
    "a reference": (
        {"rest": '[[references]]\nname = "mine"\nrule = "w += nothing"'},
        "`nothing`",
    ),
    "another circuit": (
        {"rest": '[circuit]\nname = "spiking"'},
        "so that `pathwise` has nothing to differentiate",
    ),
}


@pytest.mark.parametrize(("parts", "message"), CONFIGS.values(), ids=CONFIGS)
def test_bad_configurations(monkeypatch, capsys, tmp_path, parts, message):
    out = tmp_path / "run"
    code, _, err = call(monkeypatch, capsys, "discover", write(tmp_path, **parts), "--out", out)
    assert code == 2
    assert message in err
    assert "Traceback" not in err
    assert not out.exists()
    code, out, err = call(monkeypatch, capsys, "check", write(tmp_path, **parts))
    assert (code, out) == (2, "")
    assert message in err


def test_an_output_folder_that_cannot_be_made(monkeypatch, capsys, tmp_path):
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "run"
    code, _, err = call(monkeypatch, capsys, "discover", write(tmp_path), "--out", out)
    assert code == 2
    assert "choose another --out" in err


def test_a_failed_run_exits_with_1(monkeypatch, capsys, tmp_path):
    rule = "param a = 1 free\\ne <- e + a*xi*pre : synapse\\non reward: w += 1e6*e"
    fit = '[[fit]]\niterations = 1\nestimator = { name = "pgpe", lives = 4 }'
    path, out = write(tmp_path, rule=rule, rest=fit), tmp_path / "run"
    code, _, err = call(
        monkeypatch, capsys, "discover", path, "--out", out, "--set", "life.trials=5",
        "--set", "life.warmup=0", "--set", "circuit.neurons=4",
    )  # fmt: skip
    assert code == 1
    assert "every life diverged" in err
    assert (out / "history.jsonl").exists()


def test_interrupt_says_how_to_resume(monkeypatch, capsys, tmp_path):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("rulegen.commands.discover.run_discovery", interrupted)
    path = write(tmp_path)
    code, _, err = call(monkeypatch, capsys, "discover", path, "--out", tmp_path / "my run")
    assert code == 130
    assert "--resume" in err
    assert f"'{tmp_path / 'my run'}'" in err


def test_the_module_runs():
    done = subprocess.run(
        [sys.executable, "-m", "rulegen", "check", "-"],
        input="dw/dt = eta*pre*post",
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0
    assert "LaTeX" in done.stdout


def test_what_check_says_is_no_wider_than_its_terminal():
    report = check_report(find("bcm").rule)
    told = check_text(report, 60).split("\n\n")[1].splitlines()
    assert max(map(len, told)) <= 60
    assert " ".join(" ".join(told).split()) in " ".join(check_text(report).split())
