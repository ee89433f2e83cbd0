"""Circuits: the networks whose weights a rule changes."""

from rulegen.circuits.rate import Network as Network
from rulegen.circuits.rate import RateCircuit as RateCircuit
