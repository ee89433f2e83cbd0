"""Sweeps: one configuration many times, with other rules, tasks, sizes and seeds."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import tomli_w

from rulegen.catalog.records.files import write_whole
from rulegen.grammar import ConfigError, RunError
from rulegen.grammar.reading.files import LARGEST_FILE, read_own
from rulegen.ground.extras import extra
from rulegen.ground.journal import take
from rulegen.ground.progress import Progress, Report, silent
from rulegen.runs.combination import ENDED, Finished, check_shared, on_worker
from rulegen.runs.sweep_config import Combination, Sweep

#: Seconds after which a scheduler that does not answer is given up.
PATIENCE = 15


def sweep(
    what: Sweep,
    folder: Path | str,
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    report: Report = silent,
) -> pd.DataFrame:
    """Run all combinations that have no result yet.

    Results are written to `folder/results`, each whole and as soon as it is there; run directories
    are in `folder/runs`. A combination that fails is a row with a reason, and is tried again
    the next time.

    Args:
        what: from `load_sweep`.
        folder: where the sweep lives.
        scheduler: address of a dask scheduler; None starts a cluster on this machine.
        workers: of that cluster; None means one for each core.
        report: told of finished combinations.

    Returns:
        the table of `results_table`, also written as `results.csv`.

    Raises:
        ConfigError: when the folder cannot be used, or the scheduler not be reached.
        RunError: when another process sweeps into the folder, or every combination fails.
    """
    for combination in what.combinations:
        if combination.config is not None:
            check_shared(combination.config)
    folder = Path(folder).absolute()
    lock = claim(folder)
    with closing(lock):
        data = {"sweep": what.config.model_dump(mode="json"), "base": what.base}
        write_whole(folder / "sweep.toml", tomli_w.dumps(data, multiline_strings=True))
        before = {c.name: finished(folder, c, what.config.job) for c in what.combinations}
        found = {name: result for name, result in before.items() if result}
        rest = [c for c in what.combinations if c.name not in found]
        done, total = len(found), len(what.combinations)
        report(Progress("sweep", done, total, f"{done} of {total} were finished" if done else ""))
        for combination in [c for c in rest if c.config is None]:
            found[combination.name] = {"ok": False, "reason": combination.reason}
        rest = [c for c in rest if c.config is not None]
        if rest:
            with connect(scheduler, min(workers or os.cpu_count() or 1, len(rest))) as client:
                for name, result in results(client, rest, what.config.job, folder):
                    store(folder, name, result)
                    found[name] = result
                    said = "done" if result["ok"] else "failed"
                    report(Progress("sweep", len(found), total, f"{name} {said}"))
        table = results_table(what.combinations, found)
        write_whole(folder / "results.csv", table.to_csv(index=False))
    if not table["ok"].any():
        raise RunError(f"every combination failed, the first because: {table['reason'][0]}")
    return table


def claim(folder: Path) -> Any:
    """Take hold of the folder of a sweep, made now or found again.

    Raises:
        ConfigError: when it cannot be written, or holds something else.
        RunError: when another process has it.
    """
    lock = folder / "sweep.lock"
    try:
        if folder.is_dir() and any(folder.iterdir()) and not lock.exists():
            raise ConfigError(f"{folder} is not empty; choose another --out")
        (folder / "results").mkdir(parents=True, exist_ok=True)
        return take(lock)
    except OSError as error:
        raise ConfigError(
            f"cannot write into {folder}: {error.strerror}; choose another --out"
        ) from None


def store(folder: Path, name: str, result: Mapping[str, Any]) -> None:
    """Write the result of a combination, whole.

    Raises:
        RunError: when it does not fit on the disk; other results are kept.
    """
    try:
        write_whole(folder / "results" / f"{name}.json", json.dumps(result, indent=2) + "\n")
    except OSError as error:
        raise RunError(
            f"cannot write into {folder}: {error.strerror}; what is in it is kept: free some space "
            "and run again"
        ) from error


def finished(folder: Path, combination: Combination, job: str) -> dict[str, Any] | None:
    """The result of a combination with which an earlier run of the sweep has finished this job."""
    try:
        content = read_own(folder / "results" / f"{combination.name}.json", LARGEST_FILE)
        result: dict[str, Any] = json.loads(content)
        stored = Finished.model_validate(result)
    # None, half of one, or another file in its place: it is computed anew.
    except (ConfigError, ValueError, RecursionError):
        return None
    if combination.config is None:
        return None
    same = stored.identity == combination.config.identity and stored.job == job
    return result if same else None


@contextmanager
def connect(scheduler: str | None, workers: int) -> Iterator[Any]:
    """A client of the scheduler at this address, or of a cluster of our own on this machine.

    Raises:
        ConfigError: when dask is not installed, or the scheduler does not answer.
    """
    distributed = extra("distributed", "sweep")
    if scheduler is None:
        with (
            distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",  # any port: others may sweep beside this
                memory_limit=0,
                silence_logs=logging.ERROR,
                env={"JAX_NUM_CPU_DEVICES": str(max(1, (os.cpu_count() or 1) // workers))},
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client
        return
    try:
        client = distributed.Client(scheduler, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"--scheduler {scheduler}: no dask scheduler answers there ({error}); start one with "
            "`dask scheduler`, or leave the option out for a cluster on this machine"
        ) from None
    with client:
        yield client


def results(
    client: Any, rest: Sequence[Combination], job: str, folder: Path
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Run combinations on the cluster; each result as soon as it is there."""
    distributed = extra("distributed", "sweep")
    futures = {}
    for combination in rest:
        assert combination.config is not None
        text, identity = combination.config.model_dump_json(), combination.config.identity
        place = str(folder / "runs" / combination.name)
        future = client.submit(on_worker, text, identity, job, place, pure=False)
        futures[future] = combination
    for future in distributed.as_completed(futures):
        combination = futures[future]
        assert combination.config is not None
        try:
            result = future.result()
        except Exception as error:  # whatever went wrong there must not end the sweep here
            result = {"ok": False, "reason": f"{type(error).__name__}: {error}"}
        yield combination.name, result | {"identity": combination.config.identity, "job": job}


def results_table(
    combinations: Sequence[Combination], found: Mapping[str, Mapping[str, Any]]
) -> pd.DataFrame:
    """One row for each combination.

    Columns: `combination`, one for each axis, `ok`, `reward` with `low` and `high` on held-out
    lives, `gain` over the start with `gain_low` and `gain_high` (paired), numbers of lives that
    ended `diverged`, `saturated` and `silent`, those of the start as `start_diverged` and so on,
    `terms`, `gradients` of single lives and `nonfinite`, those that were left out, `seconds`,
    `reason`.
    """
    return pd.DataFrame([row_of(c, found[c.name]) for c in combinations])


def row_of(combination: Combination, result: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a combination; see `results_table`."""
    row: dict[str, Any] = {"combination": combination.name} | combination.labels
    row["ok"] = result["ok"]
    if result["ok"]:
        reward, gain = result["reward"], result["gain"]
        row |= {"reward": reward["mean"], "low": reward["low"], "high": reward["high"]}
        row |= {"gain": gain["mean"], "gain_low": gain["low"], "gain_high": gain["high"]}
        row |= {name: result[name] for name in ENDED}
        row |= {"terms": "; ".join(result["terms"])}
        row |= {name: result[name] for name in ("gradients", "nonfinite", "seconds")}
    return row | {"reason": result.get("reason", "")}
