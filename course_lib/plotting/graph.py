"""A computation graph, left to right: what each value was computed from, and its gradient.

Equation of a node's column: ``column = 1 + max(columns of its parents)``; what a graph is given
stands right before its first use.
"""

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Patch

from course_lib._checks import Array
from course_lib.plotting.style import INK, MUTED, POSITIVE, VALIDATION

_GIVEN = "#EAF3FA"  # ground of what the graph was given, a tint of `POSITIVE`

Place = tuple[int, int]  # whose place (a node's id, or below 0 an arrow's), and in which column
Chain = list[Place]


class GraphNode(Protocol):
    """What can be drawn; `course_lib.mathematics.Tensor` has it."""

    @property
    def value(self) -> Array:
        """The value that was computed or given."""

    @property
    def grad(self) -> Array:
        """Its gradient, of the same shape."""

    @property
    def parents(self) -> Sequence["GraphNode"]:
        """The nodes that the value was computed from."""

    @property
    def name(self) -> str:
        """What it is called: a variable or an operation."""


def plot_graph(
    ax: Axes,
    end: GraphNode,
    *,
    reached: Collection[GraphNode] | None = None,
    highlight: GraphNode | None = None,
) -> Axes:
    """Draw `end` and all that it was computed from.

    Each node shows its name (if any), its value and its gradient (∂); arrays show their shape
    instead of their numbers. Arrows run from operands to results.

    Parameters
    ----------
    ax : Axes
    end : node
        Anything with ``value``, ``grad``, ``parents`` and ``name``, such as a Tensor.
    reached : collection of nodes, optional
        The nodes whose gradients are shown: those that a backward pass has reached so far. By
        default all; an empty collection shows none.
    highlight : node, optional
        The node that is being looked at gets a bold frame, and so do the arrows out of it.

    Returns
    -------
    Axes
        The same `ax`, without ticks.

    Raises
    ------
    TypeError
        If `end` is no such node.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from course_lib.plotting.style import figure
    >>> x = SimpleNamespace(value=np.array(3.0), grad=np.array(6.0), parents=(), name="x")
    >>> y = SimpleNamespace(value=np.array(9.0), grad=np.array(1.0), parents=(x, x), name="×")
    >>> ax = plot_graph(figure().subplots(), y, highlight=x)
    """
    for attribute in ("value", "grad", "parents", "name"):
        if not hasattr(end, attribute):
            raise TypeError(f"plot_graph expected a node with .{attribute}, got {end!r}")
    nodes = _order(end)
    columns = _columns(nodes)
    arrows, heights = _layout(nodes, columns)
    lit = None if reached is None else {id(node) for node in reached}
    boxes: dict[int, Patch | None] = {}
    for node in nodes:
        bold = node is highlight
        lines = [node.name, _write(node.value)]
        if lit is None or id(node) in lit:
            lines.append(f"∂ {_write(node.grad)}")
        column = columns[id(node)]
        text = ax.text(
            column,
            heights[id(node), column],
            "\n".join(filter(None, lines)),
            ha="center",
            va="center",
            linespacing=1.35,
            bbox={
                "boxstyle": "round,pad=0.4",
                "facecolor": "white" if node.parents else _GIVEN,
                "edgecolor": VALIDATION if bold else (INK if node.parents else POSITIVE),
                "linewidth": 2.6 if bold else 1.2,
            },
            zorder=2,
        )
        boxes[id(node)] = text.get_bbox_patch()
    for chain, bend in arrows:
        bold = highlight is not None and chain[0][0] == id(highlight)
        for start, stop in pairwise(chain):
            ax.add_patch(
                FancyArrowPatch(
                    (start[1], heights[start]),
                    (stop[1], heights[stop]),
                    arrowstyle="-|>" if stop == chain[-1] else "-",
                    mutation_scale=13,
                    connectionstyle=f"arc3,rad={bend}",
                    patchA=boxes.get(start[0]),
                    patchB=boxes.get(stop[0]),
                    shrinkA=0,
                    shrinkB=0,
                    color=VALIDATION if bold else MUTED,
                    linewidth=2.4 if bold else 1.3,
                    # Above the boxes, whose place is known only once they are drawn.
                    zorder=3,
                )
            )
    high = max(abs(height) for height in heights.values())
    ax.set_xlim(-0.5, max(columns.values()) + 0.5)
    ax.set_ylim(-high - 0.6, high + 0.6)
    ax.set_axis_off()
    return ax


