"""The mechanics of a planar arm with a shoulder and an elbow."""

from __future__ import annotations

import jax
import jax.numpy as jnp

Array = jax.Array

#: Lengths of upper arm and forearm (m), their masses (kg), distances of their centres of mass from
#: the joints (m), and moments of inertia (kg m^2).
LENGTHS, MASSES, CENTRES, INERTIAS = (0.30, 0.33), (1.4, 1.0), (0.11, 0.16), (0.025, 0.045)
#: Angles at the start, rad, and friction in each joint, N m s.
START, FRICTION = (0.8, 1.6), 0.5


def hand_of(angles: Array) -> Array:
    """Where the hand is, m from the shoulder, for angles of shape (..., 2).

    Example:
        >>> print(hand_of(jnp.array([0.0, 0.0])).round(2))
        [0.63 0.  ]
    """
    upper, fore = angles[..., 0], angles[..., 0] + angles[..., 1]
    a, b = LENGTHS
    x, y = a * jnp.cos(upper) + b * jnp.cos(fore), a * jnp.sin(upper) + b * jnp.sin(fore)
    return jnp.stack([x, y], axis=-1)


def acceleration(angles: Array, speeds: Array, torques: Array) -> Array:
    """Angular accelerations of the joints, rad/s^2, shape (2,).

    `M(theta) theta'' = tau - C(theta, theta') - b theta'` with M the inertia of two rods and C the
    centripetal and Coriolis forces.

    Args:
        angles: of shoulder and elbow, rad, the latter from the direction of the upper arm, shape
            (2,).
        speeds: rad/s, shape (2,).
        torques: N m, shape (2,).

    Source: equations and sizes of the arm of Li & Todorov 2004, 10.5220/0001143902220229; the
    friction is larger and acts on each joint alone.
    """
    coupling = MASSES[1] * LENGTHS[0] * CENTRES[1]
    cosine, sine = jnp.cos(angles[1]), jnp.sin(angles[1])
    both = INERTIAS[0] + INERTIAS[1] + MASSES[1] * LENGTHS[0] ** 2
    a, b, c = both + 2 * coupling * cosine, INERTIAS[1] + coupling * cosine, INERTIAS[1]
    one, two = speeds
    coriolis = coupling * sine * jnp.stack([-two * (2 * one + two), one**2])
    x, y = torques - coriolis - FRICTION * speeds
    return jnp.stack([c * x - b * y, a * y - b * x]) / (a * c - b**2)


def hand_path(torques: Array, dt: float) -> Array:
    """Displacement of the hand from its start after each step, m, shape (T, 2).

    The arm starts at rest; speeds move before angles (semi-implicit Euler).

    Args:
        torques: N m, shape (T, 2).
        dt: step, ms.

    Example:
        >>> print(hand_path(jnp.zeros((3, 2)), 10.0)[-1])
        [0. 0.]
    """
    step = dt / 1000.0

    def move(state: tuple[Array, Array], torque: Array) -> tuple[tuple[Array, Array], Array]:
        angles, speeds = state
        speeds = speeds + step * acceleration(angles, speeds, torque)
        angles = angles + step * speeds
        return (angles, speeds), angles

    start = jnp.array(START, torques.dtype)
    _, angles = jax.lax.scan(move, (start, jnp.zeros_like(start)), torques)
    return hand_of(angles) - hand_of(start)
