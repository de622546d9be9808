import json
import multiprocessing
import os
import time
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.architecture import ReLU, Tanh
from course_lib.challenges.distributions import LogUniform, Uniform
from course_lib.challenges.search import run_search
from course_lib.challenges.search_log import Trial
from course_lib.challenges.search_space import grid, random_search

TRIALS = [{"lr": lr} for lr in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)]


def noisy(parameters, rng):
    return parameters["lr"] + rng.normal()


def noisy_after_a_wait(parameters, rng):
    time.sleep(0.03 * parameters["lr"])  # the first trials are not the first to finish
    return noisy(parameters, rng)


def fails_on_some(parameters, rng):
    if parameters["lr"] in (0.2, 0.5):
        raise ZeroDivisionError("lr is cursed")
    return noisy(parameters, rng)


def dies(parameters, rng):
    os._exit(1)


def search(evaluate_trial=noisy, trials=TRIALS, seed=0, **options):
    return run_search(evaluate_trial, trials, rng=np.random.default_rng(seed), **options)


def outcomes(results):
    return {trial.number: (trial.parameters, trial.score, trial.failure) for trial in results}


def processes(workers):
    # Forked workers know this module without importing it.
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork"))


def test_each_trial_is_evaluated_with_its_own_generator():
    scores = [trial.score for trial in search()]
    noise = np.array(scores) - [parameters["lr"] for parameters in TRIALS]
    assert len(set(noise)) == len(TRIALS)
    expected = [rng.normal() for rng in np.random.default_rng(0).spawn(len(TRIALS))]
    np.testing.assert_allclose(noise, expected)


def test_scores_depend_on_the_seed_and_not_on_numbers_drawn_before():
    rng = np.random.default_rng(0)
    rng.normal(size=100)
    drawn_before = run_search(noisy, TRIALS, rng=rng)
    assert outcomes(drawn_before) == outcomes(search()) != outcomes(search(seed=1))


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_scores_do_not_depend_on_the_number_of_threads(workers):
    with ThreadPoolExecutor(workers) as executor:
        assert outcomes(search(noisy_after_a_wait, executor=executor)) == outcomes(search())


def test_scores_do_not_depend_on_processes():
    with processes(2) as executor:
        assert outcomes(search(executor=executor)) == outcomes(search())


def test_scores_do_not_depend_on_a_cluster(tmp_path):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=1,
            threads_per_worker=2,
            processes=False,
            dashboard_address=None,
            local_directory=str(tmp_path),
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert outcomes(search(executor=client.get_executor())) == outcomes(search())


def test_results_arrive_as_they_are_completed():
    waits = [{"lr": 10.0}, {"lr": 0.0}]
    with ThreadPoolExecutor(2) as executor:
        numbers = [trial.number for trial in search(noisy_after_a_wait, waits, executor=executor)]
    assert numbers == [1, 0]


def test_without_an_executor_trials_run_one_by_one_as_results_are_asked_for():
    started = []

    def evaluate_trial(parameters, rng):
        started.append(parameters["lr"])
        return 0.0

    results = search(evaluate_trial)
    assert started == []
    next(results)
    assert started == [0.1]
    next(results)
    assert started == [0.1, 0.2]


def test_when_nobody_reads_on_waiting_trials_are_cancelled():
    started = []

    def evaluate_trial(parameters, rng):
        started.append(parameters["i"])
        time.sleep(0.01)
        return 0.0

    trials = [{"i": i} for i in range(200)]
    with ThreadPoolExecutor(1) as executor:
        results = search(evaluate_trial, trials, executor=executor)
        next(results)
        results.close()
    assert len(started) < 100


def test_a_failing_trial_is_recorded_and_the_others_go_on():
    results = outcomes(search(fails_on_some))
    expected = outcomes(search())
    assert len(results) == len(TRIALS)
    for number, (parameters, score, failure) in results.items():
        if parameters["lr"] in (0.2, 0.5):
            assert (score, failure) == (None, "ZeroDivisionError: lr is cursed")
        else:
            assert (parameters, score, failure) == expected[number]


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -float("inf")])
def test_a_score_that_is_not_finite_is_a_failure_so_that_min_is_safe(score):
    (trial,) = search(lambda parameters, rng: score, TRIALS[:1])
    assert trial.score is None
    assert trial.failure == f"the score is {score}, not a finite number"


def test_a_score_that_is_no_number_is_a_failure():
    (trial,) = search(lambda parameters, rng: None, TRIALS[:1])
    assert trial.score is None
    assert trial.failure.startswith("TypeError: ")


def test_a_dead_worker_ends_the_search_instead_of_failing_every_trial():
    with processes(1) as executor, pytest.raises(BrokenExecutor):
        list(search(dies, executor=executor))


def test_an_evaluation_cannot_change_the_recorded_parameters():
    trials = [{"lr": 0.1}]
    (trial,) = search(lambda parameters, rng: parameters.pop("lr"), trials)
    assert trial.parameters == {"lr": 0.1}
    assert trials == [{"lr": 0.1}]


