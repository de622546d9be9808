import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from course_lib.architecture import Dense, ReLU, count_parameters
from course_lib.demos import layers as demos

CHOICES = [(0, 2, "3"), (1, 2, "8"), (1, 32, "3"), (2, 16, "9")]


def test_every_frame_has_the_same_size() -> None:
    sizes = {tuple(demos.draw_reader(*choice).get_size_inches()) for choice in CHOICES}
    assert len(sizes) == 1


@pytest.mark.parametrize(("hidden_layers", "width", "digit"), CHOICES)
def test_the_description_says_what_the_network_computes(
    hidden_layers: int, width: int, digit: str
) -> None:
    model = demos.digit_reader(*[width] * hidden_layers)
    scores = model.forward([demos.picture_of(int(digit))])[0]
    text = demos.describe_reader(hidden_layers, width, digit)
    assert f"{count_parameters(model.parameters()):,} parameters" in text
    answer, score = re.findall(r"largest output, (\S+), is that of the (\d)", text)[0][::-1]
    assert int(answer) == scores.argmax()
    assert float(score) == pytest.approx(scores.max(), abs=0.005)
    silent = [int(count) for count in re.findall(r"(\d+) of \d+ neurons answer 0", text)]
    hidden = demos.trace(model, demos.picture_of(int(digit)))[1:-1]
    assert silent == [np.count_nonzero(row == 0) for row in hidden]
    assert f"{demos.share_read(model):.0%} of the unseen digits right" in text


@pytest.mark.parametrize(("hidden_layers", "width", "digit"), CHOICES)
def test_the_picture_shows_shapes_counts_and_the_answer_in_bold(
    hidden_layers: int, width: int, digit: str
) -> None:
    figure = demos.draw_reader(hidden_layers, width, digit)
    texts = figure.axes[1].texts
    written = [text.get_text() for text in texts]
    model = demos.digit_reader(*[width] * hidden_layers)
    assert "input\n(N, 64)" in written
    assert "output\n(N, 10)" in written
    assert written.count(f"hidden\n(N, {width})") == hidden_layers
    for layer in model:
        if isinstance(layer, Dense):
            assert f"{count_parameters(layer.parameters()):,}\nparameters" in written
    bold = [text.get_text() for text in texts if text.get_fontweight() == "bold"]
    answer = model.forward([demos.picture_of(int(digit))]).argmax()
    assert bold == [str(answer)]


def test_a_trace_holds_the_answers_after_the_relu_and_the_bare_scores() -> None:
    model, x = demos.digit_reader(8), demos.picture_of(5)
    pixels, hidden, scores = demos.trace(model, x)
    assert_array_equal(pixels, x)
    assert_array_equal(hidden, model[1].forward(model[0].forward([x]))[0])
    assert_array_equal(scores, model.forward([x])[0])
    assert hidden.min() == 0 > scores.min()


def test_a_reader_has_no_relu_at_its_end_and_one_between_each_two_layers() -> None:
    model = demos.fully_connected([64, 5, 4, 10], np.random.default_rng(0))
    assert [type(layer) for layer in model] == [Dense, ReLU, Dense, ReLU, Dense]


def test_the_pictures_to_read_are_none_that_were_learned_from() -> None:
    x_train, _, _, y_test = demos.examples()
    for digit in range(10):
        assert not (x_train == demos.picture_of(digit)).all(axis=1).any()
    assert set(y_test) == set(range(10))
