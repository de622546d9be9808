"""A progress bar with counts, rate and time left, on a terminal; now and then a line elsewhere."""

import sys
import time
from typing import TextIO

_WIDTH = 24


class Progress:
    """Counts submissions as they are done.

    Parameters
    ----------
    total : int
        How many there are.
    stream : text file, optional
        Where to write; standard error by default.
    """

    def __init__(self, total: int, stream: TextIO | None = None) -> None:
        self._total = total
        self._stream = sys.stderr if stream is None else stream
        self._start = self._last = time.monotonic()
        self._terminal = self._stream.isatty()
        self.counts = {"graded": 0, "flagged": 0, "failed": 0}

    def add(self, status: str) -> None:
        """Count one submission as graded, flagged or failed."""
        self.counts[status] += 1
        pause = 0.1 if self._terminal else 10.0
        if self.done == self._total or time.monotonic() - self._last >= pause:
            self._last = time.monotonic()
            self._stream.write(f"\r\x1b[K{self}" if self._terminal else f"{self}\n")
            self._stream.flush()

    def skip(self) -> None:
        """Take one submission, done in an earlier run, out of the count."""
        self._total -= 1

    def close(self) -> None:
        """End the bar's line."""
        if self._terminal:
            self._stream.write("\n")

    @property
    def done(self) -> int:
        """How many submissions are done."""
        return sum(self.counts.values())

    def __str__(self) -> str:
        seconds = max(time.monotonic() - self._start, 1e-9)
        rate = self.done / seconds
        left = (self._total - self.done) / rate if rate else 0.0
        filled = _WIDTH * self.done // max(self._total, 1)
        counts = ", ".join(f"{n} {name}" for name, n in self.counts.items() if n)
        return (
            f"[{'#' * filled}{'.' * (_WIDTH - filled)}] {self.done}/{self._total} ({counts}) "
            f"{60 * rate:.1f}/min, {clock(left)} left"
        )


def clock(seconds: float) -> str:
    """Write a duration as minutes and seconds.

    Examples
    --------
    >>> clock(75.2)
    '1:15'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
