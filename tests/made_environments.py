"""Environments in the style of neurogym and gymnasium, for trials that are sampled."""

import numpy as np


class Space:
    def __init__(self, n=None, shape=()):
        self.shape = shape
        if n is not None:
            self.n = n


class Sides:
    """In the style of neurogym: a cue to one side, a delay, the side."""

    dt, action_space = 20, Space(n=3)

    def seed(self, seed):
        self.rng = np.random.RandomState(seed)

    def new_trial(self):
        side, strength = int(self.rng.choice([1, 2])), self.rng.choice([0.5, 1.0])
        delay = self.delay()
        self.start_ind = {"fixation": 0, "cue": 0, "delay": 3, "decision": 3 + delay}
        self.end_ind = {"fixation": 0, "cue": 3, "delay": 3 + delay, "decision": 6 + delay}
        self.ob, self.gt = np.zeros((6 + delay, 2), np.float32), np.zeros(6 + delay, int)
        self.ob[:3, side - 1], self.gt[-3:] = strength, side
        return {"ground_truth": side, "strength": strength}

    def delay(self):
        return 4


class Waiting(Sides):
    def delay(self):
        return int(self.rng.randint(2, 5))


class Steps:
    """In the style of gymnasium: three steps with a cue and one with the answer, no fixation."""

    dt = 10.0

    def __init__(self, ends="terminated", told=True, count=2):
        self.ends, self.told, self.action_space = ends, told, Space(n=count)

    def reset(self, seed=None, options=None):
        if seed is not None:
            self.rng = np.random.default_rng(seed)
        return self.begin(), {}

    def begin(self):
        self.time, self.side = 0, int(self.rng.integers(self.action_space.n))
        return np.eye(self.action_space.n)[self.side]

    def step(self, action):
        self.time += 1
        info, over = {"gt": self.side} if self.told else {}, self.time == 4
        ob = (
            np.eye(self.action_space.n)[self.side]
            if self.time < 3
            else np.zeros(self.action_space.n)
        )
        if over and self.ends == "new_trial":
            ob = self.begin()
        info["new_trial"] = over and self.ends == "new_trial"
        return ob, 0.0, over and self.ends == "terminated", over and self.ends == "truncated", info
