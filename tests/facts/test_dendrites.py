"""Facts about rules that compare a soma with what its dendrite predicts."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from following import follow


def driven(weights: Any, bias: Any, inputs: Any, memory: Any) -> tuple[dict, Any]:
    """The drive is what the synapses deliver; the soma does what it is told."""
    return {"drive": weights @ inputs["pre"]}, memory


@pytest.mark.parametrize("rate", [0.01, 0.05])
def test_a_dendrite_learns_the_rate_of_its_soma(rate: float) -> None:
    """And predicts it: phi(g v) is the rate that was forced on the soma."""
    steps = 40_000
    activity = {"pre": np.full((1, steps, 1), 0.6), "post_spike": np.full((1, steps, 1), rate)}
    w = float(follow("urbanczik_senn", [[0.5]], activity, circuit=driven).state["w"][0, 0])
    predicted = 0.1 / (1 + 0.5 * np.exp(5 * (1 - 0.8 * w * 0.6)))
    assert predicted == pytest.approx(rate, rel=1e-3)
    again = {name: part[:, :3000] for name, part in activity.items()}
    settled = {"v": jnp.full(1, 0.6 * w), "psp": jnp.full(1, 0.6)}
    after = follow("urbanczik_senn", [[w]], again, settled, circuit=driven).state["w"][0, 0]
    assert float(after) == pytest.approx(w, rel=1e-4)


def test_only_what_the_dendrite_did_not_predict_is_eligible() -> None:
    steps, rng = 60, np.random.default_rng(0)
    pre, drive = rng.normal(size=(1, steps, 2)), rng.normal(size=(1, steps, 3))
    keep, v, psp, phi, psps = np.exp(-1 / 40), np.zeros(3), np.zeros(2), [], []
    for x, current in zip(pre[0], drive[0], strict=True):
        phi.append(np.tanh(v))
        psps.append(psp)
        v, psp = keep * v + (1 - keep) * current, keep * psp + (1 - keep) * x
    activity = {"pre": pre, "drive": drive, "post": np.array(phi)[None]}
    values = {"tau_e": 1e6, "eta": 1.0}
    still = follow("urbanczik_senn_reward", np.zeros((3, 2)), activity, values, rewards=[1.0])
    np.testing.assert_allclose(still.state["w"], 0.0, atol=1e-9)
    activity["post"][0, 30, 1] += 0.1
    found = follow("urbanczik_senn_reward", np.zeros((3, 2)), activity, values, rewards=[1.0])
    expected = np.zeros((3, 2))
    expected[1] = 0.1 * (1 - phi[30][1] ** 2) * psps[30]
    assert np.abs(expected).max() > 1e-4
    np.testing.assert_allclose(found.state["w"], expected, rtol=1e-3, atol=1e-9)


@pytest.mark.parametrize("nudge", [-0.3, 0.0, 0.3])
def test_basal_synapses_follow_the_soma(nudge: float) -> None:
    steps, pre = 4000, np.array([0.7, -0.4])

    def soma(weights: Any, bias: Any, inputs: Any, memory: Any) -> tuple[dict, Any]:
        current = weights @ inputs["pre"]
        return {"drive_recurrent": current, "u": jnp.full(1, 0.5) + nudge}, memory

    activity = {"pre": np.broadcast_to(pre, (1, steps, 2))}
    w = follow("sacramento", [[0.1, 0.1]], activity, circuit=soma).state["w"][0]
    assert 0.9 * float(w @ pre) == pytest.approx(0.5 + nudge, rel=1e-3)
    first = follow("sacramento", [[0.1, 0.1]], {"pre": activity["pre"][:, :1]}, circuit=soma)
    change = 0.01 * (np.tanh(0.5 + nudge) - np.tanh(0.9 * 0.1 * pre.sum())) * pre
    np.testing.assert_allclose(first.state["w"][0] - 0.1, change, rtol=1e-9)


def test_inputs_are_credited_with_what_follows() -> None:
    """By a share that falls off with the memory of the synapse, and not of the dendrite."""
    steps, first = 600, 50
    times = np.arange(steps)

    def change(distance: float) -> float:
        spikes = (times == first + distance) * 1.0
        pre = ((times >= first) & (times < first + 5)) * 1.0
        quiet = {"drive": np.full((1, steps, 1), -10.0)}  # nothing is predicted
        activity = {"pre": pre[None, :, None], "post_spike": spikes[None, :, None], **quiet}
        return float(follow("brea_prospective", [[0.0]], activity).state["w"][0, 0])

    far = [change(d) for d in (100, 150, 250, 400)]
    for one, other, apart in zip(far, far[1:], (50, 100, 150), strict=False):
        assert other / one == pytest.approx(np.exp(-apart / 100), rel=1e-3)
    assert change(-10) == pytest.approx(0.0, abs=1e-15)


def test_a_soma_that_follows_its_synapses_changes_nothing() -> None:
    steps, dt, tau, rng = 200, 2.0, 40.0, np.random.default_rng(1)
    pre, extra = rng.normal(size=(1, steps, 3)), np.zeros((1, steps, 2))

    def membrane(weights: Any, bias: Any, inputs: Any, memory: Any) -> tuple[dict, Any]:
        current = weights @ inputs["pre"]
        u = memory + dt / tau * (current + inputs["extra"] - memory)
        return {"drive": current, "u": u}, u

    w0 = rng.normal(size=(2, 3))
    common: dict[str, Any] = {"dt": dt, "circuit": membrane, "memory": jnp.zeros(2)}
    still = follow("latent_equilibrium", w0, {"pre": pre, "extra": extra}, **common)
    np.testing.assert_allclose(still.state["w"], w0, rtol=1e-9)
    extra[0, 70] = [0.3, -0.2]
    found = follow("latent_equilibrium", w0, {"pre": pre, "extra": extra}, **common)
    expected = w0 + 0.01 * dt * np.outer([0.3, -0.2], pre[0, 70])
    np.testing.assert_allclose(found.state["w"], expected, rtol=1e-7)
