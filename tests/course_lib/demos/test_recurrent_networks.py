import re

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from course_lib import LSTM, RNN
from course_lib.demos import recurrent_networks as demos

CHOICES = [("RNN", 2), ("RNN", 10), ("LSTM, forget bias 1", 5), ("LSTM, forget bias 4", 5)]


def test_only_the_first_letter_is_marked_and_asked_for():
    x, y = demos.memory_task(50, 7, rng=np.random.default_rng(0))
    assert x.shape == (50, 8, 5)
    np.testing.assert_array_equal(x[:, :, :4].sum(axis=2), 1)
    np.testing.assert_array_equal(x[:, :, 4], np.eye(8)[np.zeros(50, int)])
    np.testing.assert_array_equal(x[:, 0, :4].argmax(axis=1), y)
    assert set(y) == {0, 1, 2, 3}


@pytest.mark.parametrize("cell", demos.CELLS)
def test_a_name_makes_its_cell(cell):
    layer = demos.make_network(cell, rng=np.random.default_rng(0)).layers[0]
    assert isinstance(layer, RNN if cell == "RNN" else LSTM)
    if isinstance(layer, LSTM):
        np.testing.assert_array_equal(layer.b.value[16:32], int(cell[-1]))


@pytest.mark.parametrize(("cell", "delay"), CHOICES)
def test_every_frame_has_one_size_and_a_true_description(cell, delay):
    figure = demos.draw_probe(cell, delay)
    FigureCanvasAgg(figure).draw()
    assert tuple(figure.get_size_inches()) == (7.6, 3.6)
    result = demos.probe(cell, delay)
    text = demos.describe_probe(cell, delay)
    assert int(re.search(r"(\d+)% of unseen", text)[1]) == round(100 * result.right[-1])
    fresh, trained = map(float, re.findall(r"of ([\d.e-]+) (?:arrives|in the trained)", text))
    assert fresh == pytest.approx(result.fresh[0], rel=0.06)
    assert trained == pytest.approx(result.trained[0], rel=0.06)
    line = figure.axes[0].get_lines()[1]
    np.testing.assert_array_equal(line.get_ydata(), result.right)


@pytest.mark.parametrize("kind", [RNN, LSTM])
def test_the_reach_is_measured_by_the_change_that_it_predicts(kind):
    """Move the state (the memory) before the first step a little: the answer moves as told."""
    rng = np.random.default_rng(3)
    layer, x = kind(2, 3, rng=rng), rng.normal(size=(1, 4, 2))
    share = demos.reach(layer, x)
    assert share.shape == (4,)
    assert share[-1] == 1
    assert not any(parameter.grad.any() for parameter in layer.parameters())
    dy = np.random.default_rng(0).normal(size=(1, 3))

    def answer(start):
        # From the second step on, out of the state and the memory that the first step made.
        return (layer.forward(x[:, 1:], **start)[:, -1] * dy).sum()

    h = layer.forward(x[:, :1])[:, 0]
    start = {"h0": h, "c0": layer.c[:, 0]} if kind is LSTM else {"h0": h}
    slopes = np.zeros((1, 3))
    for j in range(3):
        ends = []
        for sign in (1, -1):
            moved = {name: value.copy() for name, value in start.items()}
            if kind is LSTM:
                moved["c0"][0, j] += sign * 1e-5
                gate = moved["h0"] / np.tanh(start["c0"])  # h is o * tanh(c)
                moved["h0"] = gate * np.tanh(moved["c0"])
            else:
                moved["h0"][0, j] += sign * 1e-5
            ends.append(answer(moved))
        slopes[0, j] = (ends[0] - ends[1]) / 2e-5
    h = layer.forward(x)
    last = np.zeros_like(h)
    last[:, -1] = dy
    layer.backward(last)
    end = np.linalg.norm((layer.dc if kind is LSTM else layer.dh)[0, -1])
    assert share[0] == pytest.approx(np.linalg.norm(slopes) / end, rel=1e-5)


def test_what_the_chapter_says_about_remembering_is_so():
    def right(cell, delay):
        return demos.probe(cell, delay).right[-1]

    assert right("RNN", 5) == 1
    assert right("RNN", 10) < 0.6
    assert right("LSTM, forget bias 1", 20) == 1
    assert right("LSTM, forget bias 1", 40) < 0.35
    assert right("LSTM, forget bias 4", 40) == 1
    assert demos.probe("LSTM, forget bias 1", 10).fresh[0] < 0.5
    assert 0.8 < demos.probe("LSTM, forget bias 1", 10).trained[0] < 1.5
