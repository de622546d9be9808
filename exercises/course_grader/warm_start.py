"""The process that workers are forked from, with all that they need imported already."""

import multiprocessing
from multiprocessing import forkserver

context = multiprocessing.get_context("forkserver")
"""How worker processes start: as forks of that process."""


def start_forkserver() -> None:
    """Start the process, unless it runs; it imports while the caller does other things."""
    context.set_forkserver_preload(["course_grader.worker"])
    forkserver.ensure_running()
