"""Files that are read: ordinary ones of a stated size, from whatever editor."""

import io
import os
import shutil
import sys

import pytest
from honest import leave, publish

from rulegen.catalog import find, markdown_card, save_record
from rulegen.catalog.records.places import DISCOVERED
from rulegen.commands.cli import main
from rulegen.grammar import ConfigError, load_space
from rulegen.grammar.reading.files import LARGEST_FILE, read_file, read_own, read_toml
from rulegen.grammar.space.space import LOCAL
from rulegen.publishing.config import load_config
from rulegen.runs.sources import read_source
from rulegen.verifying.published import published

MARK = b"\xef\xbb\xbf"
CONFIG = (
    'name = "x"\nrule = """\nparam a = 0.1 free\ne <- e + a*xi*pre : synapse\n'
    'on reward: w += e\n"""\n'
    '[task]\nname = "delayed_match"\n'
)


def changed(path):
    """The file as editors of another system leave it."""
    path.write_bytes(MARK + path.read_bytes().replace(b"\n", b"\r\n"))
    return path


def test_marks_and_ends_of_lines(tmp_path):
    oja, files = find("oja"), {}
    save_record(oja, tmp_path / "oja.toml")
    (tmp_path / "oja.md").write_text(markdown_card(oja))
    (tmp_path / "oja.txt").write_text(oja.equations)
    for path in tmp_path.iterdir():
        files[path.suffix] = read_source(str(changed(path)), None)
    assert {source.rule.digest for source in files.values()} == {oja.digest}
    assert files[".toml"].record == files[".md"].record == oja
    for path in tmp_path.iterdir():
        piped = io.TextIOWrapper(io.BytesIO(path.read_bytes()), encoding="ascii")
        assert read_source("-", piped).rule.digest == oja.digest