def _write(numbers: Array) -> str:
    array = np.asarray(numbers)
    if array.size != 1:
        return "×".join(map(str, array.shape))
    number = array.item()
    return f"{number:.0f}" if 1000 <= abs(number) < 1e6 else f"{number:.3g}"


def _order(end: GraphNode) -> list[GraphNode]:
    """List every node once, parents first."""
    order: list[GraphNode] = []
    entered: set[int] = set()
    stack = [(end, False)]
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            order.append(node)
        elif id(node) not in entered:
            entered.add(id(node))
            stack.append((node, True))
            stack.extend((parent, False) for parent in reversed(node.parents))
    return order


def _columns(nodes: list[GraphNode]) -> dict[int, int]:
    columns: dict[int, int] = {}
    first_use: dict[int, int] = {}
    for node in nodes:
        column = max((columns[id(parent)] + 1 for parent in node.parents), default=0)
        columns[id(node)] = column
        for parent in node.parents:
            first_use[id(parent)] = min(column, first_use.get(id(parent), column))
    for node in nodes:
        if not node.parents and id(node) in first_use:
            columns[id(node)] = first_use[id(node)] - 1
    return columns


def _layout(
    nodes: list[GraphNode], columns: dict[int, int]
) -> tuple[list[tuple[Chain, float]], dict[Place, float]]:
    """Return each arrow's way with its bend, and the height of every place.

    Sugiyama, Tagawa and Toda (1981): an arrow over several columns takes a place in each; then
    every place moves towards the mean of its neighbours, left and right in turn.
    """
    arrows: list[tuple[Chain, float]] = []
    members: dict[int, list[Place]] = {}
    for node in nodes:
        members.setdefault(columns[id(node)], []).append((id(node), columns[id(node)]))
    for child in nodes:
        for number, parent in enumerate(child.parents):
            start, stop = columns[id(parent)], columns[id(child)]
            inner = [(-1 - len(arrows), column) for column in range(start + 1, stop)]
            for place in inner:
                members.setdefault(place[1], []).append(place)
            # A value that is used twice by one operation sends two arrows there, bent apart.
            uses = [i for i, p in enumerate(child.parents) if p is parent]
            bend = 0.0 if inner else 0.18 * (2 * uses.index(number) - (len(uses) - 1))
            arrows.append(([(id(parent), start), *inner, (id(child), stop)], bend))
    neighbours: dict[Place, list[Place]] = {}
    for chain, _ in arrows:
        for a, b in pairwise(chain):
            neighbours.setdefault(a, []).append(b)
            neighbours.setdefault(b, []).append(a)
    heights = {p: _spread(len(m))[i] for m in members.values() for i, p in enumerate(m)}
    last = max(members)
    for sweep in range(8):
        ordered = range(last + 1) if sweep % 2 == 0 else range(last, -1, -1)
        for column in ordered:
            side = column - 1 if sweep % 2 == 0 else column + 1
            wanted = {}
            for place in members[column]:
                near = [heights[q] for q in neighbours.get(place, []) if q[1] == side]
                wanted[place] = sum(near) / len(near) if near else heights[place]
            members[column].sort(key=lambda place: -wanted[place])
            for height, place in zip(_spread(len(members[column])), members[column], strict=True):
                heights[place] = height
    return arrows, heights


def _spread(count: int) -> list[float]:
    return [(count - 1) / 2 - i for i in range(count)]
