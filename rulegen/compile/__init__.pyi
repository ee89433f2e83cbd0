from .bounds import Bounds as Bounds
from .compiled import CompiledRule as CompiledRule
from .compiled import compile_rule as compile_rule
from .plan import Plan as Plan
from .plan import plan_rule as plan_rule
