"""What would be refused when a run publishes is refused before it begins."""

import pytest

from rulegen.grammar import ConfigError
from rulegen.lives.many import Lives
from rulegen.publishing.config import DiscoverConfig
from rulegen.runs.discover import discover
from rulegen.searching import SearchConfig, search

RULE = """
param a = 0.5 in [-3, 3] free
e <- e + a*xi*pre : synapse
on reward: w += clip(0.01*(R - R_bar[condition])*e, -0.1, 0.1)
"""
HEBB = "dw/dt = 0.0001*post*pre"
TASK = {"name": "delayed_association", "cue": 20.0, "delay": 20.0, "response": 20.0}
WORLD = {"task": TASK, "circuit": {"neurons": 4}, "life": {"trials": 6, "warmup": 1}}
LONG = "*".join(f"exp(-abs(u - 0.{n}))" for n in range(1, 40))


def worlds(count):
    tasks = [TASK | {"delay": 20.0 + n} for n in range(count)]
    return [{"name": f"world {n}", "task": task} for n, task in enumerate(tasks)]


@pytest.fixture(autouse=True)
def still(monkeypatch):
    """Nothing lives: a configuration that gets so far was not refused."""

    def live(*given, **named):
        raise AssertionError("the run has begun")

    monkeypatch.setattr(Lives, "live", live)


REFUSED = {
    "an escape in the title": ({"title": "a\x1b[2Jb"}, "title.*the character U.001B has no place"),
    "a title of spaces": ({"title": "   "}, "the title is empty"),
    "a long description": ({"description": "a" * 9000}, "description.*at most 8000 characters"),
    "a bell in it": ({"description": "a\x07"}, "description.*the character U.0007 has no place"),
    "letters that show nothing": ({"description": "\u3164"}, "the character U.3164 has no place"),
    "marks upon marks": ({"title": "a" + "\u0301" * 9}, "the character U.0301 has no place"),
    "many worlds": ({"worlds": worlds(65), "task": None}, "worlds: List should have at most 64"),
}
NAMES = {
    "chance": "the name `chance` is taken",
    "this rule": "the name `this rule` is taken",
    "This  rule": "spaces too many|is taken",
    "perfect answers": "is taken",
    "discovered rule": "is taken",
    "no learning": "is taken",
    "start": "is taken",
    "yardstick": "is taken",
    "a\x1b[2J": "the name has the character U.001B",
    "a\nb": "the name has the character U.000A",
    "\u043eja": "the name has the character U.043E",
}
OF_DISCOVERY = REFUSED | {
    f"a reference called {name!r}": ({"references": [{"name": name, "rule": HEBB}]}, message)
    for name, message in NAMES.items()
}
OF_DISCOVERY |= {
    "a term of many words": (
        {"rule": RULE.replace("xi*pre", f"xi*pre*{LONG}")},
        "what it would publish: meaning: String should have at most 400 characters",
    ),
}


@pytest.mark.parametrize(("changes", "message"), OF_DISCOVERY.values(), ids=OF_DISCOVERY)
def test_discoveries_that_could_not_be_published(changes, message):
    with pytest.raises((ConfigError, ValueError), match=f"(?s){message}"):
        discover(DiscoverConfig(**({"name": "small", "rule": RULE} | WORLD | changes)))


@pytest.mark.parametrize(("changes", "message"), REFUSED.values(), ids=REFUSED)
def test_searches_that_could_not_be_published(changes, message):
    with pytest.raises((ConfigError, ValueError), match=f"(?s){message}"):
        search(SearchConfig(**({"name": "small", "seeds": ()} | WORLD | changes)))


PUBLISHED = {
    "as it is": {},
    "markup": {"title": "a [/b] $x_1$ | <b> \\ % # & ~ `", "description": "`a` [/b] *x* <i>\n\ny"},
    "names": {"references": [{"name": "a[/b] $x$ | <b>, 'c' \"d\"", "rule": HEBB}]},
    "exports": {"exports": ("numpy", "latex", "brian2")},
    "many worlds": {"worlds": worlds(3), "task": None, "scale": "learning"},
    "random numbers": {"rule": "n = bernoulli(0.5) : synapse\n" + RULE.replace("a*", "a*n*")},
    "groups": {
        "rule": RULE.replace("a*xi", "a*post.excitatory*xi"),
        "circuit": {"neurons": 4, "excitatory": 0.5},
    },
    "elsewhere": {"elsewhere": worlds(3)[1:]},
}


@pytest.mark.parametrize("changes", PUBLISHED.values(), ids=PUBLISHED)
def test_what_can_be_published_begins(changes):
    with pytest.raises(AssertionError, match="the run has begun"):
        discover(DiscoverConfig(**({"name": "small", "rule": RULE} | WORLD | changes)))
