"""Run every `bench_*` function of every ``bench_*.py``; print their rows and keep a table of them.

``python -m benchmarks`` runs all and renews its section of ``results.md``; ``python -m benchmarks
mlp`` runs only ``bench_mlp.py`` and writes nothing.
"""

import importlib
import os
import platform
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from threadpoolctl import threadpool_info

from benchmarks.results import renew
from benchmarks.timing import Row, thread_counts

HERE = Path(__file__).parent
HEADER = ("what", "threads", "course_lib", "rival", "rival's time", "course_lib / rival")


def seconds(value: float | None) -> str:
    if value is None:
        return "not installed (make oracle)"
    return f"{value * 1e3:.3g} ms" if value >= 1e-3 else f"{value * 1e6:.3g} µs"


def line(row: Row) -> str:
    name, threads, ours, rival, theirs, ratio = row
    cells = (name, threads, seconds(ours), rival, seconds(theirs), f"{ratio:.2f}" if ratio else "–")
    return f"| {' | '.join(map(str, cells))} |"


def heading() -> str:
    return f"| {' | '.join(HEADER)} |\n|{' --- |' * len(HEADER)}"


def machine() -> list[str]:
    """Describe what was measured on, without naming the machine."""
    versions = []
    for package in ("numpy", "torch", "scikit-learn"):
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"{package} not installed")
    blas = {
        f"{pool['internal_api']} {pool.get('version') or ''}".strip()
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    }
    return [
        f"{platform.machine()}, {thread_counts()[-1]} cores, {platform.system()}",
        f"Python {platform.python_version()}, {', '.join(versions)}",
        f"BLAS: {', '.join(sorted(blas)) or 'none found'}",
    ]


def report(rows: Iterable[Row], load: float) -> str:
    busy = f"load of other work when the runs began: {load:.1f} (an idle machine has 0)"
    facts = "\n".join(f"- {fact}" for fact in [*machine(), busy])
    table = "\n".join([heading(), *map(line, rows)])
    return (
        "`python -m benchmarks`: medians of repeated runs that take turns. The last column is "
        f"course_lib's time\ndivided by the rival's: below 1, course_lib is faster.\n\n{facts}"
        f"\n\n{table}"
    )


def main(wanted: list[str]) -> None:
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"This machine is busy (load {load:.1f}): times will mislead.", file=sys.stderr)
    rows: list[Row] = []
    print(heading())
    for path in sorted(HERE.glob("bench_*.py")):
        if wanted and path.stem.removeprefix("bench_") not in wanted:
            continue
        module = importlib.import_module(f"benchmarks.{path.stem}")
        for name, function in vars(module).items():
            if name.startswith("bench_") and callable(function):
                for row in function():
                    rows.append(Row(*row))
                    print(line(rows[-1]), flush=True)
    if not rows:
        raise SystemExit(f"no benchmark of that name: {' '.join(wanted)}")
    if not wanted:
        renew("course_lib against other libraries", report(rows, load))


if __name__ == "__main__":
    main(sys.argv[1:])
