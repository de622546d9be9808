"""Demos of the chapter on signal propagation: what fifty layers do to signals and gradients.

Equation: ``Var z = gain * mean(h**2)``, where the weights have the variance ``gain / fan_in``.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from course_lib._checks import Array, check_positive
from course_lib.architecture import Dense, Layer, ReLU, Sequential, Sigmoid, Tanh
from course_lib.architecture.activations import Activation
from course_lib.architecture.initializers import Initializer, he, lecun
from course_lib.mathematics import BatchNorm, LayerNorm
from course_lib.plotting import style

DEPTH, WIDTH = 50, 100
VALUES = np.linspace(-1.5, 3, 91)  # edges of the bins of activations
DECADES = np.linspace(-30, 10, 81)  # edges of the bins of log10 |gradient|
_FADED = 1e-3  # a size below it has faded, one beyond its inverse has exploded


def scaled(gain: float) -> Initializer:
    """Return an initializer with ``std = sqrt(gain / fan_in)``: LeCun's for 1, He's for 2.

    Raises
    ------
    TypeError, ValueError
        If `gain` is not a finite number above 0.

    Examples
    --------
    >>> W = scaled(4)((200, 300), 200, 300, np.random.default_rng(0))
    >>> round(float(W.var() * 200), 1)
    4.0
    """
    gain = check_positive(gain, "scaled", "gain")

    def initializer(
        shape: tuple[int, ...], fan_in: int, fan_out: int, rng: np.random.Generator
    ) -> Array:
        return rng.normal(0.0, np.sqrt(gain / fan_in), shape)

    return initializer


class Signals(NamedTuple):
    """Sums z, activations h and gradients dh = ∂loss/∂h of all layers; each (L, N, D).

    Examples
    --------
    >>> Signals(np.zeros((5, 8, 4)), np.zeros((5, 8, 4)), np.zeros((5, 8, 4))).z.shape
    (5, 8, 4)
    """

    z: Array
    h: Array
    dh: Array


def propagate(
    activation: Callable[[], Layer],
    initializer: Initializer,
    normalization: Callable[[int], Layer] | None = None,
    *,
    rng: np.random.Generator,
    depth: int = DEPTH,
    width: int = WIDTH,
    examples: int = 100,
) -> Signals:
    """Send random examples forward through a new network, and random gradients backward.

    Parameters
    ----------
    activation : callable
        A class such as `ReLU`: returns a new layer.
    initializer : callable
        One of `course_lib.architecture.initializers`.
    normalization : callable, optional
        `BatchNorm` or `LayerNorm`, placed before the activation.
    rng : numpy.random.Generator
        Draws weights; and examples and the last gradient, with mean 0 and variance 1.
    depth, width, examples : int, optional
        Layers L, neurons in each D, and examples N.

    Returns
    -------
    Signals

    Examples
    --------
    >>> propagate(ReLU, he, rng=np.random.default_rng(0), depth=3).dh.shape
    (3, 100, 100)
    """
    between = [] if normalization is None else [normalization]
    h = rng.standard_normal((examples, width))
    layers, sums, activations, gradients = [], [], [], []
    for _ in range(depth):
        dense = Dense(width, width, initializer=initializer, rng=rng)
        rest = [*(make(width) for make in between), activation()]
        z = dense.forward(h)
        h = Sequential(*rest).forward(z, train=True)
        layers.append(Sequential(dense, *rest))
        sums.append(z)
        activations.append(h)
    dh = rng.standard_normal(h.shape)
    for layer in reversed(layers):
        gradients.append(dh)
        dh = layer.backward(dh)
    return Signals(np.array(sums), np.array(activations), np.array(gradients[::-1]))


def predict(
    activation: Callable[[], Activation], gain: float, *, depth: int = DEPTH
) -> tuple[Array, Array]:
    """Predict the variance of z and the mean square of dh in each layer of a wide network.

    ``Var z = gain * q`` with ``q = E f(z)**2`` of the layer before (1 for the examples), and
    backward ``E dh**2 *= gain * E f′(z)**2`` from 1 at the last layer; z counts as normal.

    Parameters
    ----------
    activation : callable
        A class such as `Tanh`.
    gain : float
        Variance of the weights times `fan_in`; all layers are equally wide.
    depth : int, optional

    Returns
    -------
    variances, squares : ndarray of shape (L,)

    References
    ----------
    Poole, Lahiri, Raghu, Sohl-Dickstein and Ganguli (2016), "Exponential expressivity in deep
    neural networks through transient chaos". Schoenholz, Gilmer, Ganguli and Sohl-Dickstein
    (2017), "Deep information propagation".

    Examples
    --------
    >>> predict(ReLU, 1, depth=4)[0]
    array([1.   , 0.5  , 0.25 , 0.125])
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(100)  # for means over a normal variable
    weights = weights / weights.sum()
    q, variances, factors = 1.0, [], []
    for _ in range(depth):
        f = activation()
        variances.append(gain * q)
        z = np.sqrt(gain * q) * nodes
        q = weights @ f.forward(z) ** 2
        factors.append(gain * (weights @ f.backward(np.ones_like(z)) ** 2))
    squares = np.cumprod([1.0, *factors[:0:-1]])[::-1]
    return np.array(variances), squares


