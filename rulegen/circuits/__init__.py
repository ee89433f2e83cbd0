"""Circuits: the networks whose weights a rule changes."""

from rulegen.circuits.exploration import Exploration as Exploration
from rulegen.circuits.exploration import Pulses as Pulses
from rulegen.circuits.rate import Activity as Activity
from rulegen.circuits.rate import Network as Network
from rulegen.circuits.rate import RateCircuit as RateCircuit
