"""What equations in time may ask of rewards and spikes: what does not depend on the step."""

from __future__ import annotations

import pytest
from oracle import value

from rulegen.grammar import RuleError, parse
from rulegen.grammar.algebra.operators import Earlier, Reduction
from rulegen.grammar.rule.system import make_system

#: Of an impulse its sign may be asked, and everything of the amount that `dt` makes of it.
ALLOWED = [
    "dw/dt = R*pre",
    "dw/dt = abs(R)*pre - relu(-R)*post",
    "dw/dt = (0.5*R if R > 0 else R)*pre",
    "dw/dt = (R > 0)*R*pre",
    "dw/dt = sign(R)*R*pre",
    "dw/dt = max(R, 0)*pre + min(R, -R)*post",
    "dw/dt = pre_spike*u - post_spike*pre",
    "dw/dt = prev(R)*pre",
    "nonlocal sum_pre\ndw/dt = sum_pre(pre_spike*w)",
    "dw/dt = -w/tau + (R if pre > 0.5 else 0)",
]
SIZED = [
    "dw/dt = (R > 0)*pre/ms",
    "dw/dt = (R*ms > 0.5)*R*pre",
    "dw/dt = sqrt(abs(R)/ms)*pre",
    "dw/dt = R*pre/(pre + R*ms)",
    "dw/dt = (pre_spike > post_spike)/ms",
    "dw/dt = exp(R*ms)*pre/ms",
    "nonlocal sum_pre\ndw/dt = sum_pre(pre_spike)**2*ms*w",
]


@pytest.mark.parametrize("text", ALLOWED)
@pytest.mark.parametrize("size", [-0.7, 1.2])
def test_what_an_impulse_adds_does_not_depend_on_the_step(text: str, size: float) -> None:
    (equation,) = make_system(parse(text)).weights
    one = {node: node.args[0] for node in equation.expr.atoms(Earlier, Reduction)}
    expr = equation.expr.xreplace(one)
    others = {"w": 1.1, "pre": 0.8, "post": 0.3, "u": -0.4, "tau": 20.0}

    def after(dt: float, amount: float) -> float:
        spikes = {"pre_spike": abs(amount) / dt, "post_spike": abs(amount) / dt}
        return value(expr, others | spikes | {"R": amount, "dt": dt})

    added = [after(dt, size) - after(dt, 0.0) for dt in (1.0, 2.5)]
    assert added[0] == pytest.approx(added[1], rel=1e-12)
    assert size < 0 or added[0] != 0


@pytest.mark.parametrize("text", SIZED)
def test_an_equation_in_time_does_not_ask_how_large_an_impulse_is(text: str) -> None:
    with pytest.raises(RuleError, match="asks how large it is"):
        parse(text)
