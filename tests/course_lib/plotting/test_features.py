import numpy as np
import pytest

from course_lib.plotting import plot_feature_maps, plot_kernels


def test_feature_maps_share_one_scale(ax):
    maps = np.stack([np.full((4, 4), 1.0), np.full((4, 4), 3.0)])
    assert plot_feature_maps(ax, maps, numbered=True) is ax
    image = ax.images[0]
    assert (image.norm.vmin, image.norm.vmax) == (0, 3)
    assert [text.get_text() for text in ax.texts] == ["0", "1"]


def test_maps_below_zero_are_drawn_in_signed_colours(ax):
    plot_feature_maps(ax, -np.ones((2, 3, 3)))
    assert ax.images[0].norm.vmin == -1
    assert ax.images[0].norm.vmax == 1


@pytest.mark.parametrize(("shape", "tiles"), [((4, 3, 2, 2), (4, 3)), ((9, 1, 3, 3), (3, 3))])
def test_kernels_stand_in_rows_of_filters_and_columns_of_channels(ax, shape, tiles):
    W = np.random.default_rng(0).normal(size=shape)
    assert plot_kernels(ax, W) is ax
    image = ax.images[0]
    filled = ~np.ma.getmaskarray(image.get_array())
    for axis, count in zip((1, 0), tiles, strict=True):
        starts = np.diff(filled.any(axis=axis).astype(int), prepend=0) == 1
        assert starts.sum() == count
    assert image.norm.vmax == pytest.approx(np.abs(W).max())
    assert image.norm.vmin == -image.norm.vmax


@pytest.mark.parametrize(
    ("draw", "array"), [(plot_feature_maps, np.ones((3, 3))), (plot_kernels, np.ones((2, 3, 3)))]
)
def test_feature_pictures_refuse_wrong_shapes(ax, draw, array):
    with pytest.raises(ValueError, match=f"{draw.__name__} expected"):
        draw(ax, array)
