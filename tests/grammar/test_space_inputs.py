"""Every file that describes no space ends in one message with the field and the remedy."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from rulegen.grammar import ConfigError, load_space
from rulegen.grammar.space.derive import MAX_FORMULAS
from rulegen.grammar.space.space import LOCAL

SPACE = '''
template = """
de/dt = {terms} : synapse
on reward: w += 0.01*(R - R_bar)*e
"""

[limits]
complexity = 6
terms = 2

[constraints]
locality = "local"

[coefficients]
value = 0.1
bounds = [-1, 1]

[traces]
value = 30
bounds = [10, 100]

[productions.term]
site = "synapse"
formulas = ["side*pre", "w"]

[productions.side]
site = "post"
formulas = ["u", "side - trace(side)"]
'''

#: What is replaced, what takes its place, and what the message says.
BAD = [
    # The file.
    ("terms = 2", "terms = ", "is not valid TOML"),
    ("[limits]", "[limit]", "limit: there is no such setting: did you mean `limits`?"),
    ("template =", "text =", "template: Field required"),
    ("{terms}", "u*pre", "template: `{terms}` must stand in it once"),
    ("(R - R_bar)", "(R - R_bar)*tau_pre_1", "template: `tau_pre_1` is a name for what terms"),
    ("(R - R_bar)", "(R - R_bar)*theta_2", "template: `theta_2` is a name for what terms"),
    ("{terms}", "{terms} + {terms}", "template: `{terms}` must stand in it once"),
    ("{terms} : synapse", "{terms} : post", "template: line 1, column"),
    ("(R - R_bar)", "(R - r_bar)", "`r_bar` is not known"),
    ("on reward", "theta_1 = 3\non reward", "`theta_1` is a name for what terms"),
    # Limits and ranges.
    (
        "complexity = 6",
        "complexity = 0",
        "limits.complexity: Input should be greater than or equal to 1",
    ),
    ("complexity = 6", "complexity = 2.5", "limits.complexity: Input should be a valid integer"),
    ("terms = 2", "terms = 9", "limits.terms: Input should be less than or equal to 8"),
    ("terms = 2", "terms = true", "limits.terms: Input should be a valid integer"),
    ("terms = 2", "term = 2", "limits.term: there is no such setting: did you mean `terms`?"),
    ("terms = 2", "terms = 2\ntotal = 2", "limits.total: the simplest term, `u*pre`, has a"),
    ("bounds = [-1, 1]", "bounds = [1, -1]", "coefficients: `bounds = [LOW, HIGH]` must have"),
    ("bounds = [-1, 1]", "bounds = [0.2, 1]", "coefficients: `bounds = [LOW, HIGH]` must have"),
    ("bounds = [-1, 1]", "bounds = [1]", "coefficients.bounds.1: Field required"),
    ("bounds = [-1, 1]", "bounds = [-inf, inf]", "coefficients: the bounds must be finite"),
    (
        "bounds = [-1, 1]",
        'bounds = ["a", 1]',
        "coefficients.bounds.0: Input should be a valid number",
    ),
    ("value = 0.1", "value = nan", "coefficients: `bounds = [LOW, HIGH]` must have"),
    ("bounds = [10, 100]", "bounds = [-10, 100]", "traces: the bounds must be positive"),
    ("bounds = [10, 100]", "bounds = [0, 100]", "traces: the bounds must be positive"),
    # Constraints.
    ('"local"', '"loc"', "constraints.locality: Input should be 'any', 'local' or 'measurable'"),
    ('"local"', '"local"\nforbidden = ["foo"]', "constraints.forbidden: there is no `foo`"),
    (
        '"local"',
        '"local"\nforbidden = "xi"',
        "constraints.forbidden: Input should be a list",
    ),
    (
        '"local"',
        '"local"\nsymmetry = "odd"',
        "constraints.symmetry: Input should be '', 'symmetric'",
    ),
    # Productions.
    ("productions.term]", "productions.trem]", "productions.term is missing"),
    ("productions.side]", "productions.pre]", "productions: `pre` means something already"),
    ("productions.side]", 'productions."a b"]', "productions: `a b` is no name"),
    ("productions.side]", 'productions."feedback.a"]', "productions: `feedback.a` is no name"),
    ("productions.side]", "productions.trace]", "productions: `trace` means something already"),
    ('site = "post"', 'site = "axon"', "productions.side.site: Input should be 'pre', 'post'"),
    (
        'site = "post"',
        'sites = "post"',
        "productions.side.sites: there is no such setting: did you mean `site`?",
    ),
    ('["side*pre", "w"]', "[]", "productions.term.formulas: List should have at least 1 item"),
    ('["side*pre", "w"]', '"w"', "productions.term.formulas: Input should be a list"),
    (
        '["side*pre", "w"]',
        '["w", 1]',
        "productions.term.formulas.1: Input should be a valid string",
    ),
    (
        '["side*pre", "w"]',
        '["w"]\nweights = [1, 2]',
        "productions.term: write one weight for each formula",
    ),
    (
        '["side*pre", "w"]',
        '["w", "u"]\nweights = [1, 0]',
        "productions.term.weights.1: Input should be greater than 0",
    ),
    ('["side*pre", "w"]', '["w"]', "productions.side: no formula of `term` leads to `side`"),
    # Formulas.
    ('"w"]', '"w", "side*"]', "productions.term.formulas, number 3: line 1, column 6"),
    ('"w"]', '"w", "sied*pre"]', "did you mean `side`?"),
    ('"w"]', '"side*prev(u*pre)"]', "`prev` takes a name"),
    ('"w"]', '"__import__(1)"]', "has no meaning in a rule"),
    ('"w"]', '"eta*pre"]', "`eta` is not known"),
    ('"w"]', '"trace(u*pre)"]', "a trace of what only a synapse sees"),
    ('"w"]', '"trace(u"]', "this `(` is never closed"),
    ('"w"]', '"trace(u, 30)"]', "a comma outside the brackets of a function"),
    ('"w"]', '"trace()"]', "a formula is missing here"),
    ('"w"]', '"trace"]', "`trace` cannot stand here"),
    ('"w"]', '"lowpass(u, 30)"]', "write `trace(FORMULA)`"),
    ('"w"]', '"trace(2)"]', "a trace of a number"),
    ('"w"]', '"R_bar[condition]*pre"]', "is not kept per condition"),
    ('"w"]', '"u/0"]', "a division by zero"),
    ('"w"]', '"u - u"]', "this formula is 0"),
    ('"u", "side', '"u*pre", "side', "`pre` lives at pre, but this is a post formula"),
    # What is generated.
    ('"u", "side - trace(side)"', '"side + 1"', "productions.side: the space generates nothing"),
    (
        '["u", ',
        '["u", "side", ',
        "infinite at any complexity: `side` becomes `side` without growing",
    ),
    ('["u", ', '["u", "2*side", ', "infinite at any complexity: `side` becomes `side`"),
    ("complexity = 6", "", "the space is infinite: `side` becomes `side`; set `limits.complexity`"),
    ('["side*pre", "w"]', '["side*pre"]\n#', "complexity of 2 or less; raise `limits.complexity`"),
    ('"local"', '"local"\nforbidden = ["w", "pre"]', "read `pre`, which is forbidden"),
    ('["side*pre", "w"]', '["sum_pre(w*pre)*side"]', "of 1 formulas 1 are not local"),
    ('["side*pre", "w"]', '["xi*pre*side"]\n#', "are not measurable (`xi` the neuron must"),
    ('"local"', '"local"\nsymmetry = "antisymmetric"', "are not antisymmetric"),
    ('["side*pre", "w"]', '["side*(w > 1)*(w < 1)"]', "2 are 0"),
    ('["side*pre", "w"]', '["side*pre + pre_spike"]', "have units that do not agree"),
]
EXTRA = {
    "the simplest term, `u*pre`": ('"side*pre", "w"', '"side*pre"'),
    "2 are 0": ("complexity = 6", "complexity = 12"),
    "complexity of 2 or less": ("complexity = 6", "complexity = 2"),
    "are not measurable": ('"local"', '"measurable"'),
}


@pytest.mark.parametrize(("old", "new", "message"), BAD, ids=[row[2][:60] for row in BAD])
def test_bad_space(old: str, new: str, message: str) -> None:
    assert old in SPACE
    text = SPACE.replace(old, new, 1)
    for key, (before, after) in EXTRA.items():
        text = text.replace(before, after, 1) if key in message else text
    start = time.perf_counter()
    with pytest.raises(ConfigError) as caught:
        load_space(text)
    assert message in str(caught.value)
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize("told", ["5", '"u"', "{a = 1}"])
def test_what_else_is_forbidden_hides_no_mistake(told: str) -> None:
    text = SPACE.replace('locality = "local"', f"forbidden = {told}")
    with pytest.raises(ConfigError, match=r"constraints\.forbidden: "):
        load_space(text, ["drive"])


def test_signals_with_units_have_slots() -> None:
    text = SPACE.replace('["u", "side - trace(side)"]', '["u", "dt*u", "t*u"]')
    load_space(text).slots()


def test_the_space_of_these_tests_is_one() -> None:
    assert [t.text for t in load_space(SPACE).terms] == ["w", "u*pre", "(u - trace(u))*pre"]


def test_too_many_formulas_are_refused_soon() -> None:
    text = SPACE.replace("complexity = 6", "complexity = 40")
    text = text.replace('"u", ', '"u", "side + post", "side*post", "relu(side)", ')
    start = time.perf_counter()
    with pytest.raises(ConfigError, match=f"more than {MAX_FORMULAS} formulas"):
        load_space(text).count()
    assert time.perf_counter() - start < 60


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        load_space(tmp_path / "nothing.toml")
    with pytest.raises(ConfigError, match="cannot read"):
        load_space(tmp_path)
    path = tmp_path / "space.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is not text in UTF-8"):
        load_space(path)
    path.write_text(SPACE + "#" * 70_000)
    with pytest.raises(ConfigError, match="is larger than 64 kB"):
        load_space(path)
    with pytest.raises(ConfigError, match="is this the right file"):
        load_space(SPACE + "#" * 70_000)
    path.write_text("a = " + "[" * 5000)
    with pytest.raises(ConfigError, match="is not valid TOML"):
        load_space(path)
    with pytest.raises(ConfigError, match="for a file, give a `Path`"):
        load_space("space.toml")


def test_a_file_is_read_like_its_text() -> None:
    assert load_space(LOCAL).terms == load_space(LOCAL.read_text()).terms
