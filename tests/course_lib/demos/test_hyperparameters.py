import re

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from course_lib import DivergenceError, ReLU, Tanh, Trial, run_search
from course_lib.datasets import load_digits
from course_lib.demos import error_map
from course_lib.demos import hyperparameters as demos

SETTING = {"layers": 1, "neurons": 8, "activation": Tanh, "lr": 0.5, "epochs": 2}


def some_digits():
    X, _, y, _ = demos.study_data()
    return X[:300], y[:300], X[300:500], y[300:500]


def test_the_sealed_pictures_take_no_part_in_the_study():
    X, X_test, y, y_test = demos.study_data()
    images, digits = load_digits()
    assert len(X) + len(X_test) == len(images)
    rows = {row.tobytes() for row in X}
    assert not [row for row in X_test if row.tobytes() in rows]
    np.testing.assert_array_equal(np.sort(np.concatenate([y, y_test])), np.sort(digits))
    assert not X.flags.writeable


@pytest.mark.parametrize(("layers", "neurons", "activation"), [(1, 8, ReLU), (3, 5, Tanh)])
def test_a_network_is_built_as_the_setting_says(layers, neurons, activation):
    parameters = {"layers": layers, "neurons": neurons, "activation": activation}
    network = demos.new_network(parameters, np.random.default_rng(0))
    assert sum(isinstance(layer, activation) for layer in network.layers) == layers
    widths = [len(layer.b.value) for layer in network.layers[::2]]
    assert widths == [neurons] * layers + [10]


def test_errors_fall_while_a_network_learns_and_repeat_with_the_same_generator():
    def run(seed):
        setting = SETTING | {"epochs": 6}
        rng = np.random.default_rng(seed)
        return list(demos.validation_errors(setting, *some_digits(), rng))

    errors = run(0)
    assert len(errors) == 6
    assert errors[-1] < errors[0] / 2
    assert errors == run(0) != run(1)


def test_a_rate_that_is_far_too_high_is_reported_as_divergence():
    setting = SETTING | {"layers": 3, "neurons": 64, "activation": ReLU, "lr": 1e6}
    with pytest.raises(DivergenceError):
        list(demos.validation_errors(setting, *some_digits(), np.random.default_rng(0)))


def test_the_error_of_a_setting_is_the_mean_over_its_folds():
    setting = SETTING | {"epochs": 1}
    errors = demos.fold_errors(setting, demos.FOLDS, np.random.default_rng(3))
    assert errors.shape == (demos.FOLDS,)
    assert demos.cross_validated_error(setting, np.random.default_rng(3)) == errors.mean()


def test_a_cluster_on_the_loopback_interface_finds_the_scores_that_this_process_finds(tmp_path):
    """The chapter's call on a Dask cluster: own processes, which talk over TCP."""
    distributed = pytest.importorskip("distributed")
    trials = [SETTING | {"lr": lr, "epochs": 1} for lr in (0.1, 0.5, 1.0)]

    def search(executor=None):
        rng = np.random.default_rng(0)
        results = run_search(demos.cross_validated_error, trials, rng=rng, executor=executor)
        return {trial.number: trial.score for trial in results}

    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            local_directory=str(tmp_path),
        ) as cluster,
        distributed.Client(cluster.scheduler_address) as client,
    ):
        assert cluster.scheduler_address.startswith("tcp://127.0.0.1:")
        assert search(client.get_executor()) == search()


def test_watching_passes_every_trial_on_and_shows_the_best_so_far(capsys):
    scores = [0.5, None, 0.2, 0.3]
    failures = [None, "DivergenceError: …", None, None]
    trials = [
        Trial(i, {}, score, failure, 0.1)
        for i, (score, failure) in enumerate(zip(scores, failures, strict=True))
    ]
    assert list(demos.watch(trials, 4)) == trials
    shown = capsys.readouterr().out.splitlines()
    best = [re.search(r"error (\S+)%", line)[1] for line in shown]
    assert best == ["50.0", "50.0", "20.0", "20.0"]
    assert [line.count("#") for line in shown] == [5, 10, 15, 20]


def test_a_search_in_which_all_fail_says_so(capsys):
    list(demos.watch([Trial(0, {}, None, "ValueError: no", 0.1)], 1))
    assert "none succeeded" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("layers", "epochs", "pictures"), [(1, 8, "A"), (1, 1, "both"), (3, 8, "B"), (3, 4, "both")]
)
def test_the_map_has_one_size_and_a_true_description(layers, epochs, pictures):
    figure = error_map.draw_map(layers, epochs, pictures)
    FigureCanvasAgg(figure).draw()
    assert tuple(figure.get_size_inches()) == (7.2, 4.2)
    errors = error_map.map_of_errors(layers, epochs, pictures)
    text = error_map.describe_map(layers, epochs, pictures)
    least, best = re.search(r"wrong answers, (\S+)%: (.*?)\. With", text).groups()
    assert float(least) == pytest.approx(100 * np.nanmin(errors), abs=0.051)
    for neurons, rate in re.findall(r"(\d+) neurons with rate ([\d.]+)", best):
        cell = error_map.NEURONS.index(int(neurons)), error_map.RATES.index(float(rate))
        assert errors[cell] == pytest.approx(np.nanmin(errors))
    diverged = re.search(r"In (\d+) of 24", text)
    assert (int(diverged[1]) if diverged else 0) == np.isnan(errors).sum()
    written = [label.get_text() for label in figure.axes[0].texts]
    assert written.count("×") == np.isnan(errors).sum()
    frames = len(figure.axes[0].patches)
    assert frames == best.count("neurons")


def test_the_mean_of_both_parts_is_a_mean():
    A, B, both = (error_map.map_of_errors(3, 8, part) for part in error_map.PARTS)
    np.testing.assert_allclose(both, (A + B) / 2)


def test_what_the_chapter_says_about_the_map_is_so():
    def best_rates(layers, pictures):
        errors = error_map.map_of_errors(layers, 8, pictures)
        return {error_map.RATES[column] for _, column in error_map._best(errors)}

    assert best_rates(1, "A") == best_rates(1, "B") == {3.0}
    assert best_rates(3, "A") | best_rates(3, "B") == {0.3, 1.0}
    early, late = (error_map.map_of_errors(3, epoch, "B")[-1] for epoch in (1, 8))
    slow, fast = error_map.RATES.index(0.1), error_map.RATES.index(0.3)
    assert early[slow] > 2 * early[fast]
    assert late[slow] < late[fast]
    A, B = (error_map.map_of_errors(1, 8, part) for part in "AB")
    assert {tuple(cell) for cell in error_map._best(A)}.isdisjoint(
        {tuple(cell) for cell in error_map._best(B)}
    )
