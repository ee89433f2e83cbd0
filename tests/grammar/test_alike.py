"""Rules that look alike: notation does not matter, and everything else does."""

from __future__ import annotations

import pytest

from rulegen.grammar import parse

EQUAL = [
    ("w += eta*(pre*post)", "w += kappa*post*pre"),
    (
        "e = lowpass(pre*post, tau_e)\non reward: w += eta*R*e",
        "de/dt = (-e + 3*pre*post)/tau_e\non reward: w += eta*R*e/3",
    ),
    (
        "d = u - a\na = lowpass(u, 30)\nw += eta*d*d*pre",
        "m = lowpass(u, 30)\nw += eta*(u**2 - 2*u*m + m**2)*pre",
    ),
    ("w += eta*relu(u)*pre", "w += eta*max(0, u)*pre"),
    ("w += eta*(u if u > 0 else pre)", "w += eta*where(u > 0, u, pre)"),
    ("w += eta*(pre >= u)", "w += eta*(u <= pre)"),
    ("param eta = 0.1\nw += eta*pre", "w += 0.1*pre"),
    ("param eta = 0.1 free\nw += eta*pre", "param kappa = 0.2 free\nw += kappa*pre"),
    ("w <- w + eta*pre", "w += eta*pre"),
    ("w += eta*pre - eta*w", "w += eta*(pre - w)"),
    ("w += eta*clip(u,-1,1)*pre", "w += eta*min(max(-1,u),1)*pre"),
    (
        "on reward: w += eta*e; e <- 0\nde/dt = pre*post",
        "on reward:\n  w += eta*x\n  x <- 0\ndx/dt = post*pre",
    ),
    ("w += eta*abs(u)*abs(u)", "w += eta*u**2"),
    ("w += eta*sqrt(u**2)", "w += eta*abs(u)"),
]

DIFFERENT = [
    "w += eta*pre",
    "w -= eta*pre",
    "w <- eta*pre",
    "dw/dt = eta*pre",
    "w += eta*post",
    "w += eta*pre*post",
    "w += eta*pre**2",
    "on reward: w += eta*pre",
    "on trial end: w += eta*pre",
    "on trial start: w += eta*pre",
    "w += eta*prev(pre)",
    "w += eta*feedback.g*pre",
    "w += eta*feedback.h*pre",
    "w += eta*input.g*pre",
    "feedback.g : post\nw += eta*feedback.g*pre",
    "w += feedback.eta*pre",
    "w += eta*pre_u",
    "w += eta*R*pre",
    "w += eta*(R-R_bar)*pre",
    "w += eta*(R-R_bar[condition])*pre",
    "R_bar = average(R, 0.3)\nw += eta*(R-R_bar)*pre",
    "w += eta*relu(pre)",
    "w += eta*abs(pre)",
    "w += eta*sign(pre)",
    "w += eta*(pre>0)",
    "w += eta*(pre>=0)",
    "w += eta*(pre>1)",
    "w += eta*tanh(pre)",
    "w += eta*sigmoid(pre)",
    "w += eta*sin(pre)",
    "w += eta*cos(pre)",
    "w += eta*spow(pre,2)",
    "w += eta*pre**3",
    "w += eta*sqrt(pre)",
    "w += eta*pre\nbounds w in [0,1]",
    "w += eta*pre\nbounds w in [0,2]",
    "w += eta*pre\ndiagonal w = 0",
    "w += eta*min(pre,u)",
    "w += eta*max(pre,u)",
    "w += eta*clip(pre,0,1)",
    "w += eta*(pre - w)",
    "w += eta*pre - alpha*w",
    "w += eta*(pre-alpha*w)**2",
    "x = lowpass(pre, 10)\nw += eta*x",
    "x = lowpass(pre, 20)\nw += eta*x",
    "x = lowpass(pre, 10) : synapse\nw += eta*x",
    "x = average(R, 0.1)\nw += eta*x",
    "x <- 0.9*x + pre\nw += eta*x",
    "x <- 0.9*x + 0.1*pre\ninitial x = 1\nw += eta*x",
    "e = lowpass(pre*post,10)\non reward: w += eta*e; e <- 0",
    "e = lowpass(pre*post,10)\non reward: e <- 0; w += eta*e",
    "e = lowpass(pre*post,10)\non reward: w += eta*e",
    "e = lowpass(pre*post,10)\non trial end: w += eta*e",
    "forward w = w + alpha*H\nH <- 0.9*H + pre*post",
    "forward bias = -th\nth <- th + 0.1*post",
    "param eta = 0.1\nw += eta*pre",
    "param eta = 0.2\nw += eta*pre",
    "param eta = 0.1 free\nw += eta*pre",
    "w += eta*pre*xi",
    "w += eta*pre*zeta",
    "w += eta*pre*error",
    "w += eta*pre_error*error",
    "w += eta*pre*slope",
    "nonlocal sum_pre\nw += eta*pre*sum_pre(w)",
    "nonlocal sum_post\nw += eta*pre*sum_post(w)",
    "nonlocal max_pre\nw += eta*pre*max_pre(w)",
    "nonlocal cumsum_post\nw += eta*pre*cumsum_post(w)",
    "a <- b + post\nb <- a\nw += eta*a",
    "a <- b + post\nb <- a\nw += eta*b",
    "x = lowpass(pre, tau_a)\ny = lowpass(post, tau_b)\nw += eta*x*y",
    "x = lowpass(pre, tau_a)\ny = lowpass(post, tau_a)\nw += eta*x*y",
    "w += alpha*pre + beta*post",
    "w += alpha*pre + alpha*post",
    "w += alpha*pre - alpha*post",
    "w += alpha*pre + alpha**2*post",
    "integrate euler\nx = lowpass(pre, 10)\nw += eta*x",
    "dw/dt = eta*pre*post*(post - th)\nth = lowpass(post**2, 100)",
    "dw/dt = eta*pre*post*(post - th)\nth = lowpass(post, 100)",
]


@pytest.mark.parametrize(("one", "two"), EQUAL)
def test_notation_does_not_matter(one: str, two: str) -> None:
    assert parse(one).digest == parse(two).digest


def test_every_other_difference_matters() -> None:
    found: dict[str, str] = {}
    for text in DIFFERENT:
        other = found.setdefault(parse(text).digest, text)
        assert other == text, f"{other!r} and {text!r} have one digest"
