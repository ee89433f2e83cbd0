"""A film of circuits in a trial, where their targets move."""

import io

import numpy as np
from PIL import Image, ImageChops

from rulegen.analysis import films
from rulegen.analysis.films import limits
from rulegen.analysis.studies import save_study, study
from rulegen.circuits import RateCircuit
from rulegen.grammar import parse
from rulegen.lives.life import LifeSettings
from rulegen.lives.world import World
from rulegen.tasks import DelayedAssociation, TrajectoryRecall

RULE = "e <- e + xi*pre : synapse\non reward: w += 0.1*(R - R_bar[condition])*e"


def world(task):
    return World(circuit=RateCircuit(neurons=6), task=task, life=LifeSettings(trials=4, warmup=2))


def test_a_study_of_moving_targets_has_a_film(tmp_path, monkeypatch):
    monkeypatch.setattr(films, "FRAMES", 4)
    task = TrajectoryRecall(cues=2, cue=20, delay=20, recall=80)
    found = study(world(task), {"a": parse(RULE)}, lives=2, repeats=2)
    save_study(found, tmp_path)
    assert "(film.gif)" in (tmp_path / "index.md").read_text()
    shown = Image.open(io.BytesIO((tmp_path / "film.gif").read_bytes()))
    assert shown.format == "GIF"
    assert shown.n_frames >= 4
    first = shown.convert("RGB")
    shown.seek(3)
    assert ImageChops.difference(first, shown.convert("RGB")).getbbox()


def test_targets_that_stand_still_have_none(tmp_path):
    found = study(world(DelayedAssociation()), {"a": parse(RULE)}, lives=2, repeats=2)
    assert found.films == {}


def test_limits_hold_all_values():
    assert limits(np.array([0.0, 1.0])) == (-0.08, 1.08)
    assert limits(np.zeros(3)) == (-1.0, 1.0)
