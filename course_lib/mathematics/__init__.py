"""Why learning works: derivatives by machine, the shape of a loss, step sizes and signal sizes."""

from course_lib.mathematics.autodiff import Tensor

__all__ = ["Tensor"]
