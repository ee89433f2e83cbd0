"""Lives of which one knows what the circuit answered, trial by trial."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from rulegen.ground.progress import Tick
from rulegen.lives.batch import Answered, Batch
from rulegen.lives.many import Lives
from rulegen.lives.trial import TrialRun
from rulegen.tasks.trials import Trial

Array = jax.Array


class AnsweredTrial(TrialRun):
    """A trial that leaves behind its choice, the one that was wanted, and its mean outputs."""

    def left(self, trial: Trial, outputs: Array, score: Array) -> Array:
        """See `TrialRun.left`; shape (2 + outputs,).

        Answers are counted from 1, since a diverged life leaves 0 behind.
        """
        choice = self.task.choice(trial, self.task.effect(trial, outputs))
        wanted = self.task.choice(trial, trial.target)
        both = (1 + jnp.stack([choice, wanted])).astype(outputs.dtype)
        return jnp.concatenate([both, trial.weight @ outputs])


class AnsweredLives(Lives):
    """Lives whose batches have `answers`."""

    runs = AnsweredTrial

    def run(
        self,
        values: np.ndarray,
        key: jax.Array,
        count: int,
        *,
        numbers: np.ndarray | None = None,
        tick: Tick | None = None,
    ) -> Batch:
        """See `Lives.run`."""
        batch = super().run(values, key, count, numbers=numbers, tick=tick)
        choices, wanted = np.moveaxis(batch.scores[..., :2], -1, 0).astype(int) - 1
        answers = Answered(choices, wanted, batch.scores[..., 2:])
        return batch._replace(scores=batch.scores[..., :0], answers=answers)
