import numpy as np
import pytest

from course_lib.mathematics import Quadratic, Rosenbrock, descend
from course_lib.plotting import plot_contours, plot_path, style
from course_lib.training import SGD


def test_contours_lie_at_one_height_each_and_closer_near_the_bottom(ax):
    bowl = Quadratic([[1.0, 0.0], [0.0, 4.0]])
    assert plot_contours(ax, bowl.value, xlim=(-2, 2), ylim=(-1, 1), levels=6) is ax
    (contours,) = ax.collections
    heights = []
    for path in contours.get_paths():
        values = bowl.value(path.vertices)
        np.testing.assert_allclose(values, values.mean(), atol=0.01)
        heights.append(values.mean())
    assert len(heights) == 6
    assert (np.diff(heights, 2) > 0).all()
    assert ax.get_xlim() == (-2, 2)
    assert ax.get_ylim() == (-1, 1)


def test_a_flat_landscape_has_no_contours(ax):
    plot_contours(ax, lambda x: np.ones(x.shape[:-1]), xlim=(0, 1), ylim=(0, 1))
    assert not ax.collections


def test_a_path_runs_through_its_points_from_ring_to_star(ax):
    path = np.array([[0.9, 0.2], [0.5, 0.5], [0.4, 0.6]])
    assert plot_path(ax, path, color=style.NEGATIVE, label="descent") is ax
    line, start, end = ax.lines
    np.testing.assert_array_equal(line.get_xydata(), path)
    np.testing.assert_array_equal(start.get_xydata(), path[:1])
    np.testing.assert_array_equal(end.get_xydata(), path[-1:])
    assert (start.get_marker(), end.get_marker()) == ("o", "*")
    assert line.get_color() == style.NEGATIVE
    assert line.get_label() == "descent"


def test_a_diverging_path_is_drawn_to_the_edge_and_moves_no_limit(ax):
    ravine = Rosenbrock()
    plot_contours(ax, ravine.value, xlim=(-2, 2), ylim=(-1, 3), resolution=30)
    path = descend(ravine, [-1.0, 2.0], lambda p: SGD(p, lr=0.1), steps=50)
    assert np.abs(path).max() > 1e30
    plot_path(ax, path)
    assert ax.get_xlim() == (-2, 2)
    assert ax.get_ylim() == (-1, 3)
    drawn = ax.lines[0].get_xydata()
    np.testing.assert_array_equal(drawn[0], path[0])
    assert np.abs(drawn).max() < 100
    assert drawn[-1, 0] > 2 or drawn[-1, 1] > 3 or drawn[-1].min() < -1


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda ax: plot_path(ax, [[1.0, 2.0, 3.0]]), r"path of shape \(steps \+ 1, 2\)"),
        (
            lambda ax: plot_contours(ax, lambda x: x, xlim=(0, 1), ylim=(0, 1), resolution=3),
            r"shape \(3, 3\), got \(3, 3, 2\)",
        ),
        (
            lambda ax: plot_contours(ax, lambda x: x, xlim=(0, 1), ylim=(0, 1), levels=1),
            "levels of at least 2",
        ),
    ],
)
def test_landscape_pictures_refuse_what_does_not_fit(ax, draw, message):
    with pytest.raises(ValueError, match=message):
        draw(ax)
