"""Which projections to the neurons are plastic, and by which rules."""

from __future__ import annotations

from pydantic import Field, model_validator

from rulegen.circuits import Projection
from rulegen.circuits.network import WEIGHTS_OF
from rulegen.grammar import Rule, parse
from rulegen.grammar.algebra.symbols import Driving
from rulegen.ground.digests import inputs_digest
from rulegen.ground.settings import Settings
from rulegen.lives.foreign import valued


class Projections(Settings):
    """The studied rule lives on one projection; others may have rules of their own, or none.

    Such a *companion* is a rule like any other, but its parameters are fixed. In both

    - `pre` is what the projection transmits in a step: rates of the step before for `recurrent`,
      the stimulus for `input`, and the outputs of the step before for `feedback` and `errors`;
    - `w` are its weights, of shape (N, N), (N, channels) or (N, outputs), and `N_pre` is the number
      of its sources;
    - everything else, such as `post`, `u`, `xi` and `R`, is that of the neurons.

    Attributes:
        studied: the projection on which the rule lives that is fitted, simulated or compared.
        recurrent, input, feedback, errors: text of a companion; "" for weights that stay as they
            are. Those of `errors` send the errors of outputs to the neurons.

    Raises:
        RuleError: when a text is no rule.

    Example:
        >>> both = Projections(input="on reward: w += 0.01*R*pre*post")
        >>> both.studied, list(both.companions)
        ('recurrent', ['input'])
    """

    studied: Driving = "recurrent"
    recurrent: str = ""
    input: str = ""
    feedback: str = ""
    errors: str = Field("", exclude_if=lambda text: not text)

    @model_validator(mode="after")
    def _check_one_rule_each(self) -> Projections:
        if getattr(self, self.studied):
            raise ValueError(
                f"{self.studied}: the studied rule lives on this projection: delete its companion, "
                "or name another projection in `studied`"
            )
        return self

    @model_validator(mode="after")
    def _check_parameters(self) -> Projections:
        rules = self.companions
        for name, rule in rules.items():
            for parameter in rule.parameters:
                if parameter.free:
                    raise ValueError(
                        f"{name}: the parameter `{parameter.name}` is free, but only those of the "
                        "studied rule are fitted: delete `free`"
                    )
                if parameter.value is None:
                    raise ValueError(
                        f"{name}: the parameter `{parameter.name}` has no value: "
                        + valued(parameter.name, rules)
                    )
        return self

    @property
    def identity(self) -> str:
        """16 hexadecimal digits of all that lives depend on: not of how a companion is spelt."""
        rules = {name: rule.text() for name, rule in self.companions.items()}
        return inputs_digest([self.studied, rules])

    @property
    def companions(self) -> dict[Projection, Rule]:
        """The rules of the other plastic projections."""
        return {name: parse(text) for name in WEIGHTS_OF if (text := getattr(self, name))}
