"""The study of the chapter on hyperparameters: its data, its objective, a bar that shows progress.

It is a module, so that other processes and machines can import what they are to run.

Equation of the objective: ``error = mean over the folds of (1 - accuracy on the fold)``.
"""

import math
import uuid
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from IPython.display import display
from numpy.typing import NDArray

from course_lib._checks import Array
from course_lib.architecture import Dense, Sequential
from course_lib.challenges import Trial, cross_validate
from course_lib.datasets import load_digits
from course_lib.training import SGD, DivergenceError, SoftmaxCrossEntropy, split, train

FOLDS = 4


@cache
def study_data() -> tuple[Array, Array, NDArray[np.int64], NDArray[np.int64]]:
    """Part the digits into those of the study and those that stay sealed until its end.

    Returns
    -------
    X, X_test, y, y_test : ndarray, read-only
        1,438 and 359 pictures of 64 pixels, and their labels.

    Examples
    --------
    >>> [len(part) for part in study_data()]
    [1438, 359, 1438, 359]
    """
    X, X_test, y, y_test = split(*load_digits(), test=0.2, rng=np.random.default_rng(0))
    for array in (X, X_test, y, y_test):
        array.flags.writeable = False  # they are shared between calls
    return X, X_test, y, y_test


def new_network(parameters: Mapping[str, Any], rng: np.random.Generator) -> Sequential:
    """Build a network for digits with these `layers`, `neurons` and `activation`.

    Examples
    --------
    >>> from course_lib.architecture import ReLU
    >>> rng = np.random.default_rng(0)
    >>> len(new_network({"layers": 2, "neurons": 16, "activation": ReLU}, rng).layers)
    5
    """
    widths = [64] + [parameters["neurons"]] * parameters["layers"]
    layers = []
    for inputs, outputs in pairwise(widths):
        layers += [Dense(inputs, outputs, rng=rng), parameters["activation"]()]
    return Sequential(*layers, Dense(widths[-1], 10, rng=rng))


def validation_errors(
    parameters: Mapping[str, Any],
    X_train: Array,
    y_train: Array,
    X_validation: Array,
    y_validation: Array,
    rng: np.random.Generator,
) -> Iterator[float]:
    """Train a new network, and yield its share of wrong answers after each of its `epochs`.

    Raises
    ------
    DivergenceError
        Where the loss, the gradient or an answer is not finite any more.

    Examples
    --------
    >>> from course_lib.architecture import ReLU
    >>> X, X_test, y, y_test = study_data()
    >>> setting = {"layers": 1, "neurons": 8, "activation": ReLU, "lr": 0.3, "epochs": 2}
    >>> rng = np.random.default_rng(0)
    >>> len(list(validation_errors(setting, X[:500], y[:500], X[500:], y[500:], rng)))
    2
    """
    model = new_network(parameters, rng)
    optimizer = SGD(model.parameters(), lr=parameters["lr"])
    mean = X_train.mean(axis=0)
    validation = (X_validation - mean, y_validation)
    for record in train(
        model,
        SoftmaxCrossEntropy(),
        optimizer,
        X_train - mean,
        y_train,
        epochs=parameters["epochs"],
        batch_size=64,
        rng=rng,
        validation=validation,
    ):
        if record.validation_accuracy is None:
            raise DivergenceError("the network's answers are not finite")
        yield 1 - record.validation_accuracy


def cross_validated_error(parameters: Mapping[str, Any], rng: np.random.Generator) -> float:
    """Return the mean error of a setting over the folds of the study's pictures.

    Examples
    --------
    >>> from course_lib.architecture import ReLU
    >>> setting = {"layers": 1, "neurons": 8, "activation": ReLU, "lr": 1.0, "epochs": 1}
    >>> 0.1 < cross_validated_error(setting, np.random.default_rng(0)) < 0.6
    True
    """
    return float(fold_errors(parameters, FOLDS, rng).mean())


def fold_errors(parameters: Mapping[str, Any], k: int, rng: np.random.Generator) -> Array:
    """Return the error of a setting on each of `k` folds of the study's pictures.

    Examples
    --------
    >>> from course_lib.architecture import ReLU
    >>> setting = {"layers": 1, "neurons": 8, "activation": ReLU, "lr": 0.3, "epochs": 1}
    >>> fold_errors(setting, 2, np.random.default_rng(0)).shape
    (2,)
    """

    def last_error(*data_and_rng: Any) -> float:
        *_, error = validation_errors(parameters, *data_and_rng)
        return error

    X, _, y, _ = study_data()
    return cross_validate(last_error, X, y, k, rng=rng)


def watch(results: Iterable[Trial], trials: int) -> Iterator[Trial]:
    """Pass the trials of a search on, and write meanwhile how far it is and what is best so far.

    The bar is a plain output of the cell, so that it also stands on a page without a kernel.

    Parameters
    ----------
    results : iterable of Trial
        From `course_lib.challenges.run_search`.
    trials : int
        How many there will be.

    Yields
    ------
    Trial
        Each result, unchanged.

    Examples
    --------
    >>> for trial in watch([Trial(0, {"lr": 0.1}, 0.25, None, 1.5)], trials=1):
    ...     print("seen:", trial.number)
    {'text/plain': '1 of 1 [####################] best error 25.0%'}
    seen: 0
    """
    bar, best = uuid.uuid4().hex, math.inf
    for done, trial in enumerate(results, start=1):
        best = min(best, math.inf if trial.score is None else trial.score)
        content = {"text/plain": progress(done, trials, best)}
        display(content, raw=True, display_id=bar, update=done > 1)  # type: ignore[no-untyped-call]
        yield trial


def progress(done: int, trials: int, best: float) -> str:
    """Return one line of text: how far a search has come, and its best error (∞: none yet).

    Examples
    --------
    >>> progress(8, 32, 0.031)
    '8 of 32 [#####...............] best error 3.1%'
    """
    found = f"best error {best:.1%}" if math.isfinite(best) else "none succeeded"
    return f"{done} of {trials} [{'#' * (20 * done // trials):.<20}] {found}"
