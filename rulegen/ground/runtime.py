"""How JAX is set up for a program that runs lives: all cores, and compiled programs kept."""

from __future__ import annotations

import os
import warnings
from importlib.util import find_spec
from pathlib import Path

import jax

from rulegen.grammar import ConfigError
from rulegen.ground.machine import cores

#: Where Linux has the first card of NVIDIA.
CARD = Path("/dev/nvidia0")
#: Versions of CUDA for which JAX has packages.
CUDA = (12, 13)
#: By what JAX is told which devices to take.
SETTINGS = ("JAX_PLATFORMS", "JAX_NUM_CPU_DEVICES", "XLA_FLAGS", "CUDA_VISIBLE_DEVICES")


def unused_card() -> str:
    """What to do where the machine has an NVIDIA card and JAX has nothing to run on it; else "".

    It asks which packages are installed, and so JAX can still be set up.

    Example:
        >>> isinstance(unused_card(), str)
        True
    """
    plugged = any(find_spec(f"jax_cuda{version}_plugin") for version in CUDA)
    if plugged or os.environ.get("JAX_PLATFORMS") == "cpu" or not CARD.exists():
        return ""
    return "this machine has an NVIDIA card that JAX cannot use: pip install 'rulegen[cuda]'"


def check_devices() -> None:
    """See that JAX finds the devices that its settings ask for.

    Raises:
        ConfigError: when it does not, which JAX says in many words or in none.

    Example:
        >>> check_devices()
    """
    try:
        jax.devices()
    except Exception as error:
        asked = [f"{name}={os.environ[name]}" for name in SETTINGS if name in os.environ]
        why = str(error).strip().partition("\n")[0] or type(error).__name__
        told = f"{' '.join(asked) or 'JAX'}: JAX finds no such devices ({why[:200]})"
        remedy = "unset it, or pip install 'rulegen[cuda]' where there is an NVIDIA card"
        raise ConfigError(f"{told}; {remedy}") from None


def use_all_cores() -> None:
    """Make every CPU core a device of its own, so that lives run on all of them.

    Left to itself, JAX sees one CPU device and splits single operations among its cores, which are
    too small for that. Results do not depend on the number of devices. Call it before the first
    computation; later it changes nothing. `JAX_NUM_CPU_DEVICES` takes precedence.

    Example:
        >>> use_all_cores()
    """
    if "JAX_NUM_CPU_DEVICES" not in os.environ:
        try:
            jax.config.update("jax_num_cpu_devices", cores())
        except RuntimeError:  # JAX is in use already
            return


def keep_compiled_programs() -> None:
    """Keep compiled programs in the user's cache folder, where the next process finds them.

    `JAX_COMPILATION_CACHE_DIR` takes precedence.

    Example:
        >>> keep_compiled_programs()
    """
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        jax.config.update("jax_compilation_cache_dir", str(cache / "rulegen"))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.3)
        # What a killed process left half-written is compiled anew, which nobody needs to know.
        warnings.filterwarnings("ignore", message="Error (reading|writing) persistent compilation")
