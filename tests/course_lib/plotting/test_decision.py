import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgba

from course_lib.plotting import plot_decision_boundary, plot_decision_line, plot_points, style
from course_lib.plotting.style import figure


def test_points_of_a_class_share_a_colour_and_a_marker(ax):
    x = np.array([[0, 0], [1, 1], [2, 0], [3, 3]])
    assert plot_points(ax, x, [0, 1, 0, 1]) is ax
    first, second = ax.collections
    np.testing.assert_array_equal(first.get_offsets(), x[[0, 2]])
    np.testing.assert_array_equal(second.get_offsets(), x[[1, 3]])
    np.testing.assert_allclose(first.get_facecolor()[0], to_rgba(style.CLASS_COLORS[0]))
    np.testing.assert_allclose(second.get_facecolor()[0], to_rgba(style.CLASS_COLORS[1]))
    assert len(first.get_paths()[0]) != len(second.get_paths()[0])
    assert ax.get_legend() is None


def test_a_class_keeps_its_colour_when_another_is_missing(ax):
    plot_points(ax, [[0, 0]], [3], names=["a", "b", "c", "d"])
    np.testing.assert_allclose(ax.collections[0].get_facecolor()[0], to_rgba(style.CLASS_COLORS[3]))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["d"]


def test_highlighted_points_are_ringed(ax):
    plot_points(ax, [[0, 0], [1, 1], [2, 2]], [0, 0, 0], highlight=[False, True, False])
    points, rings = ax.collections
    np.testing.assert_array_equal(rings.get_offsets(), [[1, 1]])
    assert len(rings.get_facecolor()) == 0
    assert rings.get_sizes()[0] > points.get_sizes()[0]


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        ([[0, 0, 0]], [0], {}, r"x of shape \(N, 2\), got \(1, 3\)"),
        ([[0, 0]], [0, 1], {}, r"y of shape \(1,\), got \(2,\)"),
        ([[0, 0]], [10], {}, "between 0 and 9, got 10"),
        ([[0, 0]], [2], {"names": ["a", "b"]}, "between 0 and 1, got 2"),
        ([[0, 0]], [0], {"highlight": [0]}, "highlight as 1 booleans"),
        ([[0, np.nan]], [0], {}, "finite x"),
    ],
)
def test_points_refuse_what_does_not_fit(ax, x, y, options, message):
    with pytest.raises(ValueError, match=message):
        plot_points(ax, x, y, **options)


def weights():
    return st.floats(-5, 5, allow_subnormal=False) | st.sampled_from([0.0, 1e-200, 1e200, -3.0])


@settings(deadline=None, max_examples=60)
@given(st.tuples(weights(), weights()), st.floats(-5, 5))
@example((0.0, 2.2250738585072014e-308), 4.0)  # the line's distance once overflowed, with a warning
def test_the_line_lies_where_the_weighted_sum_is_zero_and_ends_at_the_frame(W, b):
    ax = figure().subplots()
    ax.set_xlim(-2, 3)
    ax.set_ylim(-1, 4)
    assert plot_decision_line(ax, W, b, normal=True) is ax
    assert ax.get_xlim() == (-2, 3)
    assert ax.get_ylim() == (-1, 4)
    corners = np.array([[-2, -1], [-2, 4], [3, -1], [3, 4]])
    scale = max(map(abs, W))
    if scale == 0:
        assert not ax.lines
        assert "no line" in ax.texts[0].get_text()
        return
    unit = np.array(W) / scale
    signs = np.sign(corners @ unit + b / scale)
    crosses = signs.min() < 0 < signs.max()
    if not crosses:
        return
    ends = ax.lines[0].get_xydata()
    np.testing.assert_allclose(ends @ unit + b / scale, 0, atol=1e-9)
    tolerance = 1e-9
    assert (ends[:, 0] >= -2 - tolerance).all()
    assert (ends[:, 0] <= 3 + tolerance).all()
    assert (ends[:, 1] >= -1 - tolerance).all()
    assert (ends[:, 1] <= 4 + tolerance).all()
    on_frame = np.isclose(ends, [-2, -1]).any(axis=1) | np.isclose(ends, [3, 4]).any(axis=1)
    assert on_frame.all()


