import re

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from course_lib.demos import training_loop as demos
from course_lib.training import DivergenceError, Epoch, SoftmaxCrossEntropy, evaluate


def records(epochs):
    for epoch in range(1, epochs + 1):
        yield Epoch(epoch, 1 / epoch, 0.8, 1.0, 0.1, 0.6, 0.01 * epoch)


def test_watching_passes_every_record_on_and_shows_the_last(capsys):
    assert list(demos.watch(records(25), 25)) == list(records(25))
    shown = capsys.readouterr().out.splitlines()
    assert any(demos.progress(list(records(25))[-1], 25) in line for line in shown[-3:])
    assert shown[-1].startswith("Figure")
    assert len([line for line in shown if "epoch" in line]) == 25


def test_watching_trains_no_further_than_it_is_asked(capsys):
    asked = []

    def training():
        for record in records(100):
            asked.append(record.epoch)
            yield record

    watched = demos.watch(training(), 100)
    assert [next(watched).epoch for _ in range(3)] == [1, 2, 3]
    watched.close()
    assert asked == [1, 2, 3]
    assert capsys.readouterr().out.splitlines()[-1].startswith("Figure")


def test_watching_shows_what_there_is_when_training_diverges(capsys):
    def training():
        yield from records(2)
        raise DivergenceError

    with pytest.raises(DivergenceError):
        list(demos.watch(training(), 10))
    assert capsys.readouterr().out.splitlines()[-1].startswith("Figure")


def test_the_progress_bar_grows_to_its_full_length():
    bars = [demos.progress(record, 40) for record in records(40)]
    lengths = [bar.count("#") for bar in bars]
    assert lengths == sorted(lengths)
    assert lengths[-1] == 20
    assert len({bar.index("]") - bar.index("[") for bar in bars}) == 1


@pytest.mark.parametrize(("width", "epoch"), [(2, 0), (4, 11), (32, 100)])
def test_the_maturing_boundary_has_one_size_and_a_true_description(width, epoch):
    figure = demos.draw_maturing(width, epoch)
    FigureCanvasAgg(figure).draw()
    assert tuple(figure.get_size_inches()) == (7.6, 3.8)
    text = demos.describe_maturing(width, epoch)
    wrong, unseen = map(int, re.search(r"(\d+) of the 200.*?(\d+)% of unseen", text).groups())
    X, y, X_unseen, y_unseen = demos.two_spirals()
    model = demos._run(width)[0][epoch]
    assert wrong == round((1 - evaluate(model, SoftmaxCrossEntropy(), X, y)[1]) * 200)
    share = evaluate(model, SoftmaxCrossEntropy(), X_unseen, y_unseen)[1]
    assert unseen == pytest.approx(100 * share, abs=0.51)


def test_the_networks_that_are_kept_are_those_after_their_epoch():
    """A network that is kept without a copy goes on learning, and all frames look the same."""
    kept, records = demos._run(4)
    *_, X_unseen, y_unseen = demos.two_spirals()
    for epoch in demos.EPOCHS[1:]:
        loss, _ = evaluate(kept[epoch], SoftmaxCrossEntropy(), X_unseen, y_unseen)
        assert loss == pytest.approx(records[epoch - 1].validation_loss)


def test_what_the_chapter_says_about_widths_is_so():
    X, y, *_ = demos.two_spirals()

    def wrong(width, epoch):
        return int((demos._labels(demos._run(width)[0][epoch], X) != y).sum())

    losses = [record.loss for record in demos._run(2)[1][20:]]
    assert 0.45 < min(losses) < max(losses) < 0.55
    assert wrong(32, 8) == 0
    assert wrong(8, 70) > 0 == wrong(8, 100)
