import numpy as np
import pytest

from course_lib.plotting import plot_accuracy, plot_loss, style
from course_lib.training import Epoch


def records(validation=True):
    return [
        Epoch(
            epoch=i,
            loss=1 / i,
            accuracy=1 - 0.5 / i,
            gradient_norm=1.0,
            seconds=0.1,
            validation_loss=1.2 / i if validation else None,
            validation_accuracy=1 - 0.6 / i if validation else None,
        )
        for i in range(1, 6)
    ]


def test_the_loss_is_drawn_solid_for_training_and_dashed_for_validation(ax):
    assert plot_loss(ax, iter(records())) is ax
    train, unseen = ax.lines
    np.testing.assert_allclose(train.get_xydata(), [(i, 1 / i) for i in range(1, 6)])
    np.testing.assert_allclose(unseen.get_xydata(), [(i, 1.2 / i) for i in range(1, 6)])
    assert (train.get_color(), train.get_linestyle()) == (style.TRAIN, "-")
    assert (unseen.get_color(), unseen.get_linestyle()) == (style.VALIDATION, "--")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["training", "validation"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss")
    assert ax.get_ylim()[0] == 0


def test_without_validation_there_is_one_line_and_no_legend(ax):
    plot_loss(ax, records(validation=False))
    assert len(ax.lines) == 1
    assert ax.get_legend() is None


def test_validation_may_be_measured_in_some_epochs_only(ax):
    plot_loss(ax, records(validation=False)[:3] + records()[3:])
    np.testing.assert_allclose(ax.lines[1].get_xdata(), [4, 5])


def test_a_loss_can_be_drawn_on_logarithmic_axes(ax):
    plot_loss(ax, records(), log=True)
    assert ax.get_xscale() == ax.get_yscale() == "log"


def test_accuracy_is_written_in_percent_and_never_above_a_hundred(ax):
    assert plot_accuracy(ax, records()) is ax
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [1 - 0.5 / i for i in range(1, 6)])
    assert ax.yaxis.get_major_formatter()(0.975) == "97.5%"
    assert ax.get_ylim()[1] <= 1


def test_a_single_epoch_is_visible_as_a_marker(ax):
    plot_loss(ax, records()[:1])
    assert ax.lines[0].get_marker() == "o"


def test_epochs_are_marked_by_whole_numbers(ax):
    plot_loss(ax, records()[:2])
    ticks = ax.get_xticks()
    np.testing.assert_array_equal(ticks, np.round(ticks))


def test_curves_refuse_what_cannot_be_drawn(ax):
    with pytest.raises(ValueError, match="at least one epoch record"):
        plot_loss(ax, [])
    blind = Epoch(epoch=1, loss=1.0, accuracy=None, gradient_norm=1.0, seconds=0.1)
    with pytest.raises(ValueError, match="records with an accuracy"):
        plot_accuracy(ax, [blind])
    lost = Epoch(epoch=1, loss=np.nan, accuracy=None, gradient_norm=1.0, seconds=0.1)
    with pytest.raises(ValueError, match="finite training values"):
        plot_loss(ax, [lost])
