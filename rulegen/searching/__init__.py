"""Structure search: over spaces of rules, with strategies that share one interface."""

from rulegen.searching.arena import Arena as Arena
from rulegen.searching.arena import Point as Point
from rulegen.searching.config import SearchConfig as SearchConfig
from rulegen.searching.config import load_search as load_search
from rulegen.searching.found import Found as Found
from rulegen.searching.front import Finalist as Finalist
from rulegen.searching.front import Front as Front
from rulegen.searching.front import lineage as lineage
from rulegen.searching.front import make_front as make_front
from rulegen.searching.front import plot_lineage as plot_lineage
from rulegen.searching.front_figure import plot_front as plot_front
from rulegen.searching.genetic import Genetic as Genetic
from rulegen.searching.halving import Halving as Halving
from rulegen.searching.path import Path as Path
from rulegen.searching.run import search as search
from rulegen.searching.strategy import Candidate as Candidate
from rulegen.searching.strategy import Meeting as Meeting
from rulegen.searching.strategy import Strategy as Strategy
