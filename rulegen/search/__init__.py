"""Structure search: over spaces of rules, with strategies that share one interface."""

from rulegen.search.arena import Arena as Arena
from rulegen.search.arena import Point as Point
from rulegen.search.config import SearchConfig as SearchConfig
from rulegen.search.config import load_search as load_search
from rulegen.search.found import Found as Found
from rulegen.search.front import Finalist as Finalist
from rulegen.search.front import Front as Front
from rulegen.search.front import lineage as lineage
from rulegen.search.front import make_front as make_front
from rulegen.search.front import plot_front as plot_front
from rulegen.search.front import plot_lineage as plot_lineage
from rulegen.search.genetic import Genetic as Genetic
from rulegen.search.halving import Halving as Halving
from rulegen.search.path import Path as Path
from rulegen.search.run import search as search
from rulegen.search.strategy import Candidate as Candidate
from rulegen.search.strategy import Meeting as Meeting
from rulegen.search.strategy import Strategy as Strategy
