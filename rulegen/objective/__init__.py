"""What a rule is fitted for: its reward in one world, or what several worlds make of it."""

from rulegen.objective.aim import Aim as Aim
from rulegen.objective.joint import Joint as Joint
from rulegen.objective.objective import Objective as Objective
