"""Estimators of the meta-gradient d E[return] / d theta behind one interface."""

from typing import Annotated

from pydantic import Field

from rulegen.estimators.base import Estimator as Estimator
from rulegen.estimators.base import MetaGradient as MetaGradient
from rulegen.estimators.evosax import Evosax as Evosax
from rulegen.estimators.pathwise import Pathwise as Pathwise
from rulegen.estimators.pgpe import Pgpe as Pgpe
from rulegen.estimators.score import Score as Score

#: Any of the estimators, told apart by `name`.
AnyEstimator = Annotated[Score | Pgpe | Pathwise | Evosax, Field(discriminator="name")]
