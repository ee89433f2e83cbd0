"""Circuits: the networks whose weights a rule changes, one file each."""

from typing import Annotated

from pydantic import BeforeValidator, SerializeAsAny

from rulegen.catalog import parts
from rulegen.circuits.base import Circuit as Circuit
from rulegen.circuits.exploration import Exploration as Exploration
from rulegen.circuits.exploration import Pulses as Pulses
from rulegen.circuits.network import Network as Network
from rulegen.circuits.network import Projection as Projection
from rulegen.circuits.rate import Activity as Activity
from rulegen.circuits.rate import RateCircuit as RateCircuit
from rulegen.circuits.spiking import Firing as Firing
from rulegen.circuits.spiking import SpikingCircuit as SpikingCircuit
from rulegen.ground.parts import reader

for _circuit in (RateCircuit, SpikingCircuit):
    parts.add(_circuit, parts.BUNDLED)

#: Settings of a circuit, told apart by `name`, of rates unless they say another; or a circuit.
AnyCircuit = Annotated[SerializeAsAny[Circuit], BeforeValidator(reader("circuit", "rate"))]
