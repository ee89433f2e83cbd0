"""The words of each target: what no name of a rule may be there. Tables, and nothing but tables.

`make exports-check` reads this file beside each target and holds the tables against the target's
own lists of words; `tests/exports/test_words.py` holds them against the programs that are written.
"""

from __future__ import annotations

import keyword
import re

PYTHON = frozenset(keyword.kwlist) | frozenset(keyword.softkwlist)

#: What a program of NumPy or JAX calls its own things.
ARRAYS = PYTHON | {
    "np", "jnp", "float", "dict", "state", "signals", "parameters", "condition", "PARAMETERS",
    "init", "forward", "step", "on_reward", "on_trial_start", "on_trial_end", "relu", "sigmoid",
    "spow", "exprel", "erf", "mod", "fill", "place", "bounded", "bias", "conditions", "n_post",
    "n_pre", "steps_back", "moved_on", "bool", "draw", "draws", "random", "keys", "jax",
}  # fmt: skip

#: What a module of SymPy calls its own things, and the functions that stay symbolic.
SYMPY = PYTHON | {
    "sp", "t", "EQUATIONS", "PARAMETERS", "relu", "clip", "sigmoid", "spow", "mod", "prev",
    "delay",
    "sum_pre", "sum_post", "max_pre", "max_post", "cumsum_post", "opposite",
    "uniform", "normal", "lognormal", "bernoulli",
}  # fmt: skip

#: C++, what its headers bring, and Cython, into which Brian 2 and NESTML translate.
C = frozenset({
    "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break",
    "case", "catch", "char", "char8_t", "char16_t", "char32_t", "class", "compl", "concept",
    "const", "const_cast", "consteval", "constexpr", "constinit", "continue", "co_await",
    "co_return", "co_yield", "decltype", "default", "delete", "do", "double", "dynamic_cast",
    "else", "enum", "explicit", "export", "extern", "false", "float", "for", "friend", "goto",
    "if", "inline", "int", "long", "mutable", "namespace", "new", "noexcept", "not", "not_eq",
    "nullptr", "operator", "or", "or_eq", "private", "protected", "public", "register",
    "reinterpret_cast", "requires", "return", "short", "signed", "sizeof", "static",
    "static_assert", "static_cast", "struct", "switch", "template", "this", "thread_local",
    "throw", "true", "try", "typedef", "typeid", "typename", "union", "unsigned", "using",
    "virtual", "void", "volatile", "wchar_t", "while", "xor", "xor_eq", "main", "std", "errno",
    "assert", "isnan", "isinf", "isfinite", "signbit", "linux", "unix", "stdin", "stdout",
    "stderr", "NULL", "NAN", "INFINITY", "HUGE_VAL", "EOF", "BUFSIZ", "RAND_MAX", "CHAR_BIT",
    "INT_MAX", "INT_MIN", "M_PI", "M_E", "abs", "ceil", "cos", "exp", "expm1", "fabs", "floor",
    "fmod", "log", "log10", "log1p", "pow", "sin", "sqrt", "tanh", "erf", "erfc", "round", "DEF",
    "IF", "ELIF", "ELSE", "api", "bint", "by", "cdef", "cimport", "cpdef", "ctypedef", "exec",
    "gil", "include", "nogil", "object", "print", "readonly",
    "complex", "floatcomplex", "doublecomplex", "size_t", "ssize_t", "ptrdiff_t", "int8_t",
    "int16_t", "int32_t", "int64_t", "uint8_t", "uint16_t", "uint32_t", "uint64_t", "intptr_t",
    "uintptr_t", "intmax_t", "uintmax_t", "Py_ssize_t", "Py_hash_t", "Py_tss_t", "Py_UCS4",
    "Py_UNICODE", "NPY_INFINITY", "npy_isinf",
})  # fmt: skip

#: Units with prefixes and powers; the endings of what is read from neurons and without units.
UNITS = re.compile(
    r"(da|[yzafpnumcdhkMGTPEZY])?(meter|metre|molar|gramme|gram|kilogramme|kilogram|mole?|candle"
    r"|amp|ampere|kelvin|second|radian|steradian|hertz|newton|pascal|joule|watt|coulomb|volt|farad"
    r"|ohm|siemens|weber|tesla|henry|lumen|lux|becquerel|gray|sievert|katal|liter|litre|celsius"
    r"|[VAFSM]|Hz|m|s)[23]?|.*_(pre|post)?|xi_.*"
)

