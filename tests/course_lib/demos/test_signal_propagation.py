"""The histograms by depth are those of a network that runs, and the description says the same."""

import re
from itertools import chain, product

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from course_lib import BatchNorm, Dense, ReLU, Sequential, Tanh, he, lecun
from course_lib.demos import signal_propagation as demos

CHOICES = list(product(demos.ACTIVATIONS, demos.INITIALIZERS, demos.NORMALIZATIONS))


@pytest.mark.parametrize("choice", CHOICES[::7], ids=" ".join)
def test_every_frame_has_one_size_and_shows_every_value_of_every_layer(choice):
    figure = demos.draw_histograms(*choice)
    FigureCanvasAgg(figure).draw()
    assert tuple(figure.get_size_inches()) == (7.2, 3.8)
    for ax in figure.axes:
        shades = np.asarray(ax.images[0].get_array())
        assert shades.shape[1] == demos.DEPTH
        np.testing.assert_allclose((shades**2).sum(axis=0), 1)


def test_the_histograms_stand_upright_and_what_is_off_the_scale_counts_at_its_edge():
    values = np.array([[-9.0, 0.1, 0.2, 0.9], [0.4, 0.6, 7.0, 8.0]])
    shares = demos._columns(values, np.array([0.0, 0.5, 1.0]))
    np.testing.assert_allclose(shares, [[0.75, 0.25], [0.25, 0.75]])
    ax = demos.draw_histograms("ReLU", "He (gain 2)", "none").axes[0]
    shades = np.asarray(ax.images[0].get_array())
    zero = len(demos.VALUES) - 2 - np.searchsorted(demos.VALUES, 1e-9) + 1
    assert (shades[zero] ** 2 > 0.4).all(), "half of the units are silent, in the row of 0"


@pytest.mark.parametrize("choice", CHOICES[::5], ids=" ".join)
def test_the_description_says_the_sizes_that_the_network_has(choice):
    signals = demos._signals(*choice)
    text = demos.describe_histograms(*choice)
    sizes = [float(number) for number in re.findall(r" ([\d.]+(?:e[+-]\d+)?) in\s+layer", text)]
    first, last, one, gradient = sizes
    assert first == pytest.approx(np.sqrt((signals.h[0] ** 2).mean()), rel=0.06)
    assert last == pytest.approx(np.sqrt((signals.h[-1] ** 2).mean()), rel=0.06)
    assert one == pytest.approx(np.sqrt((signals.dh[-1] ** 2).mean()), rel=0.05)
    assert gradient == pytest.approx(np.sqrt((signals.dh[0] ** 2).mean()), rel=0.06)
    assert ("gradients vanish" in text) == (gradient < 1e-3)
    assert ("gradients explode" in text) == (gradient > 1e3)
    assert ("activations fade" in text) == (last < 1e-3)


def test_the_kept_signals_are_those_of_one_sequential_network():
    """Backward through the kept layers equals backward through the network as a whole."""
    signals = demos.propagate(
        Tanh, he, BatchNorm, rng=np.random.default_rng(3), depth=4, width=6, examples=5
    )
    rng = np.random.default_rng(3)
    x = rng.standard_normal((5, 6))
    layers = [[Dense(6, 6, initializer=he, rng=rng), BatchNorm(6), Tanh()] for _ in range(4)]
    np.testing.assert_allclose(Sequential(*chain(*layers)).forward(x, train=True), signals.h[-1])
    dh = rng.standard_normal((5, 6))
    np.testing.assert_array_equal(signals.dh[-1], dh)
    np.testing.assert_allclose(Sequential(*chain(*layers[1:])).backward(dh), signals.dh[0])
    np.testing.assert_allclose(signals.z[0], x @ layers[0][0].W.value)


def test_what_the_chapter_says_about_the_demo_is_so():
    saturated = demos._signals("tanh", "too large (gain 4)", "none")
    assert (np.abs(saturated.h) > 0.9).mean() > 0.3
    assert demos.root_mean_square(saturated.dh[0]) > 1e3
    faded = demos._signals("ReLU", "LeCun (gain 1)", "none")
    assert np.quantile(np.abs(faded.h[10:]), 0.99) < 0.1
    normalized = [demos._signals("sigmoid", name, "batch").h for name in demos.INITIALIZERS]
    assert all(np.abs(h - normalized[0]).max() < 0.01 for h in normalized)
    assert (
        demos.root_mean_square(demos._signals("sigmoid", "LeCun (gain 1)", "layer").dh[0]) < 1e-15
    )


def test_a_gain_is_checked_and_is_the_variance_times_the_inputs():
    with pytest.raises(ValueError, match="above 0"):
        demos.scaled(0)
    rng = np.random.default_rng(0)
    for gain, like in ((1, lecun), (2, he)):
        shape = (300, 200)
        W, other = (
            make(shape, *shape, np.random.default_rng(1)) for make in (demos.scaled(gain), like)
        )
        np.testing.assert_allclose(W, other)
    assert demos.scaled(3)((300, 200), 300, 200, rng).var() * 300 == pytest.approx(3, rel=0.05)


def test_a_prediction_for_relu_is_the_power_of_half_the_gain():
    variances, squares = demos.predict(ReLU, 3, depth=20)
    np.testing.assert_allclose(variances, 3 * 1.5 ** np.arange(20))
    np.testing.assert_allclose(squares, 1.5 ** np.arange(19, -1, -1))
