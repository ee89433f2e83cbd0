"""Circuits: the networks whose weights a rule changes, one file each."""

from typing import Annotated, Any

from pydantic import BeforeValidator, SerializeAsAny

from rulegen.circuits.base import Circuit as Circuit
from rulegen.circuits.base import Network as Network
from rulegen.circuits.base import Projection as Projection
from rulegen.circuits.exploration import Exploration as Exploration
from rulegen.circuits.exploration import Pulses as Pulses
from rulegen.circuits.rate import Activity as Activity
from rulegen.circuits.rate import RateCircuit as RateCircuit
from rulegen.circuits.spiking import Firing as Firing
from rulegen.circuits.spiking import SpikingCircuit as SpikingCircuit

CIRCUITS: dict[str, type[RateCircuit] | type[SpikingCircuit]] = {
    "rate": RateCircuit,
    "spiking": SpikingCircuit,
}


def read(settings: Any) -> Any:
    """The circuit with these settings, of the kind that they name; a finished circuit as it is."""
    if not isinstance(settings, dict):
        return settings
    name = str(settings.get("name", "rate"))
    if name not in CIRCUITS:
        raise ValueError(f"there is no circuit `{name}`: name one of {', '.join(CIRCUITS)}")
    return CIRCUITS[name].model_validate(settings)


#: Settings of a bundled circuit, told apart by `name`, or any circuit that someone has written.
AnyCircuit = Annotated[SerializeAsAny[Circuit], BeforeValidator(read)]