@pytest.mark.parametrize("W", [(0.0, 2.0), (2.0, 0.0), (-1.0, 3.0)])
def test_the_arrow_points_to_where_the_neuron_answers_one(ax, W):
    plot_decision_line(ax, W, -0.5 * sum(W), normal=True)
    arrow = next(text for text in ax.texts if text.arrow_patch is not None)
    tip, start = np.array(arrow.xy), np.array(arrow.xyann)
    assert start @ W - 0.5 * sum(W) == pytest.approx(0)
    assert tip @ W - 0.5 * sum(W) > 0
    along = np.array([-W[1], W[0]])
    assert (tip - start) @ along == pytest.approx(0)


def test_without_weights_a_note_says_what_the_neuron_answers(ax):
    plot_decision_line(ax, [0, 0], 1.0)
    assert "answer is 1 everywhere" in ax.texts[0].get_text()


def test_a_line_outside_the_view_moves_no_limit(ax):
    plot_decision_line(ax, [1, 0], -100.0, label="far")
    assert ax.get_xlim() == (0, 1)
    assert ax.lines[0].get_xydata().size == 0


@pytest.mark.parametrize(("W", "b"), [([1, 2, 3], 0), ([1, np.inf], 0), ([1, 2], [0, 1])])
def test_the_line_refuses_what_does_not_fit(ax, W, b):
    with pytest.raises(ValueError, match="plot_decision_line expected"):
        plot_decision_line(ax, W, b)


def test_regions_take_the_colours_of_the_predicted_classes(ax):
    def predict(x):
        assert x.shape == (40 * 40, 2)
        return np.where(x[:, 0] < 0.5, 0, 2)

    assert plot_decision_boundary(ax, predict, resolution=40) is ax
    shade = np.asarray(ax.images[0].get_array())
    for corner, label in [(shade[0, 0], 0), (shade[0, -1], 2), (shade[-1, -1], 2)]:
        color = np.array(to_rgba(style.CLASS_COLORS[label])[:3])
        darkness = 1 - np.asarray(corner)
        cosine = darkness @ (1 - color) / np.linalg.norm(darkness) / np.linalg.norm(1 - color)
        assert cosine == pytest.approx(1)
    border = np.concatenate([p.vertices for c in ax.collections for p in c.get_paths()])
    assert np.abs(border[:, 0] - 0.5).max() < 1 / 39


def test_probabilities_are_shaded_from_one_class_over_white_to_the_other(ax):
    plot_decision_boundary(ax, lambda x: x[:, 0], xlim=(0, 1), ylim=(0, 2), resolution=41)
    row = np.asarray(ax.images[0].get_array())[0]
    np.testing.assert_allclose(row[20], 1)
    darkness = (1 - row).sum(axis=-1)
    assert (np.diff(darkness[:21]) < 0).all()
    assert (np.diff(darkness[20:]) > 0).all()
    assert ax.get_ylim() == (0, 2)
    border = ax.collections[0].get_paths()[0].vertices
    np.testing.assert_allclose(border[:, 0], 0.5)


def test_the_rows_of_the_picture_run_upwards(ax):
    plot_decision_boundary(ax, lambda x: (x[:, 1] > 0.7).astype(int), resolution=21)
    image = ax.images[0]
    assert image.origin == "lower"
    shade = np.asarray(image.get_array())
    assert not np.allclose(shade[0, 0], shade[-1, 0])
    np.testing.assert_allclose(shade[0, 0], shade[10, 0])


def test_one_class_everywhere_draws_no_boundary(ax):
    plot_decision_boundary(ax, lambda x: np.zeros(len(x), int), resolution=5)
    assert not ax.collections


@pytest.mark.parametrize(
    ("predict", "message"),
    [
        (lambda x: np.zeros((len(x), 2)), r"shape \(25,\), got \(25, 2\)"),
        (lambda x: np.full(len(x), 1.5), "probabilities between 0 and 1"),
        (lambda x: np.full(len(x), 10), "between 0 and 9"),
        (lambda x: np.full(len(x), np.nan), "finite"),
    ],
)
def test_the_boundary_refuses_answers_that_do_not_fit(ax, predict, message):
    with pytest.raises(ValueError, match=message):
        plot_decision_boundary(ax, predict, resolution=5)
