"""How a network learns: losses, data, gradients, optimizers and the loop that joins them."""

from course_lib.training.gradcheck import check_gradients, numerical_gradient, relative_error

__all__ = ["check_gradients", "numerical_gradient", "relative_error"]
