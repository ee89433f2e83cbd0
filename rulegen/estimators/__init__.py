"""Estimators of the meta-gradient d E[return] / d theta behind one interface."""

from typing import Annotated

from pydantic import BeforeValidator, SerializeAsAny

from rulegen.catalog import parts
from rulegen.estimators.base import Estimator as Estimator
from rulegen.estimators.base import MetaGradient as MetaGradient
from rulegen.estimators.evosax import Evosax as Evosax
from rulegen.estimators.pathwise import Pathwise as Pathwise
from rulegen.estimators.pgpe import Pgpe as Pgpe
from rulegen.estimators.score import Score as Score
from rulegen.ground.parts import reader

for _estimator in (Score, Pgpe, Pathwise, Evosax):
    parts.add(_estimator, parts.BUNDLED)

#: Settings of an estimator, told apart by `name`, or an estimator itself.
AnyEstimator = Annotated[SerializeAsAny[Estimator], BeforeValidator(reader("estimator"))]
