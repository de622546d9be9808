import numpy as np
import pytest
from matplotlib.colors import to_rgb

from course_lib.plotting import plot_confusion_matrix, plot_image, plot_images, style


def colour(image, row, column):
    """The colour in which an entry of a picture is drawn."""
    return np.array(image.cmap(image.norm(image.get_array()[row, column]))[:3])


def test_an_image_is_white_at_zero_and_darkest_at_its_greatest_value(ax):
    assert plot_image(ax, [[0.0, 5.0, 10.0]]) is ax
    image = ax.images[0]
    shades = [colour(image, 0, column).mean() for column in range(3)]
    assert shades[0] == 1
    assert shades[0] > shades[1] > shades[2]
    assert shades[2] == pytest.approx(0)
    assert not ax.axison


def test_signed_values_are_coloured_around_white(ax):
    plot_image(ax, [[-1.0, 0.0, 4.0]], signed=True)
    image = ax.images[0]
    np.testing.assert_allclose(colour(image, 0, 1), 1, atol=0.01)
    np.testing.assert_allclose(colour(image, 0, 2), to_rgb(style.POSITIVE), atol=0.01)
    assert image.norm.vmin == -image.norm.vmax == -4


def test_a_limit_fixes_the_scale_and_an_image_of_zeros_is_white(ax):
    plot_image(ax, [[1.0]], limit=8)
    assert ax.images[0].norm.vmax == 8
    plot_image(ax, np.zeros((2, 2)))
    np.testing.assert_array_equal(colour(ax.images[1], 0, 0), 1)


@pytest.mark.parametrize(("columns", "grid"), [(None, (3, 3)), (2, (4, 2)), (20, (1, 7))])
def test_tiles_hold_their_images_row_by_row(ax, columns, grid):
    images = np.random.default_rng(0).uniform(1, 2, (7, 4, 5))
    assert plot_images(ax, images, columns=columns) is ax
    canvas = np.ma.filled(ax.images[0].get_array(), np.nan)
    filled = np.isfinite(canvas)
    np.testing.assert_allclose(canvas[filled].sum(), images.sum())
    rows = np.flatnonzero(np.diff(filled.any(axis=1).astype(int), prepend=0) == 1)
    left = np.flatnonzero(np.diff(filled.any(axis=0).astype(int), prepend=0) == 1)
    assert (len(rows), len(left)) == grid
    for i, image in enumerate(images):
        row, column = rows[i // grid[1]], left[i % grid[1]]
        np.testing.assert_array_equal(canvas[row : row + 4, column : column + 5], image)


def test_captions_stand_above_their_tiles_in_their_colours(ax):
    plot_images(ax, np.ones((2, 8, 8)), captions=["3", "5"], colors=["red", "blue"], columns=2)
    first, second = ax.texts
    assert (first.get_text(), second.get_text()) == ("3", "5")
    assert (first.get_color(), second.get_color()) == ("red", "blue")
    assert first.get_position()[0] < second.get_position()[0]
    top_of_image = np.flatnonzero(~np.ma.getmaskarray(ax.images[0].get_array()).all(axis=1))[0]
    assert first.get_position()[1] < top_of_image


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda ax: plot_image(ax, [1.0, 2.0]), r"image of shape \(H, W\), got \(2,\)"),
        (lambda ax: plot_image(ax, [[-1.0]]), "signed=True"),
        (lambda ax: plot_image(ax, [[1.0]], limit=0), "limit above 0"),
        (lambda ax: plot_images(ax, np.ones((2, 2))), r"images of shape \(N, H, W\)"),
        (lambda ax: plot_images(ax, np.ones((2, 2, 2)), captions=["1"]), "2 captions, got 1"),
        (lambda ax: plot_images(ax, np.ones((2, 2, 2)), columns=0), "columns of at least 1"),
        (lambda ax: plot_confusion_matrix(ax, [[1, 2]]), r"counts of shape \(1, 1\)"),
        (lambda ax: plot_confusion_matrix(ax, [[-1]]), "counts of at least 0"),
        (lambda ax: plot_confusion_matrix(ax, [[1]], names=["a", "b"]), "1 names, got 2"),
    ],
)
def test_pictures_refuse_what_does_not_fit(ax, draw, message):
    with pytest.raises(ValueError, match=message):
        draw(ax)


def test_a_confusion_matrix_refuses_shares_in_place_of_counts(ax):
    with pytest.raises(TypeError, match="whole counts"):
        plot_confusion_matrix(ax, [[0.5, 0.5], [0.1, 0.9]])


def test_a_confusion_matrix_writes_counts_and_shades_shares_of_rows(ax):
    counts = np.array([[90, 10, 0], [0, 3, 1], [0, 0, 0]])
    assert plot_confusion_matrix(ax, counts, names=["a", "b", "c"]) is ax
    written = {text.get_position(): text.get_text() for text in ax.texts}
    assert written == {
        (0, 0): "90",
        (1, 0): "10",
        (1, 1): "3",
        (2, 1): "1",
        (2, 2): "0",
    }
    np.testing.assert_allclose(
        ax.images[0].get_array(), [[0.9, 0.1, 0], [0, 0.75, 0.25], [0, 0, 0]]
    )
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b", "c"]
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("true class", "predicted class")


def test_counts_are_written_legibly_on_every_shade(ax):
    shares = np.arange(4, 101, 8)
    plot_confusion_matrix(ax, np.diag(shares) + np.diag(100 - shares[:-1], 1))
    image = ax.images[0]
    for text in ax.texts:
        column, row = text.get_position()
        ground, letter = colour(image, row, column), np.array(to_rgb(text.get_color()))
        luminance = []
        for c in (ground, letter):
            linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
            luminance.append(linear @ [0.2126, 0.7152, 0.0722])
        assert (max(luminance) + 0.05) / (min(luminance) + 0.05) >= 4.5
