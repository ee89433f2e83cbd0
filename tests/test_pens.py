"""Whoever sees colours otherwise can still tell the rules of a picture apart."""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from rulegen.catalog.pages.html import FOLDER
from rulegen.catalog.pages.pens import COLOURS, OTHERS, PENS, PLATE, ROLES, numbers, pens, style
from rulegen.catalog.records.roles import CHANCE, DISCOVERED, NO_LEARNING, PERFECT, THIS_RULE

ROOT = Path(__file__).parent.parent
#: Linear light as seen without one kind of cone: Machado, Oliveira and Fernandes 2009,
#: 10.1109/TVCG.2009.113, table 1 at severity 1.
CONES = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
#: From linear sRGB to CIE XYZ, and its white (IEC 61966-2-1).
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = XYZ.sum(axis=1)
#: Least distance of two colours in CIE 1976 L*a*b*; 2.3 is just noticed side by side.
APART = 15.0


def light(colour):
    """Linear light of `#rrggbb`."""
    part = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def lab(linear):
    """Coordinates in CIE 1976 L*a*b*."""
    ratio = XYZ @ np.clip(linear, 0.0, 1.0) / WHITE
    bent = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    x, y, z = bent
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(colour, paper):
    """The ratio of WCAG 2."""
    low, high = sorted(float(XYZ[1] @ light(c)) for c in (colour, paper))
    return (high + 0.05) / (low + 0.05)


def test_greys_stay_grey():
    for seen in CONES.values():
        np.testing.assert_allclose(seen.sum(axis=1), 1.0, atol=1e-5)


def test_red_and_green_are_confused():
    # A check of the simulation: red and olive are one to those without a red or green cone.
    apart = {
        name: np.linalg.norm(lab(seen @ light("#a01010")) - lab(seen @ light("#4f4f00")))
        for name, seen in CONES.items()
    }
    assert apart["protanopia"] < 0.5 * apart["all cones"]
    assert apart["deuteranopia"] < 0.5 * apart["all cones"]


@pytest.mark.parametrize("eye", CONES)
@pytest.mark.parametrize("paper", ["colour", "bright"])
def test_colours_stay_apart(eye, paper):
    colours = dict.fromkeys(getattr(pen, paper) for pen in PENS)
    for one, two in combinations(colours, 2):
        distance = np.linalg.norm(lab(CONES[eye] @ light(one)) - lab(CONES[eye] @ light(two)))
        assert distance > APART, (one, two)


@pytest.mark.parametrize(("paper", "sheet"), [("colour", "#ffffff"), ("bright", "#0d1117")])
def test_lines_are_seen(paper, sheet):
    for pen in PENS:
        assert contrast(getattr(pen, paper), sheet) > 3.0, pen


def test_without_colour_roles_differ_in_their_dashes():
    dashes = [pen.dash for pen in ROLES.values()]
    assert len(set(dashes)) == len(dashes)
    assert len({(pen.colour, pen.dash) for pen in PENS}) == len(PENS)


def test_a_role_looks_the_same_whoever_stands_beside_it():
    alone = pens([DISCOVERED])[DISCOVERED]
    among = pens(["a", NO_LEARNING, "b", DISCOVERED, CHANCE, PERFECT])
    assert among[DISCOVERED] == alone == pens([THIS_RULE])[THIS_RULE]
    assert among["a"] != among["b"]


def test_a_discovered_rule_has_the_look_of_its_role_under_its_own_name():
    """Figures of an analysis and of the run itself are read beside each other."""
    names, own = ["node perturbation", NO_LEARNING], pens(["mine", "oja"], found="mine")
    assert own["mine"] == pens([DISCOVERED])[DISCOVERED]
    there = pens(["mine", *names], found="mine")
    assert [there[n] for n in names] == [pens([DISCOVERED, *names])[n] for n in names]


def test_five_references_have_five_colours():
    """Dashes alone tell lines apart that are long enough, and neither names nor points."""
    found = pens([*ROLES, *(f"reference {n}" for n in range(5))])
    others = [pen for name, pen in found.items() if name not in ROLES]
    for paper in ("colour", "bright"):
        assert len({getattr(pen, paper) for pen in others}) == len(others)
    assert not {pen.colour for pen in others} & {pen.colour for pen in ROLES.values()}


def test_more_rules_than_looks():
    names = [str(n) for n in range(2 * len(OTHERS))]
    found = numbers(names)
    assert len(set(found.values())) == len(OTHERS)
    assert set(found.values()) <= set(range(len(PENS)))


def test_pages_know_all_looks():
    text = style()
    for number, pen in enumerate(PENS):
        assert f"--c{number}: {pen.colour};" in text
        assert f"--c{number}: {pen.bright};" in text
    assert len(set(COLOURS)) == len(COLOURS)


def test_a_white_figure_lies_on_a_plate_wherever_it_is():
    """One definition, for pages and for the site."""
    assert "padding" in PLATE and "border-radius" in PLATE and PLATE in style()
    own = [*(FOLDER / "style.css").parent.glob("*.css"), *(ROOT / "docs").glob("*.css")]
    for text in (path.read_text() for path in own):
        assert not re.search(r"\bimg\b[^{]*{[^}]*background", text)
    assert "math_style() + PLATE" in (ROOT / "docs" / "pages.py").read_text()
