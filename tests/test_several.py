"""Several devices and several processes give what one gives."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rulegen.grammar import ConfigError
from rulegen.ground import hosts

PROGRAM = Path(__file__).parent / "several" / "process.py"


def start(place, out, devices=1):
    """A process with this many CPU devices; `out` must be in a folder of the run's own."""
    environment = {**os.environ, "JAX_NUM_CPU_DEVICES": str(devices)}
    command = [sys.executable, str(PROGRAM), place, str(out)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def finish(*processes):
    for process in processes:
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def say(path):
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What one device, four devices and two processes with two devices each have to say."""
    one, four, two = (tmp_path_factory.mktemp(name) for name in ("one", "four", "two"))
    finish(start("-", one / "0.json"), start("-", four / "0.json", devices=4))
    address = f"127.0.0.1:{free_port()}"
    finish(*(start(f"{i}/2@{address}", two / f"{i}.json", devices=2) for i in range(2)))
    both = [say(two / f"{i}.json") for i in range(2)]
    history = (two / "history.jsonl").read_text()
    return say(one / "0.json"), say(four / "0.json"), both, history


def same(found, expected):
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-5, atol=1e-9, err_msg=name)


def test_four_devices_give_the_gradients_of_one(said):
    one, four, _, _ = said
    assert (one["devices"], four["devices"]) == (1, 4)
    assert np.abs(one["gradients"]["score"]).min() > 1e-4
    same(four["gradients"], one["gradients"])


def test_two_processes_give_the_gradients_of_one(said):
    one, _, both, _ = said
    for process in both:
        assert (process["processes"], process["devices"]) == (2, 2)
        same(process["gradients"], one["gradients"])


def test_two_processes_agree_bit_for_bit(said):
    _, _, (first, second), _ = said
    assert first["gradients"] == second["gradients"]
    assert first["gathered"] == second["gathered"] == [0, 1, 2, 3, 4]
    assert (first["share"], second["share"]) == ([0, 1, 2], [3, 4, 4])


def test_the_first_process_writes_and_all_know(said):
    one, _, both, history = said
    for process in both:
        assert process["recalled"] == one["recalled"]
        assert process["computed"] == [0, 1, 2]
    assert len(history.splitlines()) == 4


def test_an_error_of_the_first_process_comes_to_all(said):
    _, _, both, _ = said
    assert all("another configuration" in process["refused"] for process in both)


BAD_PLACES = ["2/2@x:1", "0/2@x", "0/2", "here", "0/0@x:1", ""]
BAD_PLACES += ["0/1@localhost:99999999", "0/1@localhost:65536", "0/1@x:0", f"0/{'9' * 5000}@x:1"]


@pytest.mark.parametrize("place", BAD_PLACES, ids=lambda place: place[:30])
def test_places_that_are_none(place):
    with pytest.raises(ConfigError, match="INDEX/COUNT@ADDRESS:PORT"):
        hosts.join(place)


def test_a_first_process_that_does_not_answer(monkeypatch):
    monkeypatch.setattr(hosts, "PATIENCE", 0.5)
    with pytest.raises(ConfigError, match="no first process answers"):
        hosts.join(f"1/2@127.0.0.1:{free_port()}")