@settings(deadline=None)
@given(st.integers(0, len(TRIALS)), st.integers(0, 200), st.integers(1, 3))
def test_a_stopped_search_goes_on_where_it_was(tmp_path_factory, stop_after, cut, workers):
    log = tmp_path_factory.mktemp("search") / "log.jsonl"
    evaluated = []

    def evaluate_trial(parameters, rng):
        evaluated.append(parameters["lr"])
        return fails_on_some(parameters, rng)

    results = search(evaluate_trial, log=log)
    first = [next(results) for _ in range(stop_after)]
    results.close()
    assert len(evaluated) == stop_after
    # A power cut in the middle of writing the last line; the earlier ones are whole.
    lines = log.read_bytes().splitlines(keepends=True)
    whole = b"".join(lines[:-1])
    last = lines[-1][: len(lines[-1]) - cut] if cut < len(lines[-1]) else b""
    log.write_bytes(whole + last)
    lost = stop_after > 0 and cut > 0

    with ThreadPoolExecutor(workers) as executor:
        resumed = list(search(evaluate_trial, log=log, executor=executor))
    assert outcomes(resumed) == outcomes(search(fails_on_some))
    assert resumed[: stop_after - lost] == first[: stop_after - lost]
    assert len(evaluated) == len(TRIALS) + lost
    again = list(search(evaluate_trial, log=log))
    assert sorted(again, key=lambda t: t.number) == sorted(resumed, key=lambda t: t.number)
    assert len(evaluated) == len(TRIALS) + lost


def test_a_search_stopped_half_way_does_no_trial_twice(tmp_path):
    evaluated = []

    def evaluate_trial(parameters, rng):
        evaluated.append(parameters["lr"])
        return noisy(parameters, rng)

    def part():
        space = {"lr": LogUniform(1e-4, 1), "decay": Uniform(0, 1)}
        rng = np.random.default_rng(7)
        trials = random_search(space, 10, rng=rng)
        return run_search(evaluate_trial, trials, rng=rng, log=tmp_path / "log")

    results = part()
    first = [next(results) for _ in range(5)]
    results.close()
    resumed = list(part())
    assert resumed[:5] == first
    assert [trial.number for trial in resumed] == list(range(10))
    assert len(evaluated) == len(set(evaluated)) == 10


def test_a_completed_trial_is_in_the_log_before_it_is_yielded(tmp_path):
    log = tmp_path / "log.jsonl"
    for trial in search(log=log):
        last = json.loads(log.read_text().splitlines()[-1])
        assert Trial(**last) == trial


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 1},
        {"trials": TRIALS[:-1]},
        {"trials": TRIALS[::-1]},
        {"evaluate_trial": fails_on_some},
    ],
)
def test_the_log_of_another_search_is_refused_and_left_alone(tmp_path, other):
    log = tmp_path / "log.jsonl"
    list(search(log=log))
    before = log.read_bytes()
    with pytest.raises(ValueError, match=f"expected log to be new or from this very.*{log.name}"):
        search(log=log, **other)
    assert log.read_bytes() == before


@pytest.mark.parametrize("content", [b"my thesis", b"my thesis\n", b"{}\n", b"\x00\xff\n"])
def test_a_file_that_is_no_log_is_refused_and_left_alone(tmp_path, content):
    log = tmp_path / "thesis.txt"
    log.write_bytes(content)
    with pytest.raises(ValueError, match="expected log to be new"):
        search(log=log)
    assert log.read_bytes() == content


@pytest.mark.parametrize(
    "line",
    [
        "not JSON",
        "[]",
        '{"number": 1}',
        '{"number": 6, "score": 1.0, "failure": null, "seconds": 0.1}',
        '{"number": -1, "score": 1.0, "failure": null, "seconds": 0.1}',
        '{"number": true, "score": 1.0, "failure": null, "seconds": 0.1}',
        '{"number": 1, "score": null, "failure": null, "seconds": 0.1}',
        '{"number": 1, "score": 1.0, "failure": "both", "seconds": 0.1}',
        '{"number": 1, "score": "1", "failure": null, "seconds": 0.1}',
        '{"number": 1, "score": 1.0, "failure": null, "seconds": null}',
    ],
)
def test_a_damaged_line_inside_a_log_is_named(tmp_path, line):
    log = tmp_path / "log.jsonl"
    next(search(log=log))
    with log.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(ValueError, match=r"expected a trial in line 3 of .*log\.jsonl"):
        search(log=log)


def test_a_trial_that_is_twice_in_a_log_is_refused(tmp_path):
    log = tmp_path / "log.jsonl"
    next(search(log=log))
    log.write_text(log.read_text() + log.read_text().splitlines()[-1] + "\n")
    with pytest.raises(ValueError, match="trial 0 again in line 3"):
        search(log=log)


def test_classes_and_numpy_numbers_can_be_logged(tmp_path):
    space = {"activation": [ReLU, Tanh], "lr": np.logspace(-2, -1, 2), "width": np.arange(1, 3)}

    def evaluate_trial(parameters, rng):
        return parameters["lr"] * parameters["width"] * (parameters["activation"] is ReLU)

    first = list(search(evaluate_trial, grid(space), log=tmp_path / "log"))
    resumed = list(search(evaluate_trial, grid(space), log=tmp_path / "log"))
    assert resumed == first
    assert resumed[0].parameters["activation"] is ReLU


@pytest.mark.parametrize("value", [object(), lambda x: x])
def test_parameters_that_cannot_be_told_apart_in_a_log_are_refused(tmp_path, value):
    with pytest.raises(TypeError, match="run_search with a log expected parameters"):
        search(trials=[{"x": value}], log=tmp_path / "log")
    assert next(search(lambda parameters, rng: 1, [{"x": value}])).score == 1.0


def test_bad_arguments_are_named_at_the_call():
    with pytest.raises(TypeError, match="evaluate_trial as a function, got 3"):
        search(3)
    with pytest.raises(TypeError, match="trials as dictionaries, got 'lr'"):
        search(trials={"lr": [1, 2]})
    with pytest.raises(ValueError, match="at least one trial, got none"):
        search(trials=[])
    with pytest.raises(TypeError, match=r"concurrent\.futures\.Executor, got 4"):
        search(executor=4)
    with pytest.raises(TypeError, match="run_search expected rng"):
        run_search(noisy, TRIALS, rng=0)
