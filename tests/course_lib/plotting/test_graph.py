import numpy as np
import pytest
from matplotlib.patches import FancyArrowPatch

from course_lib.mathematics import Tensor
from course_lib.plotting import plot_graph
from course_lib.plotting.graph import _columns, _order


def boxes(ax):
    return {text.get_text(): text for text in ax.texts}


def arrows(ax):
    return [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]


def heads(ax):
    return [arrow for arrow in arrows(ax) if arrow.get_arrowstyle().arrow == "-|>"]


def test_nodes_show_name_value_and_gradient_left_to_right(ax):
    x, w = Tensor(3.0, name="x"), Tensor(-2.0, name="w")
    y = (x * w).exp()
    y.backward()
    assert plot_graph(ax, y) is ax
    found = boxes(ax)
    slope = np.exp(-6)
    assert set(found) == {
        f"x\n3\n∂ {-2 * slope:.3g}",
        f"w\n-2\n∂ {3 * slope:.3g}",
        f"×\n-6\n∂ {slope:.3g}",
        f"exp\n{slope:.3g}\n∂ 1",
    }
    columns = [text.get_position()[0] for text in found.values()]
    assert sorted(columns) == [0, 0, 1, 2]
    assert len(heads(ax)) == 3


def test_a_value_that_is_used_twice_is_one_box_with_two_separate_arrows(ax):
    x = Tensor(3.0, name="x")
    y = x * x
    y.backward()
    plot_graph(ax, y)
    assert len(ax.texts) == 2
    ax.figure.canvas.draw()
    first, second = (arrow.get_path().vertices for arrow in heads(ax))
    assert not np.allclose(first, second)


def test_only_nodes_that_were_reached_show_a_gradient(ax):
    x = Tensor(2.0, name="x")
    y = x.tanh()
    y.backward()
    plot_graph(ax, y, reached=[y])
    with_gradient = [text for text in boxes(ax) if "∂" in text]
    assert [text.split("\n")[0] for text in with_gradient] == ["tanh"]


def test_the_highlighted_node_and_its_arrows_are_bold(ax):
    x = Tensor(2.0, name="x")
    y = x.exp() + x
    plot_graph(ax, y, highlight=x)
    bold = [t for t in ax.texts if t.get_bbox_patch().get_linewidth() > 2]
    assert [text.get_text().split("\n")[0] for text in bold] == ["x"]
    widths = sorted(arrow.get_linewidth() for arrow in heads(ax))
    assert widths[0] < widths[1] == widths[2]


def test_an_arrow_over_several_columns_goes_around_the_boxes_between(ax):
    x = Tensor(1.0, name="x")
    y = x.exp().tanh().sigmoid() + x
    plot_graph(ax, y)
    ax.figure.canvas.draw()
    places = [text.get_window_extent() for text in ax.texts]
    for arrow in arrows(ax):
        path = arrow.get_path().interpolated(20).transformed(ax.transData)
        for box in places:
            inside = [box.contains(*point) for point in path.vertices]
            assert not all(inside)
            assert sum(inside) <= 2


def test_boxes_do_not_cover_each_other(ax):
    x, w, b = (Tensor(i / 3, name=name) for i, name in enumerate("xwb", 1))
    loss = ((x * w + b).sigmoid() - 1) ** 2
    loss.backward()
    ax.figure.set_size_inches(9, 4)
    plot_graph(ax, loss)
    ax.figure.canvas.draw()
    extents = [text.get_bbox_patch().get_window_extent() for text in ax.texts]
    for i, a in enumerate(extents):
        assert not any(a.overlaps(b) for b in extents[i + 1 :])


def test_what_is_given_stands_right_before_its_first_use(ax):
    x, late = Tensor(1.0, name="x"), Tensor(2.0, name="late")
    plot_graph(ax, x.exp().tanh() * late)
    columns = {text.get_text().split("\n")[0]: text.get_position()[0] for text in ax.texts}
    assert columns == {"x": 0, "exp": 1, "tanh": 2, "late": 2, "×": 3}


def test_arrays_show_their_shape(ax):
    plot_graph(ax, Tensor(np.ones((4, 2)), name="x"))
    assert set(boxes(ax)) == {"x\n4×2\n∂ 4×2"}


def test_what_is_given_looks_different_from_what_is_computed(ax):
    plot_graph(ax, Tensor(1.0, name="x").exp())
    given, computed = (text.get_bbox_patch().get_edgecolor() for text in ax.texts)
    assert given != computed


def test_a_long_chain_is_laid_out_without_recursion(ax):
    y = x = Tensor(1.0, name="x")
    for _ in range(1500):
        y = y.tanh()
    nodes = _order(y)
    assert len(nodes) == 1501
    assert nodes[0] is x
    assert _columns(nodes)[id(y)] == 1500


def test_something_else_than_a_node_is_refused(ax):
    with pytest.raises(TypeError, match=r"a node with \.grad"):
        plot_graph(ax, np.array(3.0).view(type("Half", (np.ndarray,), {"value": 1})))
