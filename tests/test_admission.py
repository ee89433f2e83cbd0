"""`rulegen catalog add`: everything is checked before anything is written."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import tomli_w
from honest import LIVES, leave, print_files, publish, quick_bench
from test_cli import call

from rulegen.catalog import Record, load_record
from rulegen.catalog.pages.build import build
from rulegen.catalog.records.library import PNG, library, read_entry
from rulegen.catalog.records.record import plain_data
from rulegen.grammar import ConfigError
from rulegen.ground.digests import digest_of
from rulegen.verifying import admission
from rulegen.verifying.published import published

#: With new lives that are always the same, so that nothing is left to chance.
add_run = partial(admission.add_run, lives=LIVES, seed=0)


ENDINGS = ("toml", "csv", "learning.csv", "png", "pdf")


def files(folder: Path) -> dict[str, bytes]:
    found = sorted(folder.rglob("*"))
    return {str(p.relative_to(folder)): p.read_bytes() for p in found if p.is_file()}


@pytest.fixture(autouse=True)
def shared_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["rulegen.verifying.verify"], "Bench", quick_bench)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run; tests work on copies."""
    return leave(*publish(), tmp_path_factory.mktemp("made") / "run")


@pytest.fixture
def mine(run: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    for name, content in files(run).items():
        (folder / name).write_bytes(content)
    return folder


def test_an_honest_run_is_taken_in(mine: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    entry = add_run(mine, home)
    assert entry.record == load_record(mine / "record.toml")
    assert set(files(home / "discovered")) == {f"small.{e}" for e in ENDINGS}
    assert (home / "discovered/small.csv").read_bytes() == (mine / "lives.csv").read_bytes()
    assert (home / "discovered/small.png").read_bytes().startswith(PNG)
    kept = published(str(home / "discovered/small.toml")).curves
    assert str(kept) == str(published(str(mine)).curves)
    assert library(home)["small"].record == entry.record
    before = files(home)
    add_run(mine, home)
    assert files(home) == before, "the same run once more changes nothing"


def test_pictures_are_drawn_and_not_copied(mine: Path, tmp_path: Path) -> None:
    (mine / "learning.png").write_bytes(PNG + b"a picture of another rule")
    (mine / "learning.pdf").write_text("no picture")
    add_run(mine, tmp_path / "home")
    for content in files(tmp_path / "home").values():
        assert b"another rule" not in content and b"no picture" not in content


def change(name: str, old: str, new: str) -> Callable[[Path], None]:
    def forge(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))

    return forge


def edit(**changes: object) -> Callable[[Path], None]:
    """Another evidence, alone; the record is written as it stands."""

    def forge(folder: Path) -> None:
        data = plain_data(load_record(folder / "record.toml"))
        data["evidence"] |= changes
        (folder / "record.toml").write_text(tomli_w.dumps(data))
        for name in ("card.md", "card.tex", "summary.json"):
            (folder / name).unlink()

    return forge


def reward_of_nine_and_a_half(folder: Path) -> None:
    data = plain_data(load_record(folder / "record.toml"))
    evidence = data["evidence"]
    rise = 9.5 - evidence["reward"]["mean"]
    for figure in [evidence["reward"], *(c["difference"] for c in evidence["comparisons"])]:
        for part in ("mean", "low", "high"):
            figure[part] += rise
    record = Record.model_validate(data)
    (folder / "record.toml").write_text(tomli_w.dumps(data))
    print_files(record, folder)


def lives_to_fit(folder: Path) -> None:
    """Altered lives and their digest; the figures are the old ones."""
    path = folder / "lives.csv"
    rows = path.read_text().splitlines()
    *place, _, outcome = rows[1].split(",")
    rows[1] = ",".join([*place, "0.5", outcome])
    path.write_text("\n".join(rows) + "\n")
    edit(data=digest_of(path.read_text()))(folder)


def linked(name: str) -> Callable[[Path], None]:
    def forge(folder: Path) -> None:
        outside = folder.parent / f"secret-{name}"
        (folder / name).rename(outside)
        (folder / name).symlink_to(outside)

    return forge


def rows_behind(name: str, cell: str) -> Callable[[Path], None]:
    """One more cell before each row, which readers take for its name, and the digest of that."""

    def forge(folder: Path) -> None:
        head, *rows = (folder / name).read_text().splitlines()
        (folder / name).write_text("\n".join([head, *(cell + row for row in rows)]) + "\n")
        if name == "lives.csv":
            edit(data=digest_of((folder / name).read_text()))(folder)

    return forge


def missing(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


FORGED: dict[str, tuple[Callable[[Path], None], str]] = {
    "lives altered": (change("lives.csv", "-0.", "-1."), "reward: the table of the lives gives"),
    "lives altered with their digest": (lives_to_fit, "reward: the table of the lives gives"),
    "lives that are none": (change("lives.csv", "life,", "number,"), "no table"),
    "lives with a cell too many": (rows_behind("lives.csv", "the best,"), "one cell for each"),
    "curves with a cell too many": (rows_behind("learning.csv", "oja,"), "one cell for each"),
    "lives with an empty line": (change("lives.csv", "\n", "\n\n"), "one cell for each"),
    "lives with a mark before": (change("lives.csv", "rule,", "\ufeffrule,"), "one cell for each"),
    "lives of other digits": (change("lives.csv", ",0,", ",\uff10,"), "is no number"),
    "lives of parted digits": (change("lives.csv", ",10,", ",1_0,"), "is no number"),
    "a reward of 9.5": (reward_of_nine_and_a_half, "not that of its lives"),
    "a curve altered": (change("learning.csv", "discovered rule,3,-0.", "discovered rule,3,-9."),
                        "not in order|no table"),
    "a curve of other trials": (change("learning.csv", "rule,1,", "rule,0,"), "trials 1 to 40"),
    "chance": (edit(chance=-0.5), "chance: it is"),
    "the digest of the text": (edit(digest="0123456789abcdef"), "the text is not the rule"),
    "no digest of the data": (edit(data=""), "data: the record names no table"),
    "a card of other words": (change("card.md", "# Small", "# Great"), "line 1 of the card"),
    "no record": (missing("record.toml"), "cannot read"),
    "no lives": (missing("lives.csv"), "no evidence with the table"),
    "no curves": (missing("learning.csv"), "has no learning.csv"),
    "a record that is a link": (linked("record.toml"), "is a link"),
    "lives that are a link": (linked("lives.csv"), "is a link"),
    "curves that are a link": (linked("learning.csv"), "is a link"),
    "a card that is a link": (linked("card.md"), "is a link"),
    "a folder in place of lives": (
        lambda folder: (missing("lives.csv")(folder), (folder / "lives.csv").mkdir())[0],
        "cannot read|no ordinary file",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_what_is_false_leaves_the_catalog_as_it_was(mine: Path, tmp_path: Path, name: str) -> None:
    home = tmp_path / "home"
    add_run(mine, home)
    before = files(home)
    forge, words = FORGED[name]
    forge(mine)
    with pytest.raises(ConfigError, match=words):
        add_run(mine, home, replace=True)
    assert files(home) == before


def test_nothing_is_replaced_unasked(monkeypatch, capsys, mine: Path, tmp_path: Path) -> None:
    home, other = tmp_path / "home", leave(*publish(seed=5), tmp_path / "other")
    add_run(mine, home)
    before = files(home)
    with pytest.raises(ConfigError, match="--replace"):
        add_run(other, home)
    assert files(home) == before
    code, _, err = call(
        monkeypatch, capsys, "catalog", "add", other, "--to", home, "--lives", LIVES
    )
    assert code == 2 and "--replace" in err
    code, _, _ = call(
        monkeypatch, capsys, "catalog", "add", other, "--to", home, "--lives", LIVES, "--replace"
    )
    assert code == 0
    assert load_record(home / "discovered/small.toml") == load_record(other / "record.toml")


def test_a_name_of_the_literature(mine: Path, tmp_path: Path) -> None:
    (tmp_path / "home/rules").mkdir(parents=True)
    (tmp_path / "home/rules/small.toml").write_text("")
    with pytest.raises(ConfigError, match="taken by a rule of the literature"):
        add_run(mine, tmp_path / "home", replace=True)


def test_a_linked_place_is_not_written_through(mine: Path, tmp_path: Path) -> None:
    """Neither the place of a file nor what it is called before leads out of the catalog."""
    place, outside = tmp_path / "home/discovered", tmp_path / "precious"
    place.mkdir(parents=True)
    outside.write_text("years of work")
    (place / "small.csv").symlink_to(outside)
    (place / ".small.png.new").symlink_to(outside)
    add_run(mine, tmp_path / "home")
    assert outside.read_text() == "years of work"
    assert not any(path.is_symlink() for path in place.iterdir())


@pytest.mark.parametrize("ending", ["toml", "png", "csv", "pdf"])
def test_a_build_follows_no_link(mine: Path, tmp_path: Path, ending: str) -> None:
    add_run(mine, tmp_path / "home")
    path = tmp_path / "home/discovered" / f"small.{ending}"
    path.rename(tmp_path / "secret")
    path.symlink_to(tmp_path / "secret")
    with pytest.raises(ConfigError, match="is a link"):
        read_entry(tmp_path / "home/discovered/small.toml").fingerprint()


@pytest.mark.parametrize("place", ["home/discovered", "pages/cards", "pages/tex"])
def test_a_build_follows_no_linked_folder(mine: Path, tmp_path: Path, place: str) -> None:
    home, pages, outside = (tmp_path / name for name in ("home", "pages", "outside"))
    add_run(mine, home)
    build(list(library(home).values()), pages)
    (tmp_path / place).rename(outside)
    (tmp_path / place).symlink_to(outside)
    before = files(outside)
    with pytest.raises(ConfigError, match="is a link"):
        build([*library(home).values(), *library().values()][:3], pages)
    assert files(outside) == before
