"""The report of a run: whole, safe, and made again from whatever is left of the run."""

import json
import re
import shutil
from html import unescape

import pandas as pd
import pytest
from html_reader import read_html

from rulegen.catalog import Record, find, load_record, save_record
from rulegen.catalog.pages.bibtex import bibtex
from rulegen.catalog.pages.drawing import pictured
from rulegen.catalog.pages.html import content_hash
from rulegen.catalog.pages.pens import numbers
from rulegen.catalog.pages.probe import probe
from rulegen.catalog.records.library import HOME
from rulegen.catalog.records.roles import DISCOVERED, NO_LEARNING
from rulegen.grammar import ConfigError
from rulegen.publishing.charts import Bar, Line, bar_chart, line_chart
from rulegen.publishing.front_chart import Point, front_chart
from rulegen.publishing.report import TEMPLATES, Left, report, report_page, verdict
from rulegen.publishing.slide import plot_slide
from rulegen.runs.sources import read_source

HOSTILE = "</title><script>alert(1)</script> $\\frac{1}{0}$ & \"'"


@pytest.fixture
def folder(tmp_path):
    """A finished run of an older version: its record and its curves alone."""
    home = HOME / "discovered"
    shutil.copy(home / "delayed_association.toml", tmp_path / "record.toml")
    shutil.copy(home / "delayed_association.learning.csv", tmp_path / "learning.csv")
    return tmp_path


def test_it_tells_the_story(folder):
    page, record = report(folder), load_record(folder / "record.toml")
    reward = record.evidence.reward
    for part in (str(reward), "minus no learning", "What each term is worth", "rulegen verify"):
        assert part in page
    assert "<math" in page and page.count("<svg") > 5
    assert len(page) < 3 << 20


def test_its_values_are_a_sentence_of_their_own():
    """ "With which it shares 6 terms, with theta = 1" reads as if another rule had the values."""
    record = find("generalist")
    told = verdict(record, record.evidence)
    assert (
        re.search(r"[a-z]\. It has theta_1 = [^.]*\.[^ ]*, ", told) and ", with theta" not in told
    )


def test_a_difference_that_may_be_none_is_no_gain():
    """The interval of a mean that holds 0 says how near two rules are, and not which is better."""
    record = find("delayed_association")
    first, *others = record.evidence.comparisons
    near = first.difference.model_copy(update={"mean": 0.008, "low": -0.002, "high": 0.017})
    all_of_them = [first.model_copy(update={"difference": near}), *others]
    told = verdict(record, record.evidence.model_copy(update={"comparisons": all_of_them}))
    assert f"within 0.017 of {first.name}" in told and "0.008" not in told
    assert f"more than {NO_LEARNING} by" in told or f", {NO_LEARNING} by" in told


@pytest.mark.parametrize(("value", "said"), [(3, True), (2.5, False)])
def test_a_value_at_a_bound_is_told_where_it_is_first_read(value, said):
    """A fit that was stopped by a bound has not found a maximum."""
    found = find("delayed_association")
    text = found.equations.replace("theta_1 = 1.8", f"theta_1 = {value}")
    record = Record.model_validate(found.model_dump() | {"equations": text})
    sentence = "theta_1 stands at a bound of its interval [-3, 3]"
    assert (sentence in verdict(record, record.evidence)) == said


def test_its_commands_work_where_it_lies(folder, monkeypatch):
    """Names of the folder would hold in the one above it alone."""
    monkeypatch.chdir(folder)
    shown = re.search(r"<code>(rulegen discover .*?)</code>", report("."), re.DOTALL)[1]
    assert shown.split("\n")[0] == "rulegen discover config.toml --out ../again"
    for line in shown.split("\n")[1:]:
        source = read_source(line.split()[2], None)
        assert source.rule.digest == load_record("record.toml").digest


def test_no_interval_goes_beyond_what_a_life_can_earn(folder):
    """An interval is symmetric, whatever it is about; a reader sees more than the best reward."""
    curves = pd.read_csv(folder / "learning.csv")
    curves["high"] += 10.0
    curves.to_csv(folder / "learning.csv", index=False)
    best = load_record(folder / "record.toml").evidence.best
    drawn = next(d for d in map(json.loads, charts(report(folder))) if d["of"] == "trial")
    assert all(max(line["high"]) == best for line in drawn["lines"])
    figure = plot_slide(load_record(folder / "record.toml"), curves).figure.figure
    (ax,) = (ax for ax in figure.axes if ax.get_xlabel().startswith("trial"))
    assert ax.get_ylim()[1] < best + 1