def test_a_configuration_and_a_space_from_another_editor(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    plain = load_config(path)
    assert load_config(changed(path)) == plain
    shutil.copy(LOCAL, tmp_path / "space.toml")
    assert load_space(changed(tmp_path / "space.toml")).count() == load_space(LOCAL).count()


def test_the_folder_of_a_run_with_other_ends_of_lines(tmp_path):
    """Mail and repositories change them, in the table of lives as well, which a record names."""
    record, trajectories = publish(lives=8)
    folder = leave(record, trajectories, tmp_path / "run")
    found = published(folder)
    for path in folder.iterdir():
        if path.suffix in (".md", ".toml", ".txt", ".csv", ".json"):
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    again = published(folder)
    assert again.record == found.record
    assert again.lives.digest == record.evidence.data


CALLS = [
    *("check rule.txt", "export --to numpy rule.txt", "simulate rule.txt", "compare rule.txt"),
    *("check rule.toml", "discover rule.toml", "search rule.toml", "sweep rule.toml"),
    *("estimators rule.toml", "verify rule.toml", "analyse rule.toml", "catalog show rule.toml"),
    *("simulate --world rule.toml", "compare oja --worlds rule.toml"),
    *("check rule.md", "verify rule.md", "analyse rule.md", "catalog show rule.md"),
    *("check rule", "verify rule", "analyse rule"),
]


def call(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["rulegen", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code, capsys.readouterr().err


@pytest.mark.parametrize("line", CALLS)
def test_no_command_waits_for_a_pipe(monkeypatch, capsys, tmp_path, line):
    monkeypatch.chdir(tmp_path)
    *_, name = line.split()
    os.mkfifo(name)
    code, err = call(monkeypatch, capsys, *line.split())
    assert code == 2
    assert err == f"rulegen: cannot read {name}: it is no ordinary file\n"


def of_catalog(tmp_path):
    """A catalog of one rule of each kind."""
    for kind in ("rules", "discovered"):
        (tmp_path / kind).mkdir()
    shutil.copy(DISCOVERED.parent / "rules" / "oja.toml", tmp_path / "rules")
    for path in DISCOVERED.glob("delayed_association.*"):
        shutil.copy(path, tmp_path / "discovered")
    return tmp_path


IN_CATALOG = ["rules/pipe.toml"]
IN_CATALOG += [f"discovered/delayed_association.{kind}" for kind in ("toml", "png", "pdf", "csv")]


@pytest.mark.parametrize("name", IN_CATALOG)
def test_no_catalog_waits_for_a_pipe(monkeypatch, capsys, tmp_path, name):
    home = of_catalog(tmp_path)
    (home / name).unlink(missing_ok=True)
    os.mkfifo(home / name)
    out = ("--records", home, "--out", tmp_path / "out")
    code, err = call(monkeypatch, capsys, "catalog", "build", *out)
    *_, last = err.splitlines()
    assert (code, last) == (2, f"rulegen: cannot read {home / name}: it is no ordinary file")


@pytest.mark.parametrize("name", ["README.md", ".rendered.json", ".lock", "cards/old.md"])
def test_no_build_waits_for_a_pipe_among_its_pages(monkeypatch, capsys, tmp_path, name):
    home, out = of_catalog(tmp_path), tmp_path / "out"
    (out / name).parent.mkdir(parents=True)
    os.mkfifo(out / name)
    code, err = call(monkeypatch, capsys, "catalog", "build", "--records", home, "--out", out)
    answers = [line for line in err.splitlines() if line.startswith("rulegen: ")]
    assert (code, len(answers)) in ((0, 0), (2, 1))


@pytest.mark.parametrize("name", ["record.toml", "card.md", "lives.csv", "learning.csv"])
def test_no_claim_waits_for_a_pipe(monkeypatch, capsys, tmp_path, name):
    folder = leave(*publish(lives=8), tmp_path / "run")
    (folder / name).unlink()
    os.mkfifo(folder / name)
    code, err = call(monkeypatch, capsys, "verify", folder)
    assert (code, err) == (2, f"rulegen: cannot read {folder / name}: it is no ordinary file\n")


def test_no_run_waits_for_a_pipe(monkeypatch, capsys, tmp_path):
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "run").mkdir()
    os.mkfifo(tmp_path / "run" / "history.jsonl")
    given = ("--out", tmp_path / "run", "--resume")
    code, err = call(monkeypatch, capsys, "discover", tmp_path / "config.toml", *given)
    assert code == 1
    assert err.endswith("history.jsonl is no ordinary file; choose another --out\n")


@pytest.mark.parametrize("read", [read_file, read_own])
def test_devices_large_files_and_names_that_none_has(tmp_path, read):
    for path in ("/dev/zero", "/dev/null", "/dev/tty", str(tmp_path), str(tmp_path / "none")):
        with pytest.raises(ConfigError, match=f"cannot read {path}: "):
            read(path, 10)
    (tmp_path / "large").write_bytes(bytes(11))
    with pytest.raises(ConfigError, match="large is larger than"):
        read(tmp_path / "large", 10)
    assert read(tmp_path / "large", 11) == bytes(11)
    with pytest.raises(ConfigError, match=r"cannot read 'a\\x00b': embedded null"):
        read("a\0b", 10)
    (tmp_path / "link").symlink_to(tmp_path / "large")
    if read is read_file:
        assert read(tmp_path / "link", 11) == bytes(11)
    else:
        with pytest.raises(ConfigError, match="it is a link"):
            read(tmp_path / "link", 11)


TOML = {
    "digits": ("a = " + "9" * 5000, "not valid TOML: a whole number of more than 4300 digits"),
    "brackets": ("a = " + "[" * 5000, "not valid TOML: too many brackets in each other"),
    "tables": ("a = " + "{a=" * 5000, "not valid TOML: too many brackets in each other"),
    "size": ("#" * (LARGEST_FILE + 1), "is larger than 1 MB"),
    "no text": (b"a = '\xff'", "is not text in UTF-8"),
    "a date that is none": ("a = 2026-02-31", "not valid TOML"),
}


@pytest.mark.parametrize(("text", "message"), TOML.values(), ids=TOML)
def test_files_that_are_no_toml(tmp_path, text, message):
    path = tmp_path / "file.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError, match=message):
        read_toml(path)
