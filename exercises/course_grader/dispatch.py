"""Keep an executor busy, with few tasks in memory, and survive the death of its workers."""

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from typing import Generic, TypeVar

Task = TypeVar("Task")
_ATTEMPTS = 3


class WorkerLost(RuntimeError):
    """The worker process died each time that it had this task alone."""


class Dispatcher(Generic[Task]):
    """Runs ``function(text)`` for many tasks on an executor that may break.

    A process pool breaks as a whole when one of its processes dies. Whatever was under way is then
    repeated on a new pool, one by one, so that only the task that kills its worker is given up.

    Parameters
    ----------
    new_executor : callable
        Returns a fresh executor.
    function : callable
        What travels to the worker: text in, text out.
    window : int
        How many tasks may be under way.
    """

    def __init__(
        self, new_executor: Callable[[], Executor], function: Callable[[str], str], window: int
    ) -> None:
        self._new_executor = new_executor
        self._function = function
        self._window = window
        self._running: dict[Future[str], tuple[Task, str, int]] = {}
        self._again: list[tuple[Task, str, int]] = []

    def run(
        self,
        tasks: Iterable[tuple[Task, str]],
        finish: Callable[[Task, str], None],
        give_up: Callable[[Task, BaseException], None],
    ) -> None:
        """Run all tasks, given with their texts; each ends in one call of `finish` or `give_up`."""
        fresh = iter(tasks)
        executor = self._new_executor()
        try:
            while self._fill(executor, fresh):
                broken = False
                for future in wait(self._running, return_when=FIRST_COMPLETED).done:
                    task, text, attempts = self._running.pop(future)
                    error = future.exception()
                    if error is None:
                        finish(task, future.result())
                    elif not isinstance(error, BrokenExecutor):
                        give_up(task, error)
                    elif attempts >= _ATTEMPTS:
                        give_up(task, WorkerLost("its worker died each time it was graded"))
                        broken = True
                    else:
                        self._again.append((task, text, attempts + 1))
                        broken = True
                if broken:
                    self._again += [(t, text, n + 1) for t, text, n in self._running.values()]
                    self._running.clear()
                    executor.shutdown(wait=False, cancel_futures=True)
                    executor = self._new_executor()
        finally:
            executor.shutdown(wait=False, cancel_futures=True)

    def _fill(self, executor: Executor, fresh: Iterable[tuple[Task, str]]) -> bool:
        """Submit what there is room for; return whether anything is under way."""
        while len(self._running) < (1 if self._again else self._window):
            if self._again:
                task, text, attempts = self._again.pop(0)
            else:
                pair = next(iter(fresh), None)
                if pair is None:
                    break
                task, text, attempts = *pair, 0
            try:
                self._running[executor.submit(self._function, text)] = (task, text, attempts)
            except BrokenExecutor as error:  # it broke between two submissions
                broken: Future[str] = Future()
                broken.set_exception(error)
                self._running[broken] = (task, text, attempts)
                break
            if attempts:
                break
        return bool(self._running)
