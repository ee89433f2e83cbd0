"""From a rule to JAX: one-step system, tangents, lowering, compiled rule."""

from rulegen.compile.compiled import Bounds as Bounds
from rulegen.compile.compiled import CompiledRule as CompiledRule
from rulegen.compile.compiled import compile_rule as compile_rule
