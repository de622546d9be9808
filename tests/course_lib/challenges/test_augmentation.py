import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.challenges.augmentation import add_noise, shift_images

seeds = st.integers(0, 2**32)


def shifted(image, down, right):
    """Shift one (C, H, W) image pixel by pixel."""
    result = np.zeros_like(image)
    _, H, W = image.shape
    for i in range(H):
        for j in range(W):
            if 0 <= i - down < H and 0 <= j - right < W:
                result[:, i, j] = image[:, i - down, j - right]
    return result


@settings(deadline=None)
@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 6), st.integers(1, 6), st.data(), seeds)
def test_every_image_is_shifted_as_a_whole(N, C, H, W, data, seed):
    max_shift = data.draw(st.integers(0, min(H, W) - 1))
    rng = np.random.default_rng(seed)
    x = rng.uniform(1, 2, size=(N, C, H, W))
    before = x.copy()
    y = shift_images(x, max_shift, rng=rng)
    np.testing.assert_array_equal(x, before)
    assert not np.shares_memory(x, y)
    assert y.shape == x.shape
    moves = range(-max_shift, max_shift + 1)
    for image, moved in zip(x, y, strict=True):
        assert any(np.array_equal(moved, shifted(image, d, r)) for d in moves for r in moves)


def test_all_shifts_are_equally_likely():
    x = np.zeros((18_000, 1, 5, 5))
    x[:, 0, 2, 2] = 1
    total = shift_images(x, 1, rng=np.random.default_rng(0)).sum(axis=0)[0]
    assert total.sum() == 18_000
    np.testing.assert_array_equal(
        np.argwhere(total), [[i, j] for i in (1, 2, 3) for j in (1, 2, 3)]
    )
    assert np.abs(total[1:4, 1:4] - 2000).max() < 5 * np.sqrt(2000)


def test_a_flat_image_is_shifted_like_the_square_one():
    x = np.random.default_rng(0).uniform(size=(20, 64))
    flat = shift_images(x, 2, rng=np.random.default_rng(1))
    square = shift_images(x.reshape(20, 1, 8, 8), 2, rng=np.random.default_rng(1))
    np.testing.assert_array_equal(flat, square.reshape(20, 64))


def test_a_shift_of_zero_copies_the_images():
    x = np.random.default_rng(0).uniform(size=(3, 16))
    y = shift_images(x, 0, rng=np.random.default_rng(1))
    np.testing.assert_array_equal(x, y)
    assert not np.shares_memory(x, y)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept(dtype):
    rng = np.random.default_rng(0)
    x = np.ones((2, 16), dtype)
    assert shift_images(x, 1, rng=rng).dtype == dtype
    assert add_noise(x, np.float64(0.1), rng=rng).dtype == dtype


def test_noise_has_the_size_that_was_asked_for_and_leaves_x_alone():
    x = np.full((100, 100), 3.0)
    y = add_noise(x, 0.5, rng=np.random.default_rng(0))
    assert (x == 3).all()
    assert abs(y.mean() - 3) < 5 * 0.5 / 100
    assert abs(y.std() - 0.5) < 0.02
    np.testing.assert_array_equal(add_noise(x, 0, rng=np.random.default_rng(0)), x)


def test_bad_arguments_are_named():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"shift_images expected x of shape .*, got \(2, 10\)"):
        shift_images(np.ones((2, 10)), 1, rng=rng)
    for shape in ((4,), (2, 4, 4), (1, 1, 1, 4, 4)):
        with pytest.raises(ValueError, match="shift_images expected x of shape"):
            shift_images(np.ones(shape), 1, rng=rng)
    with pytest.raises(ValueError, match="shift_images expected x of shape"):
        shift_images(3.0, 1, rng=rng)
    with pytest.raises(ValueError, match="max_shift below the images' size 8×8, got 8"):
        shift_images(np.ones((2, 64)), 8, rng=rng)
    with pytest.raises(ValueError, match="max_shift of at least 0, got -1"):
        shift_images(np.ones((2, 64)), -1, rng=rng)
    with pytest.raises(TypeError, match="shift_images expected rng"):
        shift_images(np.ones((2, 64)), 1, rng=3)
    with pytest.raises(ValueError, match="add_noise expected std of at least 0"):
        add_noise(np.ones(3), -1, rng=rng)
    with pytest.raises(TypeError, match="add_noise expected std to be a number"):
        add_noise(np.ones(3), "1", rng=rng)
    with pytest.raises(TypeError, match="add_noise expected rng"):
        add_noise(np.ones(3), 1, rng=None)
    with pytest.raises(ValueError, match="add_noise expected finite x"):
        add_noise([np.inf], 1, rng=rng)