def charts(page):
    return [unescape(told) for told in re.findall(r'data-chart="([^"]*)"', page)]


def test_differences_have_the_colours_of_the_figure(folder):
    section = report(folder).split('<h2 id="differences">')[1].split("</section>")[0]
    compared = [c.name for c in load_record(folder / "record.toml").evidence.comparisons]
    known = numbers([DISCOVERED, *compared])
    drawn = [int(n) for n in re.findall(r'class="mark c(\d+)"', section)]
    assert drawn == [known[name] for name in compared] and len({*drawn}) == len(drawn)


def test_it_has_what_cite_prints(folder):
    record, page = load_record(folder / "record.toml"), unescape(report(folder))
    assert bibtex([record]).strip() in page
    assert f"version = {{{record.evidence.versions['rulegen']}}}" in page


def test_it_shows_how_weights_change_as_the_catalog_does(folder):
    picture, caption = pictured(probe(find("delayed_association").rule))
    section = report(folder).split('<h2 id="weights">')[1].split("</section>")[0]
    assert picture in section and caption in section
    spiking = find("generalist")
    assert ('id="weights"' in report_page(spiking, Left())) == (probe(spiking.rule) is not None)


def test_nothing_is_loaded_and_only_its_own_script_runs(folder):
    page = report(folder)
    reader = read_html(page)
    outside = [link for link in reader.links if not link.startswith(("#", "data:", "https://doi"))]
    assert outside == [] or all(link.startswith("https://") for link in outside)
    for tag in ("style", "script"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert content_hash(text) in page
    assert not any("style" in values for _, values in reader.elements)
    assert not any(key.startswith("on") for _, values in reader.elements for key in values)
    assert not any("src" in values for _, values in reader.elements)
    assert len(reader.ids) == len({*reader.ids})


def test_it_reads_without_a_script(folder):
    """Curves, differences and the rule are in the page before anything runs."""
    page = re.sub(r"<script>.*?</script>", "", report(folder), flags=re.DOTALL)
    assert page.count("<path") > 10 and "discovered rule" in page
    assert 'data-copy="rule-text" hidden' in page


@pytest.mark.parametrize("name", ["learning.csv", "history.jsonl", "front.csv"])
@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00", b"rule,trial\n1,2\n", b"{}\n" * 9])
def test_what_is_missing_or_damaged_is_passed_over(folder, name, content):
    (folder / name).unlink(missing_ok=True)
    if content is not None:
        (folder / name).write_bytes(content)
    page = report(folder)
    assert "minus no learning" in page
    assert ("There is no learning.csv" in page) == (name == "learning.csv")


def test_links_are_not_followed(folder, tmp_path_factory):
    there = tmp_path_factory.mktemp("there") / "learning.csv"
    (folder / "learning.csv").rename(there)
    (folder / "learning.csv").symlink_to(there)
    assert "There is no learning.csv" in report(folder)


def test_hostile_texts_stay_texts(folder):
    record = load_record(folder / "record.toml")
    texts = {"title": HOSTILE[:150], "description": HOSTILE + "x" * 7000}
    save_record(record.model_copy(update=texts), folder / "record.toml")
    page = report(folder)
    assert "<script>alert" not in page and page.count("<script>") == 1
    assert "&lt;script&gt;alert(1)" in page


def test_only_a_finished_run_has_one(tmp_path):
    with pytest.raises(ConfigError, match="no folder of a finished run"):
        report(tmp_path)
    with pytest.raises(ConfigError, match="a report is that of a run"):
        report_page(find("oja"), Left())


def test_names_in_charts_are_escaped():
    name = "<b onload='x'>\"&"
    charts = (
        line_chart([Line(name, [1, 2], [0.0, 1.0], [0, 0], [1, 2])], name, name, name),
        bar_chart([Bar(name, 1.0, 0.5, 1.5)], name, name),
        front_chart([Point(name, 1.0, Bar("", 1.0, 0.5, 1.5), True, True)], name, name),
    )
    for chart in charts:
        assert "<b " not in chart and "&lt;b" in chart


def test_charts_are_as_wide_as_their_page():
    """Places are shares of the page; what has a size of its own are lines, marks and texts."""
    line, bar = Line("a", [1, 2], [0.0, 1.0], [0, 0], [1, 2]), Bar("a", 1.0, 0.5, 1.5)
    charts = (
        line_chart([line], "x", "y", "z", [("chance", 0.5)], (1.0, 1.5, "warm-up")),
        bar_chart([bar], "x", "y"),
        front_chart([Point("a", 1.0, bar, True, True)], "x", "y"),
    )
    for chart in charts:
        assert {*re.findall('viewBox="(.*?)"', chart)} <= {"0 0 100 100", "0 0 32 8"}
        places = re.findall(r'<(?:line|text|circle)[^>]* (?:[xy][12]?|c[xy])="([^"]*)"', chart)
        assert places and all(place.endswith("%") or place == "0" for place in places)
    style = (TEMPLATES / "chart.css").read_text()
    assert not re.search(r"\.chart[^{]*{[^}]*(min|max)-width", style)


def test_paper_has_no_controls_and_no_heading_alone():
    printed = (TEMPLATES / "chart.css").read_text().split("@media print")[1]
    kept, hidden = (
        re.findall(rf"([^{{}}]+){{ {rule}", printed)[0].replace(",", "").split()
        for rule in ("break-after: avoid", "display: none")
    )
    assert {"h2", "h3", "h4"} <= {*kept}
    assert {".reading", ".zooming", "button", "input"} <= {*hidden}


def test_what_is_no_rule_is_named_beside_a_drawing():
    """A name in a drawing covers a line wherever it stands, when the window is narrow enough."""
    line = Line("a rule", [1, 2, 3], [0.0, 0.5, 1.0])
    chart = line_chart(
        [line], "x", "y", "z", [("chance", 0.5), ("perfect answers", 1.0)], (1.0, 2.0, "warm-up")
    )
    keys, drawn = chart.split('<svg class="drawing"')
    for name in ("a rule", "chance", "perfect answers", "warm-up"):
        assert f"<bdi>{name}</bdi>" in keys and name not in drawn


def test_the_front_is_a_table_as_well(folder):
    """Points have numbers, and rules stand below in full, with their values where there are any."""
    long = " + ".join(f"theta_{n}*post*pre**{n}" for n in range(9))
    rows = ["complexity,reward,low,high,front,pick,equation,values"]
    rows += [
        f"9,-0.1,-0.2,0.0,True,True,{long},theta_0 = 3",
        "3,-0.3,-0.4,-0.2,True,False,theta_1*pre,theta_1 = 2",
        "5,-1,-1,-1,False,False,theta_1*w,theta_1 = 1",
    ]
    told = [
        "1", "3", "-0.3 [-0.4, -0.2]", "theta_1*pre", "theta_1 = 2",
        "2 *", "9", "-0.1 [-0.2, 0]", long, "theta_0 = 3",
    ]  # fmt: skip
    for values in (True, False):
        kept = rows if values else [row.rpartition(",")[0] for row in rows]
        (folder / "front.csv").write_text("\n".join(kept))
        section = report(folder).split('<h2 id="front">')[1].split("</section>")[0]
        drawn, below = section.split("</figure>")
        wanted = [cell for n, cell in enumerate(told) if values or n % 5 < 4]
        cells = re.findall("<td><bdi>(.*?)</bdi></td>", below)
        assert [cell for cell in cells if cell] == wanted
        assert re.findall('class="middle number"[^>]*>(.*?)<', drawn) == ["1", "2"]
        assert not any("theta" in text for text in re.findall("<text[^>]*>(.*?)<", drawn))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.0, 1e300, -1e-300])
