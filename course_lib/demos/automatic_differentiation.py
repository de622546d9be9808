"""Demo of the chapter on automatic differentiation: hand gradients back, one node at a time.

Equation of the chain rule: ``grad(x) = Σ over uses y of x: grad(y) * ∂y/∂x``.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.mathematics.autodiff import Tensor
from course_lib.mathematics.tape import Node, topological_order, unbroadcast
from course_lib.plotting import style
from course_lib.plotting.graph import plot_graph

STEPS = 5  # every program below has five nodes


def _named(node: Tensor, name: str) -> Tensor:
    node.name = name
    return node


def _shared() -> list[Tensor]:
    x, w = Tensor(2.0, name="x"), Tensor(3.0, name="w")
    u = _named(x * w, "u = x · w")
    v = _named(u * u, "v = u · u")
    return [x, w, u, v, _named(v + u, "y = v + u")]


def _skip() -> list[Tensor]:
    x, w = Tensor(0.5, name="x"), Tensor(2.0, name="w")
    u = _named(x * w, "u = x · w")
    v = _named(u.tanh(), "v = tanh(u)")
    return [x, w, u, v, _named(v + x, "y = v + x")]


def _fibonacci() -> list[Tensor]:
    nodes = [Tensor(1.0, name="x")]
    for name, last, before in (("a", "x", "x"), ("b", "a", "x"), ("c", "b", "a"), ("y", "c", "b")):
        operands = nodes[-1], nodes[max(len(nodes) - 2, 0)]
        nodes.append(_named(operands[0] + operands[1], f"{name} = {last} + {before}"))
    return nodes


PROGRAMS: dict[str, Callable[[], list[Tensor]]] = {
    "u · u + u, with u = x · w": _shared,
    "tanh(x · w) + x": _skip,
    "the sum of the last two, again and again": _fibonacci,
}

COMPLETE = "after all its users"
TOO_EARLY = "after one of its users"
ORDERS = [COMPLETE, TOO_EARLY]


class State(NamedTuple):
    """A program after some nodes have handed their gradients back."""

    end: Node
    handed: list[Node]  # in the order of their turns
    reached: list[Node]  # those that have been given any gradient so far
    received: str  # how the gradient of the last in `handed` has come about
    outcome: str  # at the end, what the first input was given, and what it should have been given


def _turns(end: Node, order: str) -> list[Node]:
    if order == COMPLETE:
        return topological_order(end)[::-1]
    # A queue that is emptied from its near end, as a search for the inputs would do it.
    turns, waiting = list[Node](), [end]
    while waiting:
        node = waiting.pop()
        turns.append(node)
        met = {*turns, *waiting}
        waiting += [parent for parent in dict.fromkeys(node.parents) if parent not in met]
    return turns


def _letter(node: Node) -> str:
    return node.name.split(" ")[0]


def run(program: str, order: str, step: int) -> State:
    """Hand back the gradients of the first `step` nodes.

    Parameters
    ----------
    program : str
        One of `PROGRAMS`.
    order : str
        One of `ORDERS`: whose turn comes when.
    step : int
        0 (no node has had its turn) to `STEPS`.

    Examples
    --------
    >>> run("u · u + u, with u = x · w", COMPLETE, 3).received
    'du = 1 + 6 + 6'
    """
    nodes = PROGRAMS[program]()
    end = nodes[-1]
    end.grad = np.ones_like(end.value)
    parts: dict[Node, list[float]] = {node: [] for node in nodes}
    handed = _turns(end, order)[:step]
    uses = [parent for node in nodes for parent in node.parents]
    received = outcome = ""
    for node in handed:
        given = " + ".join(f"{part:.3g}" for part in parts[node]) or "1, where it starts"
        received = f"d{_letter(node)} = {given}"
        if len(parts[node]) < uses.count(node):
            received += ", and more is to come"
        if node._pull is None:
            continue
        for parent, dx in zip(node.parents, node._pull(node.grad), strict=True):
            parent.grad = parent.grad + unbroadcast(dx, parent.shape)
            parts[parent].append(float(dx))
    if step == STEPS:
        found, slope = f"{float(nodes[0].grad):.3g}", f"{_slope(program):.3g}"
        verdict = "right" if found == slope else f"it should be {slope}"
        outcome = f"at the end dx = {found}: {verdict}"
    reached: list[Node] = [node for node in nodes if parts[node] or (node is end and step)]
    return State(end, handed, reached, received, outcome)


def _slope(program: str) -> float:
    nodes = PROGRAMS[program]()
    nodes[-1].backward()
    return float(nodes[0].grad)


def draw_tape(program: str, order: str, step: int) -> Figure:
    """Draw the graph of a program after `step` nodes have had their turn.

    Gradients (∂) stand where they have come so far; the node whose turn it is, and the arrows to
    its users, are bold.

    Parameters
    ----------
    program, order, step
        See `run`.

    Examples
    --------
    >>> draw_tape("u · u + u, with u = x · w", TOO_EARLY, 0).axes[0].get_title("left")
    'forward pass done, no gradient yet'
    """
    figure = style.figure(7.0, 3.8)
    plot_tape(figure.subplots(), program, order, step)
    return figure


def plot_tape(ax: Axes, program: str, order: str, step: int) -> Axes:
    """Draw what `draw_tape` draws into `ax`, and return it.

    Examples
    --------
    >>> ax = plot_tape(style.figure().subplots(), "tanh(x · w) + x", COMPLETE, 5)
    """
    state = run(program, order, step)
    now = state.handed[-1] if state.handed else None
    plot_graph(ax, state.end, reached=state.reached, highlight=now)
    ax.set_title(_title(state))
    return ax


def _title(state: State) -> str:
    if not state.handed:
        return "forward pass done, no gradient yet"
    outcome = f"\n{state.outcome}" if state.outcome else ""
    return f"turn {len(state.handed)}: {state.received}{outcome}"


def describe_tape(program: str, order: str, step: int) -> str:
    """Say in words what `draw_tape` shows.

    Examples
    --------
    >>> describe_tape("u · u + u, with u = x · w", COMPLETE, 3)
    'Turn 3: du = 1 + 6 + 6. Gradients so far: dx = 39, dw = 26, du = 13, dv = 1, dy = 1.'
    """
    state = run(program, order, step)
    if not state.handed:
        nodes = topological_order(state.end)
        values = ", ".join(f"{node.name} = {float(node.value):.3g}" for node in nodes)
        return f"Forward pass done, no gradient yet: {values}."
    gradients = ", ".join(f"d{_letter(node)} = {float(node.grad):.3g}" for node in state.reached)
    ending = f" {state.outcome.capitalize()}." if state.outcome else ""
    turn = f"Turn {len(state.handed)}: {state.received}."
    return f"{turn} Gradients so far: {gradients}.{ending}"
