"""A search's log: a line of JSON for each completed trial, so that a stopped search can go on.

Equation: ``to do = all trials − trials in the log``.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Trial:
    """What came of one trial.

    Attributes
    ----------
    number : int
        Its place in the list of trials, from 0.
    parameters : dict
        The hyperparameters that were tried.
    score : float or None
        What the evaluation returned; None if it failed.
    failure : str or None
        Why it failed; None if it did not.
    seconds : float
        How long it took.

    Examples
    --------
    >>> Trial(0, {"lr": 0.1}, 0.25, None, 1.5)
    Trial(number=0, parameters={'lr': 0.1}, score=0.25, failure=None, seconds=1.5)
    """

    number: int
    parameters: dict[str, Any]
    score: float | None
    failure: str | None
    seconds: float


class SearchLog:
    """The log of one search, opened: what is done, and a way to add to it.

    Parameters
    ----------
    path : Path
        A new file, or the log of the same search.
    trials : list of dict
        The parameters of all trials.
    identity : JSON value
        What else tells this search from others.

    Attributes
    ----------
    done : dict
        Number → completed `Trial`, in the order of completion.

    Raises
    ------
    TypeError
        If a parameter can't be written as JSON and is no importable function or class.
    ValueError
        If the file is another search's log, or none; it is then left alone.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "search.jsonl"
    >>> SearchLog(path, [{"lr": 0.1}, {"lr": 0.2}], 1).append(Trial(1, {"lr": 0.2}, 3.0, None, 0.5))
    >>> SearchLog(path, [{"lr": 0.1}, {"lr": 0.2}], 1).done
    {1: Trial(number=1, parameters={'lr': 0.2}, score=3.0, failure=None, seconds=0.5)}
    """

    def __init__(self, path: Path, trials: list[dict[str, Any]], identity: Any) -> None:
        text = json.dumps([trials, identity], default=_describe)
        digest = hashlib.sha256(text.encode()).hexdigest()
        header = json.dumps({"search": digest, "trials": len(trials)}).encode() + b"\n"
        self._path = path
        self.done: dict[int, Trial] = {}
        content = path.read_bytes() if path.exists() else b""
        # What follows the last line end was cut off in the middle of being written.
        complete = content[: content.rfind(b"\n") + 1]
        if not complete and header.startswith(content):
            path.write_bytes(header)
            return
        if not complete.startswith(header):
            raise ValueError(
                f"run_search expected log to be new or from this very search, but {path} isn't; "
                "the same search has the same trials, the same evaluate_trial and an rng made "
                "anew from the same seed"
            )
        for i, line in enumerate(complete.splitlines()[1:], start=2):
            trial = _read(line, trials, f"line {i} of {path}")
            if trial.number in self.done:
                raise ValueError(
                    f"run_search expected each trial once in log, got trial {trial.number} again "
                    f"in line {i} of {path}: are two searches writing to it?"
                )
            self.done[trial.number] = trial
        if len(complete) < len(content):
            with path.open("rb+") as file:
                file.truncate(len(complete))

    def append(self, trial: Trial) -> None:
        """Write one completed trial; it is in the file when this returns."""
        line = json.dumps(vars(trial), default=_describe) + "\n"
        with self._path.open("ab") as file:
            file.write(line.encode())


def _read(line: bytes, trials: list[dict[str, Any]], where: str) -> Trial:
    try:
        record = json.loads(line)
        number, score = record["number"], record["score"]
        failure, seconds = record["failure"], record["seconds"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"run_search expected a trial in {where}, got {line!r}") from error
    if not (
        type(number) is int
        and 0 <= number < len(trials)
        and (type(score) is float if failure is None else score is None and type(failure) is str)
        and type(seconds) is float
    ):
        raise ValueError(f"run_search expected a trial in {where}, got {line!r}")
    return Trial(number, trials[number], score, failure, seconds)


def _describe(value: Any) -> Any:
    """Write what JSON doesn't know: NumPy's numbers as Python's, functions and classes by name."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    name = getattr(value, "__qualname__", "<")
    # "<lambda>" and "<locals>" name many functions, so they can't tell one search from another.
    if "<" in name:
        raise TypeError(
            "run_search with a log expected parameters that are numbers, strings, lists, or "
            f"functions and classes of a module, got {value!r}"
        )
    return f"{getattr(value, '__module__', None)}.{name}"