def test_charts_of_any_numbers(value):
    chart = line_chart([Line("a", [1, 2, 3], [0.0, value, 1.0])], "x", "y", "z")
    chart += bar_chart([Bar("a", value, value, value), Bar("b", 0.0, 0.0, 0.0)], "x", "y")
    assert "<svg" in chart
    assert not re.search(r'="[^"]*(nan|inf)', re.sub('data-chart="[^"]*"', "", chart))


def test_trials_and_sizes_are_whole_numbers():
    bar = Bar("a", 1.0, 0.5, 1.5)
    charts = line_chart([Line("a", [1, 2], [0.0, 1.0])], "trial", "y", "z")
    charts += front_chart([Point("a", n, bar, True, True) for n in (0, 1, 2)], "x", "y")
    for ticks in re.findall('<g class="ticks">(.*?)</g>', charts):
        assert ticks and all(float(text).is_integer() for text in re.findall(">([^<]+)<", ticks))


def test_every_drawing_has_a_text_or_is_hidden_from_those_who_hear_the_page(folder):
    for tag, values in read_html(report(folder)).elements:
        if tag == "svg" and values.get("class") != "plot":
            assert values.get("aria-label") or values.get("aria-hidden") == "true", values
        if tag == "figure" and "bars" in str(values.get("class")):
            assert values["role"] == "group" and values["aria-label"]
