"""Why learning works: derivatives by machine, the shape of a loss, step sizes and signal sizes."""

from course_lib.mathematics.autodiff import Tensor
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
    "LayerNorm",
    "Schedule",
    "StepDecay",
    "Tensor",
    "WarmupCosine",
]
