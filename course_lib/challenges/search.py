"""A search evaluates many settings, on one core or many, and survives being stopped.

Equation: ``score_i = evaluate_trial(parameters_i, rng_i)``; each trial has a random generator of
its own, so that no score depends on the order of the trials or on the number of workers.
"""

import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, as_completed
from pathlib import Path
from typing import Any

import numpy as np

from course_lib._checks import check_rng
from course_lib.challenges.search_log import SearchLog, Trial

EvaluateTrial = Callable[[dict[str, Any], np.random.Generator], float]
"""``evaluate_trial(parameters, rng)`` trains and returns a finite score."""
Outcome = tuple[float | None, str | None, float]
"""Score or None, failure or None, seconds."""


def run_search(
    evaluate_trial: EvaluateTrial,
    trials: Iterable[Mapping[str, Any]],
    *,
    rng: np.random.Generator,
    executor: Executor | None = None,
    log: str | os.PathLike[str] | None = None,
) -> Iterator[Trial]:
    """Evaluate every trial and yield the results as they are completed.

    Parameters
    ----------
    evaluate_trial : callable
        ``evaluate_trial(parameters, rng)`` returns a number, such as the error on validation
        data. If it raises, or returns NaN or infinity, the trial is recorded as failed and the
        search goes on.
    trials : iterable of dict
        From `grid`, `random_search` or by hand.
    rng : numpy.random.Generator
        Spawns one generator a trial; its own random numbers are not used up.
    executor : concurrent.futures.Executor, optional
        Runs several trials at once: a pool of processes or threads, or a cluster through
        ``distributed.Client(address).get_executor()``. Processes and clusters must be able to
        import `evaluate_trial`. Without an executor, one trial after another runs here.
    log : path, optional
        A file that gets one JSON line as soon as a trial is completed. If it exists, the trials
        in it are yielded first and not done again. A last line that was cut off is dropped, and
        its trial is done again. Changes inside `evaluate_trial` can't be noticed: start those
        with a new log.

    Yields
    ------
    Trial
        Number, parameters, score (None if it failed), failure (None if it did not), seconds.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind; with a log, if a parameter can't be written to it.
    ValueError
        If there is no trial, or the log is that of another search (other trials, function or
        generator) or none at all.
    concurrent.futures.BrokenExecutor
        If a worker dies. What was completed is in the log.

    Examples
    --------
    >>> from course_lib.challenges.search_space import grid
    >>> def evaluate_trial(parameters, rng):
    ...     return (parameters["lr"] - 0.1) ** 2
    >>> trials = grid({"lr": [0.01, 0.1, 1.0]})
    >>> results = list(run_search(evaluate_trial, trials, rng=np.random.default_rng(0)))
    >>> min(results, key=lambda trial: trial.score).parameters
    {'lr': 0.1}
    """
    if not callable(evaluate_trial):
        raise TypeError(f"run_search expected evaluate_trial as a function, got {evaluate_trial!r}")
    check_rng(rng, "run_search")
    if executor is not None and not isinstance(executor, Executor):
        raise TypeError(
            f"run_search expected executor as a concurrent.futures.Executor, got {executor!r}"
        )
    todo = []
    for parameters in trials:
        if not isinstance(parameters, Mapping):
            raise TypeError(f"run_search expected trials as dictionaries, got {parameters!r}")
        todo.append(dict(parameters))
    if not todo:
        raise ValueError("run_search expected at least one trial, got none")
    seeds: Any = rng.bit_generator.seed_seq
    seed = [getattr(seeds, name, None) for name in ("entropy", "spawn_key", "n_children_spawned")]
    generators = rng.spawn(len(todo))
    if log is None:
        return _run(evaluate_trial, todo, generators, executor, None)
    name = getattr(evaluate_trial, "__qualname__", type(evaluate_trial).__qualname__)
    return _run(
        evaluate_trial, todo, generators, executor, SearchLog(Path(log), todo, [name, seed])
    )


def _run(
    evaluate_trial: EvaluateTrial,
    todo: list[dict[str, Any]],
    generators: list[np.random.Generator],
    executor: Executor | None,
    log: SearchLog | None,
) -> Iterator[Trial]:
    done = {} if log is None else log.done
    yield from done.values()
    numbers = [number for number in range(len(todo)) if number not in done]
    for number, (score, failure, seconds) in _outcomes(
        evaluate_trial, numbers, todo, generators, executor
    ):
        trial = Trial(number, todo[number], score, failure, seconds)
        if log is not None:
            log.append(trial)
        yield trial


def _outcomes(
    evaluate_trial: EvaluateTrial,
    numbers: list[int],
    todo: list[dict[str, Any]],
    generators: list[np.random.Generator],
    executor: Executor | None,
) -> Iterator[tuple[int, Outcome]]:
    if executor is None:
        for number in numbers:
            yield number, _evaluate(evaluate_trial, dict(todo[number]), generators[number])
        return
    futures: dict[Future[Outcome], int] = {}
    try:
        for number in numbers:
            future = executor.submit(
                _evaluate, evaluate_trial, dict(todo[number]), generators[number]
            )
            futures[future] = number
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        # Whoever stops reading results wants no more of them computed.
        for future in futures:
            future.cancel()


def _evaluate(
    evaluate_trial: EvaluateTrial, parameters: dict[str, Any], rng: np.random.Generator
) -> Outcome:
    # The failure is caught here, in the worker: what the executor itself raises (a dead worker,
    # a function that can't be sent) is not the trial's fault and must end the search.
    start = time.perf_counter()
    score, failure = None, None
    try:
        score = float(evaluate_trial(parameters, rng))
    except Exception as error:
        failure = f"{type(error).__name__}: {error}"
    if score is not None and not math.isfinite(score):
        score, failure = None, f"the score is {score}, not a finite number"
    return score, failure, time.perf_counter() - start
