import re

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from numpy.testing import assert_allclose, assert_array_equal

from course_lib.datasets import load_digits
from course_lib.demos import overfitting as demos

CHOICES = [(50, 0.0, 10), (50, 0.25, 50), (100, 0.0, 2000)]


def test_few_digits_are_centred_and_the_unseen_ones_are_the_rest() -> None:
    x, y, x_unseen, y_unseen = demos.few_digits(150, 0.0, rng=np.random.default_rng(3))
    images, digits = load_digits()
    assert_allclose(x.mean(axis=0), 0, atol=1e-12)
    mean = images[np.random.default_rng(3).permutation(len(images))[:150]].mean(axis=0)
    together = np.concatenate([x, x_unseen]) + mean
    labels = np.concatenate([y, y_unseen])
    ours = sorted((label, *np.rint(16 * row)) for label, row in zip(labels, together, strict=True))
    assert ours == sorted((label, *(16 * row)) for label, row in zip(digits, images, strict=True))


@pytest.mark.parametrize("wrong", [0.1, 0.25, 0.9])
def test_the_clerk_errs_as_often_as_told_and_only_on_training_labels(wrong: float) -> None:
    right = demos.few_digits(200, 0.0, rng=np.random.default_rng(0))
    written = demos.few_digits(200, wrong, rng=np.random.default_rng(0))
    for i in (0, 2, 3):
        assert_array_equal(right[i], written[i])
    assert np.count_nonzero(right[1] != written[1]) == round(wrong * 200)
    assert written[1].min() >= 0
    assert written[1].max() <= 9


def test_more_mistakes_include_the_fewer_ones() -> None:
    right, few, many = (
        demos.few_digits(100, wrong, rng=np.random.default_rng(1))[1] for wrong in (0.0, 0.1, 0.4)
    )
    slips = few != right
    assert_array_equal(few[slips], many[slips])


@pytest.mark.parametrize("examples", [1, 1797])
def test_few_digits_refuses_a_set_that_leaves_nothing(examples: int) -> None:
    with pytest.raises(ValueError, match="examples"):
        demos.few_digits(examples, 0.0, rng=np.random.default_rng(0))


@pytest.mark.parametrize("width", [5, 40, 100])
def test_the_last_layer_has_the_least_squared_error_and_the_least_length(width: int) -> None:
    rng = np.random.default_rng(width)
    x, targets = rng.normal(size=(40, 6)), rng.normal(size=(40, 3))
    fitted, V = demos.fit_last_layer(x, targets, x, width, np.random.default_rng(0))
    h = np.maximum(x @ np.random.default_rng(0).normal(0, np.sqrt(2 / 6), (6, width)), 0)
    assert_allclose(V, np.linalg.pinv(h) @ targets, atol=1e-6 * np.abs(V).max())
    assert_allclose(fitted, h @ V, atol=1e-8 * np.abs(V).max())


def test_every_frame_has_the_same_size() -> None:
    sizes = set()
    for choice in CHOICES:
        figure = demos.draw_descent(*choice)
        FigureCanvasAgg(figure).draw()
        sizes.add(tuple(figure.get_size_inches()))
    assert len(sizes) == 1


@pytest.mark.parametrize(("examples", "wrong", "width"), CHOICES)
def test_the_description_agrees_with_what_is_measured(
    examples: int, wrong: float, width: int
) -> None:
    text = demos.describe_descent(examples, wrong, width)
    errors, scores = demos.measure(examples)
    j, i = demos.WRONG.index(wrong), demos.WIDTHS.index(width)
    numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", text)]
    assert_allclose(numbers[:3], [examples, 100 * wrong, width])
    assert_allclose(numbers[3:5], 100 * errors[j, i], atol=0.51)
    assert numbers[5] == pytest.approx(100 * errors[j, :, 1].max(), abs=0.51)
    assert_allclose(numbers[8:10], [scores[j, i].min(), scores[j, i].max()], atol=0.051)
    assert numbers[10] == scores[j, i].argmax()


def test_one_measured_error_is_the_one_that_a_plain_loop_finds() -> None:
    examples, width = 50, 20
    shares = []
    for draw in range(demos.DRAWS):
        x, y, x_unseen, y_unseen = demos.few_digits(examples, 0.25, rng=np.random.default_rng(draw))
        answers, _ = demos.fit_last_layer(
            x, np.eye(10)[y], x_unseen[: demos.UNSEEN], width, np.random.default_rng(draw)
        )
        shares.append(np.mean(answers.argmax(axis=1) != y_unseen[: demos.UNSEEN]))
    errors, _ = demos.measure(examples)
    assert errors[demos.WRONG.index(0.25), demos.WIDTHS.index(width), 1] == pytest.approx(
        np.mean(shares), abs=1e-3
    )


@pytest.mark.parametrize("examples", demos.SIZES)
def test_what_the_chapter_says_about_the_peak_is_so(examples: int) -> None:
    errors, _ = demos.measure(examples)
    peak = demos.WIDTHS.index(examples)
    for unseen in errors[:, :, 1]:
        assert unseen.argmax() == peak
    before, beyond = errors[:, :peak, 1].min(axis=1), errors[:, peak:, 1].min(axis=1)
    right, wrong = beyond / before
    assert right < 0.5 < wrong


def test_at_the_threshold_more_data_hurt() -> None:
    place = demos.WIDTHS.index(100)
    few, twice = demos.measure(50)[0][:, place, 1], demos.measure(100)[0][:, place, 1]
    assert few[0] < 0.32
    assert twice[0] > 0.8
    assert (few < twice).all()
