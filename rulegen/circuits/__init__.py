"""Circuits: the networks whose weights a rule changes, one file each."""

from rulegen.circuits.base import Circuit as Circuit
from rulegen.circuits.base import Network as Network
from rulegen.circuits.exploration import Exploration as Exploration
from rulegen.circuits.exploration import Pulses as Pulses
from rulegen.circuits.rate import Activity as Activity
from rulegen.circuits.rate import RateCircuit as RateCircuit
