"""What Linux alone has is not needed."""

import os
import resource
import subprocess
import sys

from rulegen.ground.machine import cores, peak_mb


def test_cores_where_the_system_does_not_say_which(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {1, 4}, raising=False)
    assert cores() == 2
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert cores() == 7
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1


def test_memory_in_the_units_of_the_system(monkeypatch):
    usage = type("Usage", (), {"ru_maxrss": 300 << 20})
    monkeypatch.setattr(resource, "getrusage", lambda who: usage)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert peak_mb() == 300.0
    usage.ru_maxrss = 300 << 10
    monkeypatch.setattr(sys, "platform", "linux")
    assert peak_mb() == 300.0


def test_lives_run_without_what_linux_alone_has():
    code = (
        "import os, sys\nvars(os).pop('sched_getaffinity', None)\n"
        "sys.argv = ['rulegen', 'simulate', 'hebb', '--trials', '20', '--lives', '4']\n"
        "from rulegen.commands.cli import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "reward over the last quarter" in done.stdout
