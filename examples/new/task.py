"""A task of your own. What stands here is one to change: hold an output while a tone is on."""

import rulegen as rg


class Mine(rg.Task):
    """A silence, then a tone during which the output must be `level`.

    Attributes:
        level: the output that is right. Every attribute with a type is a setting.
    """

    name: str = "mine"
    level: float = 0.6

    @property
    def conditions(self) -> int:
        """How many kinds of trials there are; rules may read which one it is."""
        return 1

    @property
    def channels(self) -> int:
        """How many inputs the circuit has."""
        return 1

    @property
    def periods(self) -> dict[str, float]:
        """The parts of a trial, in ms."""
        return {"silence": 20.0, "tone": 40.0}

    @property
    def chance(self) -> float:
        """The reward of the best answer that ignores the stimulus."""
        return self.blind([self.level])

    def trial(self, stream, condition, dt):
        """One trial of time steps of `dt` ms: what the circuit sees and what it must answer.

        `condition` is a traced integer: compute with it, but do not branch on it.
        """
        tone = self.window("tone", dt)  # 1 during the tone, else 0, for each step
        return rg.Trial(
            stimulus=tone[:, None],
            target=self.level * tone[:, None],
            weight=tone / tone.sum(),  # how much each step counts
        )
