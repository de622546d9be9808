import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from course_lib.datasets import load_digits
from course_lib.demos import data_parallel, scale


def test_more_pictures_and_more_neurons_together_make_fewer_errors():
    few, many = scale.errors(2), scale.errors(128)
    assert few.shape == many.shape == (len(scale.SIZES),)
    assert many[-1] < few[-1] / 5
    assert np.all(np.diff(many) < 0)
    assert not many.flags.writeable


@pytest.mark.parametrize("width", scale.WIDTHS)
def test_the_count_of_parameters_is_that_of_the_network(width, monkeypatch):
    seen = []

    def train(model, *arguments, **options):
        seen.append(sum(parameter.value.size for parameter in model.parameters()))
        return iter(())

    monkeypatch.setattr(scale, "train", train)
    X, y = load_digits()
    rng = np.random.default_rng(0)
    scale.error_of_a_network(width, X[:20], y[:20], X[20:40], y[20:40], rng)
    assert seen == [scale.parameter_count(width)]


@pytest.mark.parametrize("size", scale.SIZES)
def test_every_network_takes_about_the_same_number_of_steps(size, monkeypatch):
    steps = []

    def train(*arguments, epochs, batch_size, **options):
        steps.append(epochs * size / batch_size)
        return iter(())

    monkeypatch.setattr(scale, "train", train)
    X, y = load_digits()
    rng = np.random.default_rng(0)
    scale.error_of_a_network(2, X[:size], y[:size], X[size:], y[size:], rng)
    assert steps[0] == pytest.approx(scale.STEPS, rel=0.1)


@pytest.mark.parametrize(("pictures", "neurons"), [(18, 2), (150, 8), (1198, 128)])
def test_the_picture_has_one_size_and_a_true_description(pictures, neurons):
    figure = scale.draw_scale(pictures, neurons)
    FigureCanvasAgg(figure).draw()
    assert tuple(figure.get_size_inches()) == (7.6, 4.0)
    by_data, by_model = figure.axes
    place = scale.SIZES.index(pictures)
    error = 100 * scale.errors(neurons)[place]
    assert by_data.lines[-1].get_xydata()[0] == pytest.approx((pictures, error))
    expected = (scale.parameter_count(neurons), error)
    assert by_model.lines[-1].get_xydata()[0] == pytest.approx(expected)
    assert len(by_data.lines) == len(scale.WIDTHS) + 1
    assert len(by_model.lines) == len(scale.SIZES) + 1
    text = scale.describe_scale(pictures, neurons)
    first, *others = [float(percent) for percent in re.findall(r"([\d.]+)%", text)]
    assert first == pytest.approx(error, abs=0.051)
    by_width = [scale.errors(width)[place] for width in scale.WIDTHS]
    shown = [*scale.errors(neurons), *by_width]
    np.testing.assert_allclose(others, 100 * np.array(shown), atol=0.051)


def test_what_the_chapter_says_about_the_demo_is_so():
    at_18 = {width: scale.errors(width)[0] for width in scale.WIDTHS}
    assert at_18[128] > at_18[8] - 0.03
    four = scale.errors(4)
    assert 0.15 < four[-1] < four[4] < 0.25
    assert four[4] - four[-1] < 0.03
    n = np.array(scale.SIZES)
    last_slopes = {w: -np.log(scale.errors(w)[-1] / scale.errors(w)[4]) / np.log(n[-1] / n[4])
                   for w in scale.WIDTHS}  # fmt: skip
    assert max(last_slopes, key=last_slopes.get) == 128
    slope, height = np.polyfit(np.log(n[:5]), np.log(scale.errors(128)[:5]), 1)
    continued = np.exp(height) * n**slope
    assert 1.0 < scale.errors(128)[-1] / continued[-1] < 1.5  # the line promised a little more
    np.testing.assert_allclose(scale.errors(128), continued, rtol=0.25)


def test_many_digits_are_digits_moved_by_at_most_one_pixel():
    x, y = data_parallel.many_digits(50, rng=np.random.default_rng(0))
    X, labels = load_digits()
    assert x.dtype == np.float32
    sources = {}
    for image, label in zip(X.reshape(-1, 8, 8), labels, strict=True):
        padded = np.pad(image, 1).astype(np.float32)
        for row, column in np.ndindex(3, 3):
            sources[padded[row : row + 8, column : column + 8].tobytes()] = label
    assert [sources[row.tobytes()] for row in x] == list(y)


def test_the_fastest_of_a_few_runs_is_what_counts(monkeypatch):
    times = iter([0.0, 5.0, 10.0, 12.0, 20.0, 29.0])
    monkeypatch.setattr(data_parallel.time, "perf_counter", lambda: next(times))
    assert data_parallel.fastest(lambda: None) == 2.0


def test_a_shared_step_is_cut_into_as_many_shards_as_asked_for():
    class Counting(ThreadPoolExecutor):
        submitted = 0

        def submit(self, *arguments):
            self.submitted += 1
            return super().submit(*arguments)

    with Counting(2) as executor:
        assert data_parallel.step_seconds(6, shards=3, executor=executor) > 0
    assert executor.submitted == 3 * data_parallel.TRIES
