from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb, to_rgba

from course_lib.plotting import plot_network, style
from course_lib.plotting.style import figure


def contrast(first, second):
    luminance = []
    for color in (first, second):
        c = np.array(to_rgb(color))
        linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
        luminance.append(float(linear @ [0.2126, 0.7152, 0.0722]))
    return (max(luminance) + 0.05) / (min(luminance) + 0.05)


def lines(ax):
    """All weights that are drawn: start, end, width, colour."""
    found = []
    for collection in ax.collections:
        if isinstance(collection, LineCollection):
            for segment, width, color in zip(
                collection.get_segments(),
                collection.get_linewidths(),
                collection.get_colors(),
                strict=True,
            ):
                found.append((tuple(segment[0]), tuple(segment[1]), width, color))
    return found


def circles(ax):
    return [c.get_offsets() for c in ax.collections if not isinstance(c, LineCollection)]


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(1, 30), min_size=2, max_size=4), st.integers(3, 16))
def test_each_layer_is_a_column_and_large_ones_are_cut_with_dots(widths, most):
    rng = np.random.default_rng(0)
    ax = figure().subplots()
    matrices = [rng.normal(size=pair) for pair in pairwise(widths)]
    assert plot_network(ax, matrices, most=most) is ax
    shown = [width if width <= most else most - 1 for width in widths]
    assert [len(column) for column in circles(ax)] == shown
    assert len(lines(ax)) == sum(a * b for a, b in pairwise(shown))
    cut = [f"{width} neurons" for width in widths if width > most]
    texts = [text.get_text() for text in ax.texts]
    assert [text for text in texts if text.endswith("neurons")] == cut
    assert texts.count("⋮") == len(cut)
    for column in circles(ax):  # no two circles touch, none leaves the view
        heights = column[:, 1]
        assert (np.diff(heights) <= -1 + 1e-9).all()
        low, high = ax.get_ylim()
        assert low < heights.min()
        assert heights.max() < high
    dots = [text.get_position() for text in ax.texts if text.get_text() == "⋮"]
    for x, y in dots:
        heights = circles(ax)[int(x)][:, 1]
        assert np.abs(heights - y).min() >= 1 - 1e-9


def test_lines_show_sign_by_colour_and_size_by_width(ax):
    W = np.array([[2.0, -1.0], [0.0, 0.5]])
    plot_network(ax, [W])
    drawn = lines(ax)
    assert len(drawn) == 3  # a weight of 0 connects nothing
    by_width = sorted(drawn, key=lambda line: -line[2])
    expected = [style.POSITIVE, style.NEGATIVE, style.POSITIVE]
    for line, color in zip(by_width, expected, strict=True):
        np.testing.assert_allclose(line[3][:3], to_rgba(color)[:3])
    assert by_width[0][2] > by_width[1][2] > by_width[2][2]
    # The greatest weight runs from the upper neuron on the left to the upper one on the right.
    assert by_width[0][:2] == ((0, 0.5), (1, 0.5))
    assert by_width[1][:2] == ((0, 0.5), (1, -0.5))
    styles = {c.get_linestyle()[0][1] is None for c in ax.collections[:2]}
    assert styles == {True, False}  # solid and dashed: the sign needs no colour


def test_a_cut_layer_keeps_the_weights_of_the_neurons_that_are_shown(ax):
    W = np.zeros((20, 1))
    W[0], W[-1], W[10] = 1.0, -0.5, 3.0
    plot_network(ax, [W], most=6)
    assert len(lines(ax)) == 2  # neuron 10 is hidden behind the dots
    top, bottom = circles(ax)[0][0, 1], circles(ax)[0][-1, 1]
    assert {line[0][1] for line in lines(ax)} == {top, bottom}


@pytest.mark.parametrize("width", [3, 16])
def test_values_are_written_into_the_circles(ax, width):
    values = [np.linspace(-1, 1, width), np.array([0.25])]
    plot_network(ax, [np.ones((width, 1))], values=values, names=["input", "output"])
    texts = [text.get_text() for text in ax.texts]
    assert texts.count("+0.25") == 1
    assert {"-1.00", "+1.00", "input", "output"} <= set(texts)
    assert min(text.get_fontsize() for text in ax.texts) >= 9
    ax.figure.canvas.draw()
    boxes = [text.get_bbox_patch() for text in ax.texts if text.get_bbox_patch() is not None]
    extents = [box.get_window_extent() for box in boxes[:width]]
    for upper, lower in pairwise(extents):
        assert lower.y1 <= upper.y0 + 1  # pixels: neighbours don't cover each other


def test_values_are_legible_on_every_colour(ax):
    values = [np.linspace(-1, 1, 16), np.linspace(-1, 0, 16)]
    plot_network(ax, [np.ones((16, 16))], values=values)
    boxed = [text for text in ax.texts if text.get_bbox_patch() is not None]
    assert len(boxed) == 32
    for text in boxed:
        assert contrast(text.get_bbox_patch().get_facecolor(), text.get_color()) >= 4.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": []}, "at least one weight matrix"),
        ({"weights": [np.ones(3)]}, r"weights\[0\] of shape \(D_in, D_out\)"),
        ({"weights": [np.ones((2, 3)), np.ones((2, 1))]}, r"weights\[1\] of shape \(3, D_out\)"),
        ({"weights": [np.ones((2, 3))], "names": ["input"]}, "2 names, got 1"),
        ({"weights": [np.ones((2, 3))], "values": [[1, 2], [1]]}, r"values\[1\] of shape \(3,\)"),
        ({"weights": [np.ones((2, 3))], "most": 2}, "most of at least 3"),
    ],
)
def test_a_network_refuses_what_does_not_fit(ax, options, message):
    with pytest.raises(ValueError, match=message):
        plot_network(ax, **options)