ACTIVATIONS: dict[str, type[Activation]] = {"sigmoid": Sigmoid, "tanh": Tanh, "ReLU": ReLU}
INITIALIZERS: dict[str, Initializer] = {
    "too small (gain ¼)": scaled(1 / 4),
    "LeCun (gain 1)": lecun,
    "He (gain 2)": he,
    "too large (gain 4)": scaled(4),
}
NORMALIZATIONS = {"none": None, "batch": BatchNorm, "layer": LayerNorm}


@cache
def _signals(activation: str, initializer: str, normalization: str) -> Signals:
    return propagate(
        ACTIVATIONS[activation],
        INITIALIZERS[initializer],
        NORMALIZATIONS[normalization],
        rng=np.random.default_rng(0),
    )


def _columns(values: Array, edges: Array) -> Array:
    """Return one histogram a layer, as columns; what lies outside counts at the nearest edge."""
    values = np.clip(values, edges[0], edges[-1])
    shares = [np.histogram(layer, edges)[0] / layer.size for layer in values]
    return np.array(shares).T  # (bins, L)


def draw_histograms(activation: str, initializer: str, normalization: str) -> Figure:
    """Draw the histograms of all layers of one network: activations, and sizes of gradients.

    Parameters
    ----------
    activation, initializer, normalization : str
        Keys of `ACTIVATIONS`, `INITIALIZERS` and `NORMALIZATIONS`.

    Examples
    --------
    >>> draw_histograms("ReLU", "He (gain 2)", "none").axes[0].get_xlabel()
    'layer'
    """
    signals = _signals(activation, initializer, normalization)
    sizes = np.log10(np.abs(signals.dh) + 1e-300)  # a dead unit passes on exactly 0
    figure = style.figure(7.2, 3.8)
    axes = figure.subplots(1, 2)
    for ax, values, edges in zip(axes, (signals.h, sizes), (VALUES, DECADES), strict=True):
        extent = (0.5, DEPTH + 0.5, edges[0], edges[-1])
        shades = np.sqrt(_columns(values, edges))[::-1]  # the root shows thin tails, too
        ax.imshow(shades, extent=extent, aspect="auto", cmap="Blues", vmin=0, vmax=0.7)
        ax.set(xlabel="layer", xticks=[1, 10, 20, 30, 40, 50])
        ax.grid(False)
    axes[0].set(title="activations", ylabel="value", yticks=range(-1, 4))
    axes[1].set(title="gradients", ylabel="size", yticks=[-30, -20, -10, 0, 10])
    axes[1].set_yticklabels(["1e-30", "1e-20", "1e-10", "1", "1e10"])
    return figure


def root_mean_square(x: Array) -> float:
    """Return the typical size of the entries of `x`: ``sqrt(mean(x**2))``.

    Examples
    --------
    >>> root_mean_square(np.array([3.0, -3.0]))
    3.0
    """
    return float(np.sqrt((x**2).mean()))


def describe_histograms(activation: str, initializer: str, normalization: str) -> str:
    """Say in words what `draw_histograms` shows.

    Examples
    --------
    >>> print(describe_histograms("ReLU", "LeCun (gain 1)", "none"))
    The activations fade: of typical size 0.7 in layer 1 and 3.9e-08 in layer 50. The gradients
    vanish: of size 1 in layer 50 and 4.5e-08 in layer 1.
    """
    signals = _signals(activation, initializer, normalization)
    first, last = (root_mean_square(signals.h[i]) for i in (0, -1))
    gradient = root_mean_square(signals.dh[0])
    forward = "fade" if last < _FADED else "explode" if last > 1 / _FADED else "stay visible"
    backward = "vanish" if gradient < _FADED else "explode" if gradient > 1 / _FADED else "arrive"
    flat = ""
    if activation == "tanh":
        flat = f", where {(np.abs(signals.h[-1]) > 0.9).mean():.0%} lie beyond ±0.9"
    return (
        f"The activations {forward}: of typical size {first:.2g} in layer 1 and {last:.2g} in "
        f"layer {DEPTH}{flat}. The gradients {backward}: of size 1 in layer {DEPTH} and "
        f"{gradient:.2g} in layer 1."
    )
