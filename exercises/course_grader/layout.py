"""Make a submission's autograded folder appear at once, complete, with nbgrader's permissions."""

import os
import shutil
from pathlib import Path
from typing import Any

from nbgrader.converters import Autograde


def partial_name(assignment: str) -> str:
    """Return the name under which an unfinished folder waits; no nbgrader command matches it."""
    return f".{assignment}.partial"


def lay_out(
    converter: Autograde, result: dict[str, Any], files: dict[str, Path], only_some: bool
) -> None:
    """Write the autograded notebooks and the data files of one submission.

    Parameters
    ----------
    converter : Autograde
        Knows the folders and permissions.
    result : dict
        The worker's verdict (`schema.RESULT`).
    files : dict
        Data files by their relative names.
    only_some : bool
        Whether only some notebooks of the assignment were graded; the others then stay.
    """
    assignment, student = result["assignment"], result["student"]
    waiting = partial_name(assignment)
    partial = Path(converter._format_dest(waiting, student))
    final = Path(converter._format_dest(assignment, student))
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for name, path in files.items():
        target = partial / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    for verdict in result["notebooks"]:
        (partial / f"{verdict['name']}.ipynb").write_text(verdict["autograded"], encoding="utf-8")
    converter.set_permissions(waiting, student)
    if final.exists() and only_some:
        for path in sorted(partial.rglob("*")):
            if path.is_file():
                target = final / path.relative_to(partial)
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(path, target)
        shutil.rmtree(partial)
    else:
        shutil.rmtree(final, ignore_errors=True)
        os.replace(partial, final)
