import itertools
import re

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from course_lib.challenges import output_size
from course_lib.demos import convolutional_networks as demos
from course_lib.demos import digit_reader as reader
from course_lib.demos import feature_hierarchy as hierarchy
from course_lib.training import SoftmaxCrossEntropy, evaluate


@pytest.mark.parametrize(("padding", "stride"), [(0, 1), (1, 2), (2, 3)])
@pytest.mark.parametrize("kernel", ["left edges", "blur"])
def test_a_kernel_on_a_digit_has_one_size_and_a_true_description(kernel, padding, stride):
    figure = demos.draw_convolution(kernel, padding, stride)
    FigureCanvasAgg(figure).draw()
    assert tuple(figure.get_size_inches()) == (7.8, 4.0)
    text = demos.describe_convolution(kernel, padding, stride)
    H_out = output_size(8, 3, stride=stride, padding=padding)
    assert f"gives {H_out} × {H_out} answers" in text
    largest, row, column = re.search(
        r"largest, (-?[\d.]+), is in row (\d+), column (\d+)", text
    ).groups()
    padded = np.pad(demos.a_three()[0, 0], padding)
    top, left = (int(row) - 1) * stride, (int(column) - 1) * stride
    patch = padded[top : top + 3, left : left + 3]
    assert np.sum(patch * demos.KERNELS[kernel]) == pytest.approx(float(largest), abs=0.051)


def test_kernels_find_what_they_are_named_after():
    step = np.tile([0.0, 0.0, 1.0, 1.0, 0.0, 0.0], (3, 1))  # paper, ink, paper
    kernels = demos.KERNELS
    assert np.sum(step[:, 0:3] * kernels["left edges"]) > 0
    assert np.sum(step[:, 2:5] * kernels["left edges"]) < 0
    assert np.sum(step.T[0:3] * kernels["upper edges"]) > 0
    assert np.sum(np.ones((3, 3)) * kernels["points"]) == 0
    assert np.sum(np.ones((3, 3)) * kernels["blur"]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("digit", "layer"), list(zip(demos.DIGITS, demos.LAYERS * 2, strict=True))[::2]
)
def test_feature_maps_have_one_size_and_a_true_description(digit, layer):
    figure = demos.draw_feature_maps(digit, layer)
    FigureCanvasAgg(figure).draw()
    assert tuple(figure.get_size_inches()) == (7.8, 4.2)
    text = demos.describe_feature_maps(digit, layer)
    _, X_test, _, y_test = reader.digit_split(0)
    x = X_test[np.argmax(y_test == digit)][None]
    maps = hierarchy.feature_maps(reader.trained_reader()[0], x)[demos.LAYERS.index(layer)][0]
    finding = sum(1 for one in maps if one.max() > 0)
    assert f"{finding} of its {len(maps)} filters" in text
    share = np.mean([np.mean((one >= one.max() / 2) & (one > 0)) for one in maps])
    assert f"{share:.0%} of a map's places" in text


def test_the_reader_of_the_chapter_reads_held_out_digits():
    model, _ = reader.trained_reader()
    X_train, X_test, _, y_test = reader.digit_split(0)
    assert len(X_train) + len(X_test) == 1797
    assert not {x.tobytes() for x in X_train} & {x.tobytes() for x in X_test}
    _, share = evaluate(model, SoftmaxCrossEntropy(), X_test, y_test)
    assert share >= 0.985


def test_what_filters_answer_to_becomes_more_special_from_layer_to_layer():
    model, _ = reader.trained_reader()
    _, X_test, _, y_test = reader.digit_split(0)
    edges, parts, _, hidden = hierarchy.feature_maps(model, X_test)
    levels = [edges.max(axis=(2, 3)), parts.max(axis=(2, 3)), hidden, model.forward(X_test)]
    shares = [hierarchy.explained_by_digit(level, y_test).mean() for level in levels]
    assert all(below + 0.1 < above for below, above in itertools.pairwise(shares))


def test_the_strongest_patch_is_what_the_filter_saw():
    """A patch that is cut one pixel off looks right and shows another part of the digit."""
    rng = np.random.default_rng(0)
    model = reader.digit_reader(rng=rng)
    x = rng.random((4, 1, 8, 8)).astype(np.float32)
    edges, parts, *_ = hierarchy.feature_maps(model, x)
    W = model.layers[0].W.value
    patches = hierarchy.strongest_patches(x, edges, 1, count=2)
    for f in range(len(W)):
        answers = np.sort(edges[:, f].max(axis=(1, 2)))[::-1]
        for patch, answer in zip(patches[f], answers, strict=False):
            assert max(0, np.sum(patch * W[f, 0])) == pytest.approx(answer, abs=1e-4)
    assert hierarchy.strongest_patches(x, parts, 2, count=3).shape == (32, 3, 5, 5)


@pytest.mark.parametrize("seed", range(5))
def test_the_explained_share_is_one_minus_the_variance_within_digits(seed):
    rng = np.random.default_rng(seed)
    digits = rng.integers(0, 4, 60)
    answers = rng.normal(size=(60, 3)) + digits[:, None] * [0.0, 0.5, 5.0]
    within = sum(
        (digits == digit).mean() * answers[digits == digit].var(axis=0) for digit in range(4)
    )
    shares = hierarchy.explained_by_digit(answers, digits)
    np.testing.assert_allclose(shares, 1 - within / answers.var(axis=0))


def test_a_placed_picture_loses_no_ink():
    x = np.random.default_rng(0).random((2, 1, 8, 8))
    for down in range(-2, 3):
        for right in range(-2, 3):
            assert reader.place(x, down, right).sum() == pytest.approx(x.sum())
    np.testing.assert_array_equal(reader.place(x, -2, 2)[:, :, :8, 4:], x)
