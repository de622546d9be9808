"""How long the whole book takes to build, cold and again: run with ``make bench-build``.

A copy of the working tree is built in a folder of its own, so that nothing is cached and nobody's
site is touched. Exits with 1 where a budget is missed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.results import Budget, budget_table, renew

ROOT = Path(__file__).parents[1]
SOURCES = ("book", "course_lib", "exercises", "_config.yml", "_toc.yml", "pyproject.toml")


def copy(target: Path) -> None:
    """Copy what the site is made of."""
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(ROOT / name, target / name)


def build(folder: Path) -> float:
    """Build as `make site` does; return the seconds."""
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ".", "--warningiserror"]
    # The kernels must import the copy, not the installed tree.
    path = os.pathsep.join([str(folder), str(folder / "exercises")])
    start = time.perf_counter()
    done = subprocess.run(
        [*command, "--keep-going"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"the build failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return seconds


def main() -> None:
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bench-build-") as folder:
        copy(Path(folder))
        cold, again = build(Path(folder)), build(Path(folder))
    held = [
        Budget("the whole book, cold", cold, 300, "s"),
        Budget("again, nothing changed", again, 10, "s"),
    ]
    table = budget_table(held)
    print(table)
    renew(
        "The book's build",
        f"`make bench-build`, on {os.cpu_count()} cores. Load of other work when it began: "
        f"{load:.1f} (an idle machine has 0).\n\n{table}",
    )
    if missed := [b.name for b in held if not b.met]:
        sys.exit(f"missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
