"""Demo of the chapter on backpropagation: step through both passes of one small network.

Equation of every backward step: ``gradient in = gradient out * local slope``, added over all uses.
"""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.demos.worked_network import CASES, TARGET, both_passes, entries, steps, write
from course_lib.plotting import style

__all__ = ["CASES", "both_passes", "describe_step", "draw_step", "plot_step", "steps"]

FORWARD = 6  # of the 23 steps

_PLACES = {
    "x₁": (0.0, 1.0),
    "x₂": (0.0, -1.0),
    "z₁": (2.1, 1.0),
    "z₂": (2.1, -1.0),
    "h₁": (3.1, 1.0),
    "h₂": (3.1, -1.0),
    "y": (4.4, 0.0),
    "loss": (5.4, 0.0),
}
_LINES = {  # where the weight's label stands on the line's way, 0 to 1
    ("x₁", "z₁", "W₁₁"): 0.5,
    ("x₁", "z₂", "W₁₂"): 0.33,
    ("x₂", "z₁", "W₂₁"): 0.37,
    ("x₂", "z₂", "W₂₂"): 0.5,
    ("z₁", "h₁", ""): 0.5,
    ("z₂", "h₂", ""): 0.5,
    ("h₁", "y", "V₁"): 0.52,
    ("h₂", "y", "V₂"): 0.52,
    ("y", "loss", ""): 0.5,
}
_NOTES = {"b₁": (2.1, 1.75), "b₂": (2.1, -1.75), "c": (4.4, 0.75), "t": (5.4, 0.5)}


def draw_step(network: str, step: int) -> Figure:
    """Draw the network after `step` of the 23 steps: values in black, gradients in colour.

    Parameters
    ----------
    network : str
        One of `CASES`.
    step : int
        0 (only the inputs are known) to 23.

    Examples
    --------
    >>> draw_step("ReLU", 7).axes[0].get_title("left").splitlines()
    ['backward, step 1 of 17', 'dloss = 1']
    """
    figure = style.figure(7.0, 4.6)
    plot_step(figure.subplots(), network, step)
    return figure


def plot_step(ax: Axes, network: str, step: int) -> Axes:
    """Draw what `draw_step` draws into `ax`, and return it.

    Examples
    --------
    >>> ax = plot_step(style.figure(7.0, 4.6).subplots(), "sigmoid", 23)
    """
    done = steps(network)[:step]
    known = _given(network) | {"t": TARGET} | {item.name: item.result for item in done}
    now = done[-1].name if done else ""
    used = done[-1].how if done else ""
    for (start, end, weight), along in _LINES.items():
        backward = now.startswith("d") and (
            (now == f"d{weight}") or (now == f"d{start}" and f"d{end}" in used)
        )
        forward = now == end
        _draw_line(ax, start, end, "backward" if backward else "forward" if forward else "")
        if weight:
            (left, low), (right, high) = _PLACES[start], _PLACES[end]
            place = left + along * (right - left), low + along * (high - low)
            _write_number(ax, place, weight, known, now)
    for name, place in _PLACES.items():
        _write_number(ax, place, name, known, now, node=True)
    for name, place in _NOTES.items():
        _write_number(ax, place, name, known, now)
    ax.set(xlim=(-0.45, 5.85), ylim=(-2.1, 1.9))
    ax.set_axis_off()
    ax.set_title(_title(network, step))
    return ax


def _given(network: str) -> dict[str, float]:
    values, _ = both_passes(network)
    return entries({name: values[name] for name in "xWbVc"})


def _title(network: str, step: int) -> str:
    if step == 0:
        return f"before the first step\ninputs, weights and the target t = {write(TARGET)}"
    number, count = (step, FORWARD) if step <= FORWARD else (step - FORWARD, 23 - FORWARD)
    way = "forward" if step <= FORWARD else "backward"
    return f"{way}, step {number} of {count}\n{steps(network)[step - 1].line}"


def _draw_line(ax: Axes, start: str, end: str, way: str) -> None:
    (left, low), (right, high) = _PLACES[start], _PLACES[end]
    ends = ((right, high), (left, low)) if way == "backward" else ((left, low), (right, high))
    color = {"forward": style.POSITIVE, "backward": style.NEGATIVE}.get(way, style.MUTED)
    arrow = {"arrowstyle": "-|>" if way else "-", "color": color, "linewidth": 2.8 if way else 1.2}
    ax.annotate("", ends[1], ends[0], arrowprops={**arrow, "shrinkA": 21, "shrinkB": 21})


def _write_number(
    ax: Axes,
    place: tuple[float, float],
    name: str,
    known: dict[str, float],
    now: str,
    *,
    node: bool = False,
) -> None:
    """Write a value, and below it its gradient, both as far as they are known."""
    value = write(known[name]) if name in known else "?"
    bold = now in (name, f"d{name}")
    color = style.INK if not bold else style.NEGATIVE if now.startswith("d") else style.POSITIVE
    box = {
        "boxstyle": "round,pad=0.35" if node else "round,pad=0.1",
        "facecolor": "white",
        "edgecolor": color if node or bold else "white",
        "linewidth": 2.6 if bold else 1.2,
    }
    text = f"{name}\n{value}" if node else f"{name} {value}"
    ax.text(*place, text, ha="center", va="center", bbox=box, zorder=4)
    if f"d{name}" in known:
        below = place[1] - (0.47 if node else 0.25)
        gradient = f"∂ {write(known[f'd{name}'])}"
        ground = {"boxstyle": "round,pad=0.06", "facecolor": "white", "edgecolor": "white"}
        weight = "bold" if bold else "normal"
        place = place[0], below
        look = {"color": style.NEGATIVE, "weight": weight, "bbox": ground, "zorder": 5}
        ax.text(*place, gradient, look, ha="center", va="center")


def describe_step(network: str, step: int) -> str:
    """Say in words what `draw_step` shows.

    Examples
    --------
    >>> describe_step("ReLU", 1)
    'Forward, step 1 of 6: z₁ = x₁ · W₁₁ + x₂ · W₂₁ + b₁ = 1 · 0.6 + 2 · (−0.1) + 0.1 = 0.5.'
    """
    way, line = _title(network, step).split("\n")
    if step == 0:
        given = ", ".join(f"{name} = {write(number)}" for name, number in _given(network).items())
        return f"The 2-2-1 network before the first step; target t = {write(TARGET)}; {given}."
    return f"{way.capitalize()}: {line}."