#: Words of Brian 2, of its synapses, and of what is exported to it.
BRIAN2 = PYTHON | C | {
    "arccos", "arcsin", "arctan", "clip", "clock", "cosh", "sinh", "tan", "exprel", "poisson",
    "rand", "randn", "binomial", "sign", "timestep", "e", "inf", "pi", "xi", "t", "dt", "i", "j",
    "N", "t_in_timesteps", "N_incoming", "N_outgoing", "lastspike", "lastupdate", "refractory",
    "refractory_until", "not_refractory",
    # what Brian 2 keeps under these names at every Synapses
    "active", "add_attribute", "add_dependency", "add_to_magic_network", "after_run", "assign_id",
    "before_run", "calc_indices", "check_variable_write", "code_objects", "connect",
    "contained_objects", "custom_operation", "default_event", "delay", "delay_", "equations",
    "event_driven", "events",
    "get_states", "group", "id", "indices", "invalidates_magic_network", "method_choice",
    "method_options", "multisynaptic_index", "name", "namespace", "order", "queue",
    "register_variable", "resolve", "resolve_all", "run", "run_regularly", "runner", "runner_code",
    "set_states", "set_with_expression_conditional", "set_with_index_array", "source",
    "spike_queue", "state", "state_updater", "subexpression_updater", "summed_updaters",
    "synapses", "target", "unregister_variable",
    "update_abstract_code", "updaters", "verify_dependencies", "value", "variables",
    "variableview_get_subexpression_with_index_array", "variableview_get_with_expression",
    "variableview_set_with_expression", "variableview_set_with_expression_conditional", "weakref",
    "when", "codeobj_class", "dtype", "state_updater_constants",
    # what it calls the arguments of its templates, and what these call
    "self", "owner", "variable_indices", "scalar_code", "vector_code", "get_array_name",
    "codeobj_name", "constant_or_scalar", "access_data", "allows_scalar_write", "compiler_kwds",
    "iterate_all", "override_conditional_write", "template_name", "template_source",
    "template_kwds", "name_suffix", "autoindent", "range", "dict", "lipsum", "cycler", "joiner",
    # what the export calls its own things, and what it asks of the neurons
    "Synapses", "check_units", "implementation", "ms", "np", "math", "word_substitute",
    "get_identifiers", "PARAMETERS", "MODEL", "STEP", "NAMES", "KEPT", "condition",
    "reward", "renamed", "put", "seen", "on_reward", "on_trial_start", "on_trial_end",
    "choice", "quotient", "smaller", "larger", "signum", "signed_power", "whole", "modulo",
    "error_function", "w_eff", "bias", "trial_step", "t_trial", "made", "impulse_in",
    "impulse_out", "silence",
    "r", "u", "slope", "noise", "error", "drive", "drive_recurrent", "drive_input",
    "drive_feedback", "zeta", "R",
}  # fmt: skip

#: Words of NESTML, of the synapses and neurons that it writes, and of NEST.
NESTML = PYTHON | C | {
    "model", "state", "parameters", "internals", "update", "equations", "input", "output",
    "function", "elif", "step", "inline", "recordable", "kernel", "integer", "real", "string",
    "boolean", "true", "false", "print", "println", "onReceive", "onCondition", "spike", "ln",
    "continuous", "emit_spike", "steps", "resolution", "info", "warning", "timestep", "delta",
    "random_normal", "random_poisson", "random_uniform", "max", "min", "clip", "homogeneous",
    "integrate_odes", "convolve", "pre_spikes", "post_spikes", "d", "h", "g", "p", "e", "E", "t",
    "attribute", "buffer", "priority", "xor", "inf", "heterogeneous",
    # what every synapse of NEST has
    "weight", "delay", "receptor_type", "rport", "syn_id", "port", "target", "source", "model_id",
    "synapse_model", "dendritic_delay", "axonal_delay", "size_of", "has_delay", "is_plastic",
    "num_connections", "instantiations", "capacity", "element_type", "synapse_id", "lcid",
}  # fmt: skip


def taken_in_brian2(name: str) -> bool:
    """Whether a name means something in Brian 2, or may not be used there."""
    return name in BRIAN2 or UNITS.fullmatch(name) is not None


def taken_in_nestml(name: str) -> bool:
    """Whether a name means something in NESTML or NEST, or may not be used there."""
    return name in NESTML or UNITS.fullmatch(name) is not None
