"""What is exported is only ever the rule, whatever strangers wrote around it."""

from __future__ import annotations

import ast
import re
import tokenize
from io import BytesIO

import pytest

from rulegen.catalog import Record, Reference, find, literature, parts
from rulegen.catalog.export import carried, export, problems
from rulegen.grammar import ConfigError, RuleError, parse

PROGRAMS = [n for n in parts.names("export") if parts.find("export", n).suffix == ".py"]
HOSTILE = [
    'x"""\nimport os; os.system("touch owned")\n"""',
    "x'''\nowned = 1",
    "x\nowned = 1",
    "x\rowned = 1\r\nowned = 2",
    "x\x0bowned = 1\x0cowned = 1\x1cowned = 1\x85owned = 1\u2028owned = 1\u2029owned = 1",
    "coding: utf-7 +AAo-owned+AD0-1",
    "-*- coding: rot13 -*-",
    "x\\\nowned = 1",
    "\u202eowned = 1\u2066",
    "rule:\n    w += 666\nend of rule",
    "vim: set modeline: !TEX program = owned",
    "\\write18{owned} \\end{document} %",
    "# rule:\n#     w += 666\n# end of rule",
    "```\nowned\n```\n<script>owned</script>",
    "$owned {owned} %s %(owned)s {{owned}} ${owned}",
    "\x00owned",
]
RULE = "param eta = 0.1\ne <- 0.5*e + pre*post  # {}\non reward: w += eta*(R - R_bar)*e"


def hostile(text: str) -> Record:
    """A record that says this everywhere, also where reading a record would refuse it."""
    comment = "".join(c for c in text if c.isprintable())
    source = Reference.model_construct(citation=text)
    return Record.model_construct(name="x", title=text, description=text, fact=text, limits=text,
                                  equations=RULE.format(comment), references=(source,))  # fmt: skip


@pytest.mark.parametrize("fmt", PROGRAMS)
@pytest.mark.parametrize("text", HOSTILE)
def test_programs_of_hostile_records_are_those_of_the_rule(fmt: str, text: str) -> None:
    program = export(hostile(text), fmt).encode()
    assert tokenize.detect_encoding(BytesIO(program).readline)[0] == "utf-8"
    assert ast.dump(ast.parse(program)) == ast.dump(ast.parse(export(parse(RULE), fmt)))
    assert parse(carried(program.decode())).digest == parse(RULE).digest


@pytest.mark.parametrize("text", HOSTILE)
def test_models_of_hostile_records_are_those_of_the_rule(text: str) -> None:
    comment = "".join(c for c in text if c.isprintable())
    record = hostile(text).model_copy(
        update={
            "equations": f"x = accumulate(pre_spike, 20)  # {comment}\ndw/dt = 0.1*x*post_spike"
        }
    )
    found, plain = (re.split(r"[\r\n]", export(r, "nestml")) for r in (record, record.rule))
    found, plain = ([s for s in t if s and s[0] in " m"] for t in (found, plain))
    assert found[0] == "model x_synapse:"
    assert found[1:] == plain[1:]
    assert parse(carried(export(record, "nestml"))).digest == record.digest


@pytest.mark.parametrize("text", [t for t in HOSTILE if t.replace("\n", "").isprintable()])
def test_pages_of_hostile_records_carry_the_rule(text: str) -> None:
    record = hostile(text)
    assert parse(carried(export(record, "latex"))).digest == record.digest
    assert listed(export(record, "markdown")).digest == record.digest


def listed(page: str):
    """The rule in the listing of a Markdown page, which comes after its equations."""
    *_, (_, text) = re.findall(r"^(```+)(?:math)?\n(.*?)\n\1$", page, re.DOTALL | re.MULTILINE)
    return parse(text)


@pytest.mark.parametrize("record", literature().values(), ids=literature())
def test_every_page_of_the_literature_gives_the_digest_back(record: Record) -> None:
    assert listed(export(record, "markdown")).digest == record.digest
    for fmt in parts.names("export"):
        if fmt != "markdown" and not problems(record, fmt):
            assert parse(carried(export(record, fmt))).digest == record.digest


def test_names_that_mean_something_elsewhere_are_changed_and_told() -> None:
    rule = parse("param lambda = 2\nparam np = 1\nstep <- lambda*pre*np\nw += step*post")
    text = export(rule, "numpy")
    assert "step is step_, lambda is lambda_, np is np_." in text
    assert '"lambda": 2.0' in text.replace("'", '"')


def test_what_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"no export `matlab`: name one of numpy, jax"):
        export(find("oja"), "matlab")
    with pytest.raises(ConfigError, match="no export"):
        problems(find("oja"), "")
    with pytest.raises(RuleError, match="carries no rule"):
        carried("nothing")
