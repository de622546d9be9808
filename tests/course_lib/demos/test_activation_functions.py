"""The demos of the chapter on activation functions draw what they say, always at one size."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import Dense, LeakyReLU, ReLU, Sequential, softmax
from course_lib.demos import activation_functions as demos

SLOPES = {
    "sigmoid": lambda z: 1 / (2 + np.exp(z) + np.exp(-z)),
    "tanh": lambda z: 1 / np.cosh(z) ** 2,
    "ReLU": lambda z: float(z > 0),
    "leaky ReLU": lambda z: 1.0 if z > 0 else 0.1,
}


def numbers(text):
    return [float(n) for n in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text.rstrip("."))]


def test_slopes_are_drawn_at_one_size_with_the_point_on_the_curve():
    sizes = set()
    for activation in demos.ACTIVATIONS:
        for z in (-6.0, 0.0, 2.0):
            figure = demos.draw_slope(activation, z)
            sizes.add(tuple(figure.get_size_inches()))
            left, middle, right = figure.axes
            slope = SLOPES[activation](z)
            tangent = left.lines[1]
            x, y = tangent.get_xdata(), tangent.get_ydata()
            assert (y[-1] - y[0]) / (x[-1] - x[0]) == pytest.approx(slope, abs=1e-12)
            (point,) = (line for line in middle.lines if len(line.get_xdata()) == 1)
            assert [point.get_xdata()[0], point.get_ydata()[0]] == pytest.approx([z, slope])
            heights = [bar.get_height() for bar in right.patches]
            assert heights == pytest.approx([slope**k for k in range(1, 7)])
    assert len(sizes) == 1


def test_a_jump_of_the_derivative_is_a_gap():
    curve = demos.draw_slope("ReLU", 1.0).axes[1].lines[0].get_ydata()
    assert np.isnan(curve).sum() == 1


@given(st.sampled_from(sorted(SLOPES)), st.floats(-6, 6).map(lambda z: round(z, 1)))
def test_the_description_of_a_slope_gives_its_numbers(activation, z):
    text = demos.describe_slope(activation, z)
    slope = SLOPES[activation](z)
    said = numbers(text)
    assert said[0] == pytest.approx(z)
    assert said[2] == pytest.approx(slope, rel=6e-3)
    if slope == 0:
        assert "nothing of 1" in text
    elif slope == 1:
        assert "all of 1" in text
    else:
        assert said[4] == pytest.approx(slope**6, rel=6e-3)


def test_softmax_is_drawn_at_one_size_with_its_numbers():
    sizes = set()
    for logit in (-4.0, 0.0, 6.0):
        figure = demos.draw_softmax(logit)
        sizes.add(tuple(figure.get_size_inches()))
        p = softmax([0.0, 1.0, logit])
        assert [bar.get_height() for bar in figure.axes[0].patches] == pytest.approx(p)
        said = [float(text.get_text().replace("−", "-")) for text in figure.axes[1].texts]
        J = np.array([[p[j] * ((j == k) - p[k]) for k in range(3)] for j in range(3)])
        assert said == pytest.approx(J.ravel(), abs=6e-4)
        described = numbers(demos.describe_softmax(logit))
        assert described == pytest.approx([*p, J.max()], abs=6e-4)
    assert len(sizes) == 1


def test_dead_units_are_those_that_no_example_wakes():
    rng = np.random.default_rng(0)
    first, second = Dense(3, 4, rng=rng), Dense(4, 5, rng=rng)
    model, x = Sequential(first, ReLU(), second, ReLU()), rng.normal(size=(200, 3))
    alive = demos.dead_units(model, x)
    first.b.value[1] = -1e3
    assert demos.dead_units(model, x) >= alive + 1
    first.b.value[:] = -1e3
    second.b.value[:] = 1
    assert demos.dead_units(model, x) == 4
    assert demos.dead_units(Sequential(first, LeakyReLU(0.1)), x) == 0
