"""A task of one's own: hold an output while a tone is on."""

import rulegen as rg


class Tone(rg.Task):
    """A silence, then a tone during which the output must be `level`."""

    name: str = "tone"
    level: float = 0.8
    conditions = property(lambda self: 1)
    channels = property(lambda self: 1)
    periods = property(lambda self: {"silence": 20.0, "tone": 40.0})

    def chance(self, dt):
        return self.blind([self.level])

    def trial(self, stream, condition, dt):
        tone = self.window("tone", dt)
        return rg.Trial(tone[:, None], self.level * tone[:, None], tone / tone.sum())


RULE = """e <- e + 0.2*xi*pre : synapse
on trial start: e <- 0
on reward: w += clip((R - R_bar[condition])*e, -0.05, 0.05)
"""
world = rg.World(circuit=rg.RateCircuit(neurons=32), task=Tone(level=0.6))
bench = rg.Bench(world, rg.parse(RULE))
rewards = bench.run(bench.values, rg.key(0), 64).rewards
print(*(rg.estimate(part.mean(axis=1)) for part in (rewards[:, :12], rewards[:, -40:])))
