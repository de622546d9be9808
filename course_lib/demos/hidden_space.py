"""Demo of the chapter on expressiveness: a hidden layer of two neurons bends the plane of XOR.

Equation of the hidden space: ``h = f(x @ W + b)``, where all weights are 1.
"""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from course_lib._checks import Array
from course_lib.architecture import Activation, ReLU, Sigmoid
from course_lib.plotting import style
from course_lib.plotting.boundary import plot_decision_boundary
from course_lib.plotting.decision import plot_decision_line, plot_points

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR = np.array([0, 1, 1, 0])
ACTIVATIONS: Mapping[str, tuple[Activation | None, tuple[float, float]]] = {
    "none": (None, (-1.9, 3.3)),
    "ReLU": (ReLU(), (-1.0, 2.8)),
    "sigmoid": (Sigmoid(), (0.05, 1.02)),
}
"""What the hidden neurons apply, and the range that a figure shows."""


def _hidden(x: Array, activation: str, first_bias: float, second_bias: float) -> Array:
    """Return both hidden neurons' answers; all their weights are 1."""
    z = x @ np.ones((2, 2)) + np.array([first_bias, second_bias])  # (N, 2)
    f = ACTIVATIONS[activation][0]
    return z if f is None else f.forward(z)


def output_neuron(A: Array, B: Array, C: Array) -> tuple[Array, float] | None:
    """Find W and b of a neuron that fires at the point B, but neither at A nor at C.

    B must lie between A and C in each coordinate, as the answers of monotone neurons do. Then no
    line parts B from A and C exactly if B lies on the line from A to C, and the result is None.

    Examples
    --------
    >>> output_neuron(np.array([0.0, 0.0]), np.array([1.0, 0.0]), np.array([2.0, 1.0]))
    (array([ 1., -2.]), -0.5)
    """
    across = np.array([(C - A)[1], -(C - A)[0]])  # at a right angle to the line from A to C
    height = float(across @ (B - A))
    if abs(height) < 1e-9:
        return None
    W: Array = across * np.sign(height)
    return W, -float(W @ (A + B)) / 2  # the border runs half-way


def draw_hidden_space(activation: str, first_bias: float, second_bias: float) -> Figure:
    """Draw XOR before and after a hidden layer of two neurons, and the line that solves it.

    Parameters
    ----------
    activation : str
        A key of `ACTIVATIONS`.
    first_bias, second_bias : float
        Of both hidden neurons, whose weights are all 1.

    Examples
    --------
    >>> len(draw_hidden_space("ReLU", 0.0, -1.0).axes)
    2
    """
    A, B, _, C = _hidden(CORNERS, activation, first_bias, second_bias)
    neuron = output_neuron(A, B, C)
    figure = style.figure(7.2, 3.8)
    left, right = figure.subplots(1, 2)

    def answer(x: Array) -> NDArray[np.int64]:
        W, b = (np.zeros(2), 0.0) if neuron is None else neuron
        h = _hidden(x, activation, first_bias, second_bias)
        return (h @ W + b > 0).astype(np.int64)

    if neuron is not None:
        plot_decision_boundary(left, answer, xlim=(-0.3, 1.3), ylim=(-0.3, 1.3), resolution=120)
    plot_points(left, CORNERS, XOR, size=90)
    left.set(xlim=(-0.3, 1.3), ylim=(-0.3, 1.3), xlabel="$x_1$", ylabel="$x_2$", title="inputs")

    limits = ACTIVATIONS[activation][1]
    right.set(xlim=limits, ylim=limits, xlabel="$h_1$", ylabel="$h_2$")
    diagonal = np.linspace(-0.3, 1.3, 161)
    path = _hidden(np.stack([diagonal, diagonal], axis=1), activation, first_bias, second_bias)
    right.plot(*path.T, color=style.MUTED, zorder=2)
    plot_points(right, np.array([A, B, C]), [0, 1, 0], size=90)
    if neuron is not None:
        plot_decision_line(right, *neuron)
    right.set_title("hidden space: " + ("not separable" if neuron is None else "separable"))
    # Each name stands on its point's side of the line, and on its own line where points coincide.
    below = neuron is None or neuron[0][1] < 0
    for i, (name, point) in enumerate({"00": A, "01 = 10": B, "11": C}.items()):
        down = 29 if i == 1 and np.allclose(A, B) else 14
        low = below if i == 1 or neuron is None else not below
        place, ha = ((9, -down), "left") if low else ((-9, 8), "right")
        right.annotate(name, point, place, textcoords="offset points", ha=ha)
    return figure


def describe_hidden_space(activation: str, first_bias: float, second_bias: float) -> str:
    """Say in words what `draw_hidden_space` shows.

    Examples
    --------
    >>> describe_hidden_space("ReLU", 0.0, -1.0)
    'In hidden space 00 lies at (0, 0), 01 and 10 at (1, 0), 11 at (2, 1). A line parts 01 and 10
    from the others.'
    """
    A, B, _, C = _hidden(CORNERS, activation, first_bias, second_bias)
    at = [f"({point[0]:.3g}, {point[1]:.3g})" for point in (A, B, C)]
    where = f"In hidden space 00 lies at {at[0]}, 01 and 10 at {at[1]}, 11 at {at[2]}."
    if output_neuron(A, B, C) is not None:
        return f"{where} A line parts 01 and 10 from the others."
    return f"{where} All three lie on one line, so none parts 01 and 10 from the others."
