"""What a circuit is: the weights of a life, the steps of a trial, and what a rule sees of them."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np
from pydantic import Field, model_validator

from rulegen.catalog import parts
from rulegen.circuits import wiring
from rulegen.circuits.exploration import Exploration
from rulegen.circuits.network import Network, Projection
from rulegen.compile import Bounds
from rulegen.grammar import Site
from rulegen.grammar.algebra.symbols import DRIVE, DRIVES, ERRORS, SIGNALS, ZETA
from rulegen.ground.noise import Purpose, Stream, normal, uniform
from rulegen.ground.parts import Part, alike

Array = jax.Array

#: No circuit is larger.
MOST_NEURONS = 100_000
#: No length of time has more steps, which programs count in 32 bits.
MOST_STEPS = 1 << 30
#: The setting that says what share of the sources of a projection is excitatory.
SHARES: dict[Projection, str] = {
    "recurrent": "excitatory",
    "input": "excitatory_inputs",
    "feedback": "excitatory_feedback",
}
#: Signals that a rule reads in any circuit, whatever its `signals` gives.
ELSEWHERE = frozenset({"t", "dt", "R", "N_pre", "N_post", DRIVE, *DRIVES.values()})
#: What rules of all circuits can read beside what the circuit itself provides.
BESIDE = ERRORS | {DRIVE, ZETA}


def no_activity(circuit: Circuit, found: Any, *given: Any, **named: Any) -> str:
    """Why something is no activity; "" where it is one."""
    whole = isinstance(found, tuple) and hasattr(found, "u") and hasattr(found, "r")
    return "" if whole else f"it gives {found!r} in place of a tuple with `u` and `r`"


def no_signals(circuit: Circuit, found: Any, *given: Any, **named: Any) -> str:
    """Why something is not all that a rule can read; "" where it is."""
    if not isinstance(found, Mapping):
        return f"it gives {found!r} in place of signals by name"
    missing = sorted(circuit.provides - ELSEWHERE - found.keys())
    return f"it gives no `{missing[0]}`, which `provides` names" if missing else ""


class Circuit(Part, abc.ABC):
    """Base of all circuits: N neurons with random weights, some of which rules change.

    What drives the neurons is the sum of their projections,

        W r(t-1) + W_in s(t) + W_fb y(t-1) ,   y = W_out r ,

    the recurrent one, that of the input channels s, and, where there is one, the feedback of the
    outputs y of the step before. Which are plastic is said by `rulegen.Projections`.

    Weights are drawn afresh for every life. A synapse exists with probability p, and with standard
    normal numbers n

        w = gain n/sqrt(pN) .

    Where a share f of the neurons is excitatory and the others inhibitory (Dale's law),

        w = gain s |n|/sqrt(pN (1 - 2p/pi)) ,   s = sqrt((1-f)/f) or -sqrt(f/(1-f))

    by the presynaptic neuron, so that both cancel on average, and but for a few outliers the
    eigenvalues fill the same disc of radius `gain`. The first neurons are the excitatory ones. No
    rule makes a synapse that does not exist, and a weight that would change its sign stays at 0,
    which counts as a violation. Of input channels and outputs the first are excitatory as well.

    An *activity* is a named tuple of arrays of shape (N,), or (T, N) over time, among them the
    potentials `u` and the rates `r`, which readouts read.

    A circuit of one's own is a subclass with a `name`, the class variables and the abstract members
    below. Its activity is a tuple with at least the potentials `u` and the rates `r` of all
    neurons, such as `rulegen.circuits.Activity`.

    Attributes:
        name: what configurations call this kind of circuit.
        neurons: number of neurons N.
        dt: step, ms.
        gain: radius of the eigenvalues of the initial recurrent weights, for large N.
        noise: standard deviation sigma of the Gaussian noise per step.
        start: how far potentials at the start of a trial are spread.
        inputs: distribution of the input weights, `N(0, 1)` or `U(-1, 1)`.
        readout: the neurons whose rates are the outputs; none for a fixed linear readout of all,
            `~ N(0, 1/N)`.
        feedback: standard deviation of the weights of the feedback projection, which are normal;
            None for a circuit without one.
        errors: how errors of the outputs come back to the neurons, for rules that read them:
            through the transposed `readout`, or `random` weights of the same distribution, which
            stay as they are unless a rule lives on the `errors` projection.
        excitatory: share of excitatory neurons, the others being inhibitory; 0 for neurons without
            a sign.
        excitatory_inputs, excitatory_feedback: the same of input channels, and of outputs as
            sources of the feedback; 1 where all excite. Their weights keep their size.
        connectivity: probability p that a synapse exists.
        groups: groups of neurons that rules can tell apart as `pre.NAME` and `post.NAME`, each with
            the part of the neurons that it takes, from 0 to 1: `{ fast = [0, 0.25] }` is the first
            quarter. Groups may overlap.

    Source: Rajan & Abbott 2006, 10.1103/PhysRevLett.97.188104 (eigenvalues under Dale's law).
    """

    part: ClassVar[str] = "circuit"
    _wrong: ClassVar[Mapping[str, Callable[..., str]]] = {
        **dict.fromkeys(("init", "step"), no_activity),
        "signals": no_signals,
    }

    #: Signals that a rule can read in this circuit (`R` comes with the reward event).
    provides: ClassVar[frozenset[str]]
    #: Whether the activity changes smoothly with the weights.
    smooth: ClassVar[bool]

    neurons: int = Field(32, ge=1, le=MOST_NEURONS)
    dt: float = Field(10.0, gt=0)
    gain: float = Field(1.1, ge=0)
    noise: float = Field(0.1, ge=0)
    start: float = Field(0.0, ge=0)
    inputs: Literal["normal", "uniform"] = "normal"
    readout: tuple[int, ...] = ()
    feedback: float | None = Field(None, ge=0)
    errors: Literal["readout", "random"] = Field(
        "readout", exclude_if=lambda told: told == "readout"
    )
    excitatory: float = Field(0.0, ge=0, lt=1)
    excitatory_inputs: float = Field(0.0, ge=0, le=1, exclude_if=lambda told: not told)
    excitatory_feedback: float = Field(0.0, ge=0, le=1, exclude_if=lambda told: not told)
    connectivity: float = Field(1.0, gt=0, le=1)
    groups: dict[str, wiring.Part] = Field({}, exclude_if=lambda told: not told)

    @model_validator(mode="after")
    def _check_wiring(self) -> Circuit:
        self._check_neurons("readout", self.readout)
        if self.excitatory and len(set(wiring.signed(self.neurons, self.excitatory))) < 2:
            raise ValueError(
                f"excitatory = {self.excitatory:g} of {self.neurons} neurons leaves none of one "
                "sign; 0 is for neurons without a sign"
            )
        if self.excitatory_feedback and self.feedback is None:
            raise ValueError("excitatory_feedback: there is no feedback, set `feedback` as well")
        wiring.check_groups(self.groups, self.neurons)
        return self

    def __hash__(self) -> int:
        return hash((type(self), self.model_dump_json()))  # a table of groups has none of its own

    def _check_neurons(self, name: str, chosen: Iterable[int]) -> None:
        chosen = list(chosen)
        for neuron in chosen:
            if not 0 <= neuron < self.neurons:
                raise ValueError(
                    f"{name}: there is no neuron {neuron}; they are numbered from 0 to "
                    f"{self.neurons - 1}"
                )
        if len(set(chosen)) < len(chosen):
            raise ValueError(f"{name}: a neuron is named twice")

    def _check_length(self, name: str, length: float) -> None:
        if length / self.dt > MOST_STEPS:
            raise ValueError(
                f"{name} = {length:g} ms lasts more than {MOST_STEPS} steps of dt = {self.dt:g} ms"
            )

    @property
    def has_signs(self) -> bool:
        """Whether the weights from some sources may not change their sign."""
        return any(getattr(self, share) for share in SHARES.values())

    def signs_of(self, projection: Projection, count: int) -> np.ndarray | None:
        """1 for excitatory and -1 for inhibitory sources of a projection; None without signs.

        Args:
            projection: its name.
            count: how many neurons, channels or outputs it comes from, N_pre.

        Raises:
            ValueError: when none of them would be excitatory.
        """
        share = getattr(self, SHARES[projection]) if projection in SHARES else 0.0
        if share and not round(share * count):
            raise ValueError(
                f"circuit.{SHARES[projection]} = {share:g} of {count} sources leaves no excitatory "
                "one; 0 is for sources without a sign"
            )
        return wiring.signed(count, share) if share else None

    def groups_of(self, projection: Projection, count: int) -> dict[str, np.ndarray]:
        """Which sources of a projection belong to what, 1 or 0 by the name of the group.

        Channels and outputs are in no group but that of their sign.

        Args:
            projection: its name.
            count: how many neurons, channels or outputs it comes from, N_pre.

        Example:
            >>> from rulegen.circuits import RateCircuit
            >>> circuit = RateCircuit(neurons=4, excitatory=0.75, groups={"fast": (0, 0.5)})
            >>> {name: list(map(int, which)) for name, which in
            ...  circuit.groups_of("recurrent", 4).items()}
            {'fast': [1, 1, 0, 0], 'excitatory': [1, 1, 1, 0], 'inhibitory': [0, 0, 0, 1]}
        """
        named = self.groups if projection == "recurrent" else {}
        return wiring.grouped(self.signs_of(projection, count), named, count)

    @property
    @abc.abstractmethod
    def limit(self) -> float:
        """The largest mean rate there is, infinite for rates without bound."""

    @property
    @abc.abstractmethod
    def scoreless(self) -> str:
        """Why the activity has no score, or ""."""

    @property
    def sensitivity(self) -> np.ndarray | float:
        """`-d n / d (W r)` at fixed potentials, a scalar or of shape (N,), for the score."""
        return 0.0

    @property
    def retention(self) -> float:
        """Autocorrelation of the Gaussian noise from one step to the next."""
        return 0.0

    @property
    def step_size(self) -> float | None:
        """`a` in `u <- u + a flow(u)`, a step without noise; None for a circuit without a flow."""
        return None

    @property
    def held(self) -> np.ndarray:
        """Which neurons stay at their potentials whatever the flow, shape (N,)."""
        return np.zeros(self.neurons, bool)

    def flow(self, weights: Array, u: Array, drive: Array) -> Array:
        """Where potentials go without noise, in units of 1/tau, shape (N,); see `step_size`.

        Fixed points are sought where it is 0; nothing else needs it. A circuit whose potentials are
        not all that a step hands on has none.
        """
        raise NotImplementedError

    def jacobian(self, weights: Array, u: Array, drive: Array) -> Array:
        """The derivative of the flow by the potentials, shape (N, N)."""
        return jax.jacfwd(self.flow, argnums=1)(weights, u, drive)

    def provided(self, projection: Projection) -> frozenset[str]:
        """Signals that a rule of this projection can read.

        Input channels and outputs have an activity, `pre`, and no potentials or spikes. What drives
        the neurons is the same in all circuits, and whoever is driven can read it.

        Example:
            >>> from rulegen.circuits import RateCircuit
            >>> circuit = RateCircuit()
            >>> print(sorted(circuit.provided("recurrent") - circuit.provided("input")))
            ['pre_error', 'pre_u']
        """
        parts = {
            name for key, name in DRIVES.items() if key != "feedback" or self.feedback is not None
        }
        everything = self.provides | BESIDE | parts
        if projection == "recurrent":
            return everything
        return frozenset(
            name for name in everything if name == "pre" or SIGNALS[name].site is not Site.PRE
        )

    def check(self) -> None:
        """See that an activity stays of one form from step to step.

        Raises:
            ConfigError: when it does not.
        """
        word, dtype = jnp.uint32(0), jnp.zeros(()).dtype

        def stepped(weights: Array, drive: Array) -> tuple[Any, Any]:
            before = self.init(Stream(word, word), dtype)
            after = self.step(weights, before, drive, drive)
            self.signals(before, after, drive)
            return self.memory(before), self.memory(after)

        shapes = [(self.neurons, self.neurons), (self.neurons,)]
        before, after = jax.eval_shape(stepped, *(jax.ShapeDtypeStruct(s, dtype) for s in shapes))
        if not alike(before, after):
            raise parts.fault(type(self), "step", f"it makes of {before} an activity {after}")

    def draw(self, stream: Stream, channels: int, outputs: int, dtype: jnp.dtype) -> Network:
        """The random weights of one life.

        Raises:
            ValueError: when the number of named output neurons is not that of the task's outputs.
        """
        n = self.neurons
        source = stream.fold(Purpose.INPUT_WEIGHTS)
        if self.inputs == "normal":
            inputs = normal(source, (n, channels), dtype)
        else:
            inputs = 2.0 * uniform(source, (n, channels), dtype) - 1.0
        if not self.readout:
            readout = normal(stream.fold(Purpose.READOUT), (outputs, n), dtype) / n**0.5
        elif len(self.readout) == outputs:
            readout = jax.nn.one_hot(jnp.array(self.readout), n, dtype=dtype)
        else:
            raise ValueError(
                f"circuit.readout names {len(self.readout)} neurons, but the task has {outputs} "
                "outputs"
            )
        feedback = None
        if self.feedback is not None:
            source = stream.fold(Purpose.FEEDBACK)
            feedback = self.feedback * normal(source, (n, outputs), dtype)
        errors = None
        if self.errors == "random":
            errors = normal(stream.fold(Purpose.ERRORS), (n, outputs), dtype) / n**0.5
        p = self.connectivity
        weights = self.gain / (p * n) ** 0.5 * normal(stream.fold(Purpose.WEIGHTS), (n, n), dtype)
        weights, between = wiring.recurrent(stream, weights, self.signs_of("recurrent", n), p)
        bounds: dict[Projection, Bounds] = {} if between is None else {"recurrent": between}
        if (signs := self.signs_of("input", channels)) is not None:
            inputs, bounds["input"] = wiring.with_signs(inputs, signs)
        if feedback is not None and (signs := self.signs_of("feedback", outputs)) is not None:
            feedback, bounds["feedback"] = wiring.with_signs(feedback, signs)
        return Network(weights, inputs, readout, bounds, feedback, errors)

    def quiet(self, dtype: jnp.dtype) -> Exploration:
        """No noise, as before the first step of a trial, of shape (N,)."""
        return Exploration(*[jnp.zeros(self.neurons, dtype)] * 3)

    def explore(
        self, stream: Stream, first: Array | int, steps: int, before: Exploration
    ) -> Exploration:
        """The noise of steps `first`, `first + 1`, ... of a trial: white, unless overridden.

        Args:
            stream: random numbers of the trial.
            first: number of the first step.
            steps: number of steps T.
            before: the noise of the step before, shape (N,).
        """
        shape, dtype = (steps, self.neurons), before.xi.dtype
        fresh = normal(stream, shape, dtype, first) if self.noise else jnp.zeros(shape, dtype)
        return Exploration(fresh, fresh, fresh)

    @abc.abstractmethod
    def init(self, stream: Stream, dtype: jnp.dtype) -> Any:
        """The activity at the start of a trial; `stream` is the trial's own."""

    @abc.abstractmethod
    def step(self, weights: Array, before: Any, drive: Array, xi: Array) -> Any:
        """The next activity, for an input current `drive` and noise `xi`, shapes (N,)."""

    @abc.abstractmethod
    def signals(self, before: Any, after: Any, xi: Array) -> dict[str, Array]:
        """What a rule can read of a step (or of many steps) from one activity to the next."""

    def memory(self, activity: Any) -> Any:
        """The part of an activity that is kept of every step, from which the rest follows."""
        return activity

    def recall(self, memory: Any) -> Any:
        """The activity with this `memory`."""
        return memory
