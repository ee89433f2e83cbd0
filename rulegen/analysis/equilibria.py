"""Where the dynamics of a circuit stand still, or nearly, and how they move around there."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rulegen.analysis.anatomy import Anatomy
from rulegen.catalog.pages.pens import COLOURS
from rulegen.circuits import Circuit
from rulegen.ground.progress import Tick
from rulegen.publishing.figures import new_axes

Array = jax.Array

#: Steps of the optimisation; it converges quadratically near a fixed point.
STEPS = 100
#: Speeds `q/N` below this are rounding errors: a fixed point. Others are slow points.
STILL = 1e-16
#: Points whose potentials differ by less than this (root mean square) are one.
SAME = 1e-3


class FixedPoints(NamedTuple):
    """Fixed and slow points, the slowest first.

    Attributes:
        potentials: shape (P, N).
        speeds: `q = |F|^2/2` in units of 1/tau^2, shape (P,).
        eigenvalues: of the Jacobian dF/du in units of 1/tau, those of the largest real part first,
            shape (P, free neurons).
    """

    potentials: np.ndarray
    speeds: np.ndarray
    eigenvalues: np.ndarray

    @property
    def still(self) -> np.ndarray:
        """Which are fixed points and no mere slow points, shape (P,)."""
        return self.speeds < STILL * self.potentials.shape[1]

    def unstable(self, step_size: float) -> np.ndarray:
        """Number of directions in which the circuit moves away, `|1 + a lambda| > 1`, shape (P,).

        Args:
            step_size: `a = dt/tau` of the circuit.
        """
        return (np.abs(1.0 + step_size * self.eigenvalues) > 1.0).sum(axis=1)


def fixed_points(
    circuit: Circuit, weights: np.ndarray, drive: np.ndarray, starts: np.ndarray
) -> FixedPoints:
    """Minima of the speed of a circuit, found from states that it visits.

    With the flow F of the circuit, so that `du/dt = F/tau`, the speed `q(u) = |F(u)|^2/2` is
    minimised by Gauss-Newton steps with damping. Minima of speed 0 are fixed points, others slow
    points; the eigenvalues of the Jacobian of F tell how the circuit moves around them; in a rate
    circuit it is `-1 + W diag(phi'(u))`. Computed in double precision.

    Args:
        circuit: its flow, and which neurons are clamped.
        weights: shape (N, N).
        drive: constant input, shape (N,).
        starts: potentials to start from, shape (S, N).

    Source: Sussillo and Barak 2013, 10.1162/NECO_a_00409.

    Example:
        >>> import numpy as np
        >>> from rulegen.circuits import RateCircuit
        >>> circuit = RateCircuit(neurons=2, rate="linear")
        >>> found = fixed_points(circuit, np.diag([0.5, -1.0]), np.ones(2), np.zeros((1, 2)))
        >>> found.potentials.round(6).tolist(), found.eigenvalues.real.tolist()
        ([[2.0, 0.5]], [[-0.5, -2.0]])
    """
    free = ~circuit.held
    with jax.enable_x64(True):
        arrays = (jnp.asarray(x, jnp.float64) for x in (weights, drive, starts))
        found = descend(circuit, free, *arrays)
        potentials, speeds, jacobians = map(np.asarray, found)
    order = np.argsort(speeds, kind="stable")
    order = order[np.isfinite(speeds[order])]
    kept: list[int] = []
    for i in order:
        apart = np.sqrt(((potentials[kept] - potentials[i]) ** 2).mean(axis=1))
        if not (apart < SAME).any():
            kept.append(int(i))
    values = np.linalg.eigvals(jacobians[kept][:, free][:, :, free]).astype(complex)
    values = np.take_along_axis(values, np.argsort(-values.real, axis=1, kind="stable"), axis=1)
    return FixedPoints(potentials[kept], speeds[kept], values)


@partial(jax.jit, static_argnames="circuit")
@partial(jax.vmap, in_axes=(None, None, None, None, 0))
def descend(
    circuit: Circuit, free: Array, weights: Array, drive: Array, start: Array
) -> tuple[Array, Array, Array]:
    """The minimum of the speed next to each start: its potentials, speed and Jacobian."""
    n = len(start)

    def flow(u: Array) -> Array:
        return jnp.where(free, circuit.flow(weights, u, drive), 0.0)

    def jacobian(u: Array) -> Array:
        return jnp.where(free[:, None] & free, circuit.jacobian(weights, u, drive), 0.0)

    def step(carry: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], None]:
        u, damping = carry
        f, j = flow(u), jacobian(u)
        move = jnp.linalg.solve(j.T @ j + damping * jnp.eye(n), -j.T @ f)
        better = jnp.sum(flow(u + move) ** 2) < jnp.sum(f**2)
        damping = jnp.clip(jnp.where(better, 0.2 * damping, 8.0 * damping), 1e-12, 1e6)
        return (jnp.where(better, u + move, u), damping), None

    (u, _), _ = jax.lax.scan(step, (start, jnp.asarray(1.0)), length=STEPS)
    return u, 0.5 * jnp.sum(flow(u) ** 2), jacobian(u)


def points_of(anatomy: Anatomy, life: int, condition: int, starts: int = 16) -> FixedPoints:
    """Points without stimulus, from states of the trial of this condition.

    The drive is what the rule adds to the input, and else 0, as in a delay.
    """
    path = anatomy.potentials[life, condition]
    chosen = path[np.linspace(0, len(path) - 1, min(starts, len(path))).astype(int)]
    weights, bias = anatomy.weights[life, condition], anatomy.bias[life, condition]
    return fixed_points(anatomy.circuit, weights, bias, chosen)


def fixed_point_table(anatomy: Anatomy, starts: int = 16, tick: Tick | None = None) -> pd.DataFrame:
    """All points of all circuits without stimulus, one row each.

    Args:
        anatomy: the circuits.
        starts: states of each trial from which points are sought.
        tick: called with the number of circuits finished so far.

    Returns:
        columns `life`, `condition` (from whose trial it was found), `speed` (q), `fixed` (or merely
        slow), `unstable` (number of directions), `real` and `imaginary` (leading eigenvalue, 1/tau)
        and `distance` (root mean square distance of the potentials at the end of the trial).
    """
    table: list[dict[str, float]] = []
    step_size = anatomy.circuit.step_size
    assert step_size is not None, "a circuit without a flow has no fixed points"
    lives, conditions = anatomy.weights.shape[:2]
    for life in range(lives):
        for condition in range(conditions):
            found = points_of(anatomy, life, condition, starts)
            end = anatomy.potentials[life, condition, -1]
            unstable = found.unstable(step_size)
            for i, leading in enumerate(found.eigenvalues[:, 0]):
                distance = float(np.sqrt(((found.potentials[i] - end) ** 2).mean()))
                table.append(
                    {
                        "life": life,
                        "condition": condition,
                        "speed": float(found.speeds[i]),
                        "fixed": bool(found.still[i]),
                        "unstable": int(unstable[i]),
                        "real": float(leading.real),
                        "imaginary": float(leading.imag),
                        "distance": distance,
                    }
                )
        if tick is not None:
            tick(life + 1)
    return pd.DataFrame(table)


def plot_fixed_points(
    table: pd.DataFrame, *, colour: str = COLOURS[0], label: str = "", ax: Axes | None = None
) -> Axes:
    """Leading eigenvalues of all points in the complex plane; slow points are hollow.

    Args:
        table: from `fixed_point_table`.
        colour: of the points.
        label: of fixed points, for the legend.
        ax: where to draw.

    Example:
        >>> import pandas as pd
        >>> row = {"real": -0.5, "imaginary": 0.0, "fixed": True}
        >>> plot_fixed_points(pd.DataFrame([row])).get_xlabel()
        'real part (1/tau)'
    """
    ax = new_axes() if ax is None else ax
    for fixed, name in ((True, label or "fixed point"), (False, "slow point")):
        rows = table[table["fixed"] == fixed]
        if rows.empty:
            continue
        face = colour if fixed else "none"
        ax.scatter(
            rows["real"], np.abs(rows["imaginary"]), s=18, facecolors=face, edgecolors=colour,
            alpha=0.6, label=name,
        )  # fmt: skip
    ax.axvline(0.0, color="0.35", linewidth=0.8)
    ax.set_xlabel("real part (1/tau)")
    ax.set_ylabel("imaginary part (1/tau)")
    ax.set_aspect("equal", adjustable="box")
    ax.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.25), ncols=2, frameon=False, fontsize="small"
    )  # fmt: skip
    return ax
