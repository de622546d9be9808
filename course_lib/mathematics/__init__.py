"""Why learning works: derivatives by machine, the shape of a loss, step sizes and signal sizes."""

from course_lib.mathematics.autodiff import Tensor
from course_lib.mathematics.descent import descend
from course_lib.mathematics.landscapes import Landscape, Quadratic, Rosenbrock, quadratic
from course_lib.mathematics.normalization import BatchNorm, LayerNorm
from course_lib.mathematics.schedules import (
    ConstantRate,
    Cosine,
    Schedule,
    StepDecay,
    WarmupCosine,
)

__all__ = [
    "BatchNorm",
    "ConstantRate",
    "Cosine",
    "Landscape",
    "LayerNorm",
    "Quadratic",
    "Rosenbrock",
    "Schedule",
    "StepDecay",
    "Tensor",
    "WarmupCosine",
    "descend",
    "quadratic",
]
