"""One look for every figure of the course: colours, markers, letters and lines.

Equation of legibility (WCAG 2.2): ``contrast = (L_light + 0.05) / (L_dark + 0.05)``, where L is the
relative luminance; text here has at least 4.5 on white, marks have at least 2.9.
"""

from cycler import cycler
from matplotlib import style as _matplotlib_style
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

INK = "#202428"
"""Text, axes and whatever belongs to no class."""

GRID = "#DDE1E6"
"""Grid lines: seen when looked for."""

MUTED = "#5F6770"
"""Second-rank text and lines: notes, thresholds, what is compared against."""

CLASS_COLORS = [
    "#0072B2",  # blue, of Okabe and Ito
    "#C44E00",  # vermillion, darkened until text in it is legible
    "#03AA5D",
    "#8A3065",
    "#D88000",
    "#7E7CFF",
    "#131A2E",
    "#A58E95",
    "#381E93",
    "#6A0008",
]
"""Colours of classes 0 … 9. Also with a colour-blind eye each pair stays apart; where two come
close, `CLASS_MARKERS` tell them apart."""

CLASS_MARKERS = ["o", "s", "^", "D", "v", "P", "X", "<", "*", ">"]
"""Markers of classes 0 … 9: no figure tells classes apart by colour alone."""

POSITIVE = CLASS_COLORS[0]
"""Weights and signals above 0."""

NEGATIVE = CLASS_COLORS[1]
"""Weights and signals below 0."""

TRAIN = CLASS_COLORS[0]
"""What is measured on the examples learned from; drawn as a solid line."""

VALIDATION = CLASS_COLORS[1]
"""What is measured on unseen examples; drawn as a dashed line."""

DIVERGING = LinearSegmentedColormap.from_list("signs", [NEGATIVE, "white", POSITIVE])
"""Colour map for numbers around 0: `NEGATIVE` below, white at 0, `POSITIVE` above."""

_SETTINGS = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.labelsize": 11,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "legend.fontsize": 11,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.figsize": (6.4, 4.0),
    "figure.dpi": 110,
    "savefig.dpi": "figure",
    "figure.constrained_layout.use": True,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.9,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.titley": 1.0,  # no title has to make way for ticks, so nobody need look for them
    "lines.linewidth": 2.0,
    "lines.markersize": 6,
    "legend.framealpha": 0.9,
    "legend.edgecolor": GRID,
    "axes.prop_cycle": cycler(color=CLASS_COLORS),
    "image.interpolation": "nearest",
    "svg.hashsalt": "principles-of-neural-networks",
}


def use_style() -> None:
    """Give every figure that is made from now on the look of the course.

    Letters of 11 points or more on a 6.4 × 4 inch figure, a white ground, a light grid, no frame
    at the top and the right, and a layout that never cuts a label off. Pixels: 704 × 440.

    References
    ----------
    Okabe and Ito (2008), "Color universal design: how to make figures and presentations that
    are friendly to colorblind people". Tufte (2001), *The Visual Display of Quantitative
    Information*, on spines and grids.

    Examples
    --------
    >>> import matplotlib as mpl
    >>> with mpl.rc_context():
    ...     use_style()
    ...     mpl.rcParams["font.size"]
    11.0
    """
    _matplotlib_style.use(_SETTINGS)


def figure(width: float = 6.4, height: float = 4.0) -> Figure:
    """Make a figure in the course's look that pyplot does not keep: it goes when nobody holds it.

    Parameters
    ----------
    width, height : float, optional
        Inches, above 0.

    Returns
    -------
    Figure
        Empty; `Figure.subplots` adds Axes. `use_style` is called first, because Matplotlib reads
        some settings only when an Axes is filled or drawn. For demos, which draw hundreds of
        figures; in a notebook cell use ``plt.subplots()``, whose figures show themselves.

    Examples
    --------
    >>> import matplotlib as mpl
    >>> with mpl.rc_context():
    ...     left, right = figure(8, 4).subplots(1, 2)
    """
    use_style()
    return Figure(figsize=(width, height))
