"""Whatever a process is given by its surroundings: consoles, streams, variables, Ctrl-C."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rulegen.catalog import find
from rulegen.catalog.export import export

GREEK = "u_bar = lowpass(u, \u03c4_u)\ndw/dt = \u03b7\u00b7pre*u_bar"
MARK = b"\xef\xbb\xbf"
FULL = Path("/dev/full")


def rulegen(*arguments, stdin=b"", **changes):
    """Exit code, standard output and standard error as bytes."""
    done = subprocess.run(
        [sys.executable, "-m", "rulegen", *arguments],
        input=stdin,
        capture_output=True,
        env=os.environ | changes,
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_consoles_of_any_encoding(encoding):
    console = {"PYTHONIOENCODING": encoding}
    code, out, err = rulegen("catalog", "list", **console)
    assert (code, err) == (0, b"")
    shown = "F\u00f6ldi\u00e1k".encode(encoding, "backslashreplace")
    assert shown in out
    code, out, err = rulegen("check", "-", stdin=GREEK.encode(), **console)
    assert (code, err) == (0, b"")
    assert b"u_bar = lowpass(u, tau_u)" in out
    # What may become a file is written as files are.
    code, out, err = rulegen("export", "foldiak", "--to", "numpy", **console)
    assert (code, out.decode(), err) == (0, export(find("foldiak"), "numpy"), b"")


@pytest.mark.parametrize("locale", [{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}])
def test_a_locale_without_letters(locale):
    assert rulegen("catalog", "show", "foldiak", **locale)[0] == 0
    assert rulegen("check", "-", stdin=GREEK.encode(), **locale)[0] == 0


def test_texts_with_a_mark_before_them():
    assert rulegen("check", "-", stdin=MARK + b"dw/dt = eta*pre*post")[0] == 0


def test_what_is_named_is_not_obeyed():
    code, _, told = rulegen("check", "a\x1b[2J")
    assert code == 2
    assert b"there is no rule `a\\x1b[2J`" in told
    assert b"\x1b" not in told


def test_input_that_is_no_text():
    code, out, err = rulegen("check", "-", stdin=b"\xff\xfe")
    assert (code, out, err) == (2, b"", b"rulegen: standard input is not text in UTF-8\n")


def test_input_without_end():
    with Path("/dev/zero").open("rb") as endless:
        done = subprocess.run(
            [sys.executable, "-m", "rulegen", "check", "-"],
            stdin=endless,
            capture_output=True,
            timeout=60,
        )
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"rulegen: standard input is larger than 4 MB\n"


def in_shell(line):
    command = ["bash", "-c", line.replace("rulegen", f"{sys.executable} -m rulegen")]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


STREAMS = {
    "rulegen check oja >&-": (0, ""),
    "rulegen check oja >&- 2>&- <&-": (0, ""),
    "rulegen check - <&-": (2, "rulegen: standard input is closed; name a file, or send the text"),
    "rulegen check nothing 2>&-": (2, ""),
    "set -o pipefail; rulegen catalog list | (exec <&-)": (1, ""),  # the reader had enough
}
if FULL.exists():
    no_space = "rulegen: standard output or a file: No space left on device"
    STREAMS |= {
        "rulegen check oja >/dev/full": (1, no_space),
        "rulegen catalog list >/dev/full": (1, no_space),
        "rulegen export oja --to numpy >/dev/full": (1, no_space),
        "rulegen check nothing 2>/dev/full": (2, ""),
    }


@pytest.mark.parametrize("line", STREAMS)
def test_streams_that_are_closed_or_full(line):
    code, said = STREAMS[line]
    done = in_shell(line)
    assert done.returncode == code
    assert done.stderr.startswith(said)
    assert len(done.stderr.splitlines()) == bool(said)


def test_no_file_takes_the_place_of_a_closed_stream(tmp_path):
    """What libraries print must not be written into the first file that is opened."""
    code = (
        "import os; os.close(1); from rulegen.commands.start import fill_streams; fill_streams();"
        f"file = open({str(tmp_path / 'kept')!r}, 'w'); os.write(1, b'noise'); file.write('own')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert (tmp_path / "kept").read_text() == "own"


def test_a_backend_of_a_notebook(tmp_path):
    """Its children inherit where a notebook draws, with a package that they may lack."""
    (tmp_path / "scene.toml").write_text(
        '[task]\nname = "delayed_match"\n[circuit]\nneurons = 4\n[life]\ntrials = 3\nwarmup = 0\n'
        '[[rules]]\nname = "a"\nrule = "dw/dt = 0.001*post*pre"\n'
    )
    given = ("analyse", str(tmp_path / "scene.toml"), "--lives", "2", "--repeats", "2")
    backend = "module://no_such_package.backend_inline"
    code, _, err = rulegen(*given, "--out", str(tmp_path / "out"), MPLBACKEND=backend)
    assert (code, b"no_such_package" in err) == (0, False)
    assert list((tmp_path / "out").glob("*.png"))


@pytest.mark.parametrize(
    "command", ["simulate oja", "sweep sweep.toml", "catalog add x", "devices"]
)
def test_a_device_that_is_not_there(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    Path("base.toml").write_text(
        'name = "x"\nrule = "param a = 1 free\\ndw/dt = a*pre*post"\n[task]\nname = "delayed_match"'
    )
    Path("sweep.toml").write_text('name = "x"\nbase = "base.toml"\n[axes]\nseed = [1]\n')
    here = {"PYTHONPATH": str(Path(__file__).parents[1]), "JAX_PLATFORMS": "cuda"}
    code, out, err = rulegen(*command.split(), **here)
    assert (code, out) == (2, b"")
    assert err.startswith(b"rulegen: JAX_PLATFORMS=cuda")
    assert b": JAX finds no such devices (" in err
    assert len(err.splitlines()) == 1


def test_a_variable_that_jax_cannot_read():
    here = {"PYTHONPATH": str(Path(__file__).parents[1]), "JAX_ENABLE_X64": "perhaps"}
    code, _, err = rulegen("devices", **here)
    assert code == 2
    assert err.startswith(b"rulegen: JAX_ENABLE_X64=perhaps in the environment: ")
    assert err.endswith(b"; unset it\n")


SWALLOWS = """
import time
print("importing", flush=True)
try:
    time.sleep(60)
except BaseException:
    pass
"""


def test_ctrl_c_while_modules_load(tmp_path):
    """Callbacks in imports catch what is raised there, and the run went on as if nothing were."""
    (tmp_path / "optax.py").write_text(SWALLOWS)
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[1])])
    with subprocess.Popen(
        [sys.executable, "-m", "rulegen", "discover", "--help"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path, "PYTHONSAFEPATH": "1"},
        text=True,
    ) as process:
        assert process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "rulegen: interrupted\n")


def test_ctrl_c_is_left_to_whoever_has_it():
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from rulegen.commands.stopping import stopping_at_once\n"
        "with stopping_at_once():\n"
        "    signal.raise_signal(signal.SIGINT)\n"
        "print('went on')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "went on\n"


def test_the_whole_way_to_an_error():
    line = b"rulegen: there is no rule `nothing` in the catalog"
    for arguments in (["--traceback", "check", "nothing"], ["check", "nothing", "--traceback"]):
        code, _, err = rulegen(*arguments)
        assert code == 2
        assert err.startswith(b"Traceback (most recent call last)")
        assert err.splitlines()[-1].startswith(line)
    assert rulegen("check", "nothing")[2].startswith(line)
