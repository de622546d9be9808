import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

from course_lib.demos import expressiveness as demos
from course_lib.demos import hidden_space

BIASES = [-1.5, -1.0, -0.5, 0.0, 0.5]


def _separable(x, y):
    """Ask linear programming for a W and b with ``s (x @ W + b) ≥ 1``: they exist or they don't."""
    s = np.where(y == 1, 1.0, -1.0)[:, None]
    constraints = -s * np.column_stack([x, np.ones(len(x))])
    found = linprog(np.zeros(3), constraints, -np.ones(len(x)), bounds=(None, None))
    return found.status == 0


@pytest.mark.parametrize("activation", hidden_space.ACTIVATIONS)
def test_the_description_says_whether_any_line_parts_the_hidden_points(activation):
    f, _ = hidden_space.ACTIVATIONS[activation]
    for biases in itertools.product(BIASES, repeat=2):
        z = hidden_space.CORNERS.sum(axis=1, keepdims=True) + biases
        h = z if f is None else f.forward(z)
        said = hidden_space.describe_hidden_space(activation, *biases)
        assert ("A line parts" in said) == _separable(h, hidden_space.XOR), (activation, biases)


@pytest.mark.parametrize("activation", ["ReLU", "sigmoid"])
def test_the_output_neuron_that_is_drawn_solves_xor(activation):
    f, _ = hidden_space.ACTIVATIONS[activation]
    solved = 0
    for biases in itertools.product(BIASES, repeat=2):
        h = f.forward(hidden_space.CORNERS.sum(axis=1, keepdims=True) + biases)
        neuron = hidden_space.output_neuron(h[0], h[1], h[3])
        if neuron is not None:
            W, b = neuron
            assert np.array_equal(h @ W + b > 0, hidden_space.XOR == 1)
            solved += 1
    assert solved > 10


def test_frames_have_one_size():
    spaces = [("none", 0.0, 0.5), ("ReLU", 0.0, -1.0), ("ReLU", -1.0, -1.5), ("sigmoid", -1.5, 0.5)]
    fits = [
        ("sine", 1, demos.WRITTEN),
        ("corner", 2, demos.TRAINED),
        ("square root", 24, "trained"),
    ]
    for draw, choices in ((hidden_space.draw_hidden_space, spaces), (demos.draw_fit, fits)):
        assert len({tuple(draw(*choice).get_size_inches()) for choice in choices}) == 1


@pytest.mark.parametrize("weights", [demos.WRITTEN, demos.TRAINED])
def test_title_and_description_tell_the_error_of_the_network_that_is_drawn(weights):
    figure = demos.draw_fit("sine", 3, weights)
    curve, network = figure.axes[0].lines[:2]
    error = f"{np.abs(curve.get_ydata() - network.get_ydata()).max():.3f}"
    assert figure.axes[0].get_title(loc="left").endswith(error)
    assert demos.describe_fit("sine", 3, weights).endswith(f"{error}.")


@pytest.mark.parametrize("weights", [demos.WRITTEN, demos.TRAINED])
def test_the_hinges_that_are_drawn_add_up_to_the_network(weights):
    figure = demos.draw_fit("sine", 3, weights)
    network = figure.axes[0].lines[1].get_ydata()
    total = np.sum([line.get_ydata() for line in figure.axes[1].lines], axis=0)
    rest = network - total  # the bias of the output
    assert np.ptp(rest) < 1e-12


def test_training_misses_the_corner_that_two_hinges_draw():
    """The chapter says so; should training become better, its text must change."""
    assert demos.largest_error("corner", 2, demos.WRITTEN) == 0
    assert demos.largest_error("corner", 2, demos.TRAINED) > 0.4
    assert demos.largest_error("sine", 6, demos.TRAINED) < demos.largest_error(
        "sine", 6, "written down"
    )
    assert demos.largest_error("sine", 16, demos.TRAINED) > demos.largest_error(
        "sine", 16, "written down"
    )
