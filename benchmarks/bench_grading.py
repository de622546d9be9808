"""Time course-grade against stock `nbgrader autograde`: the same submissions, side by side.

``python -m benchmarks.bench_grading`` compares speed and scores and shows where the time goes;
``--thousand`` also grades 1,000 submissions and watches the memory. A machine with other work to do
makes wall-clock times long: each row says what share of the processors others had meanwhile.
"""

import argparse
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import nbformat

from benchmarks.results import renew

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "exercises"))
WING, CHAPTER = "architecture", "neurons"
# On a busy machine stock nbgrader's own limits of 30 s a cell and 4 s for its last output fail.
PATIENCE = ("--Execute.timeout=300", "--Execute.iopub_timeout=100", "--log-level=ERROR")
SCORES = """
    select a.student_id, n.name, c.name, g.auto_score, g.needs_manual_grade
    from grade g join base_cell c on c.id = g.cell_id
    join submitted_notebook s on s.id = g.notebook_id join notebook n on n.id = s.notebook_id
    join submitted_assignment a on a.id = s.assignment_id order by 1, 2, 3"""


def run(course: Path, *arguments: str) -> tuple[float, float]:
    """Run a command in a course; return its wall-clock and CPU seconds."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=course,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    wall = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu


def jiffies() -> tuple[int, int]:
    """Return the machine's processor time so far, used and in all; stolen time is used."""
    fields = [int(text) for text in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return sum(fields) - fields[3] - fields[4], sum(fields)


class Others:
    """What share of the processors all others had, from the making of this object on."""

    def __init__(self) -> None:
        self._before = jiffies()

    def share(self, own: float) -> float:
        """Return it, if our own processes took `own` seconds of processor time."""
        used, both = (now - then for now, then in zip(jiffies(), self._before, strict=True))
        return max(0.0, (used - own * os.sysconf("SC_CLK_TCK")) / max(both, 1))


def make_course(course: Path, submissions: int) -> None:
    """Release the exercise and hand in its variants, mixed, for many students."""
    from variants.architecture.neurons import TASKS

    (course / "source").mkdir(parents=True)
    shutil.copytree(ROOT / "exercises" / "source" / WING, course / "source" / WING)
    shutil.copy(ROOT / "exercises" / "nbgrader_config.py", course)
    run(course, "nbgrader", "generate_assignment", WING)
    release = nbformat.read(course / "release" / WING / f"{CHAPTER}.ipynb", as_version=4)
    for number in range(submissions):
        notebook = nbformat.from_dict(release)
        for task, (name, variants) in enumerate(TASKS.items()):
            answer = variants[(number + 2 * task) % len(variants)].source
            for cell in notebook.cells:
                if cell.metadata.get("nbgrader", {}).get("grade_id") == name:
                    cell.source = answer
        folder = course / "submitted" / f"student{number:04d}" / WING
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{CHAPTER}.ipynb")


def scores(course: Path) -> list[tuple[Any, ...]]:
    """Return every cell's score, in a fixed order."""
    database = sqlite3.connect(course / "gradebook.db")
    rows = database.execute(SCORES).fetchall()
    database.close()
    return rows


def fresh(course: Path, name: str) -> Path:
    """Copy a course that holds submissions but no grades."""
    copy = course.with_name(name)
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(course, copy)
    return copy


def grade(course: Path, workers: int, *options: str) -> tuple[float, float, dict[str, Any]]:
    """Grade with course-grade; return wall-clock and CPU seconds, and the report.

    The CPU seconds are those of the coordinator, and of workers and kernels while they grade.
    """
    line = ("course_grader", WING, f"--workers={workers}", "--report=report.json", *options)
    wall, cpu = run(course, *line, *PATIENCE)  # of the coordinator: its pool is no child
    report = json.loads((course / "report.json").read_text())
    for entry in report["submissions"]:
        cpu += sum(value for name, value in entry["seconds"].items() if name.startswith("cpu"))
    return wall, cpu, report


def side_by_side(course: Path, count: int, few: int, all_workers: list[int]) -> list[str]:
    """Compare speed and scores on the same submissions; stock gets only the first few of them."""
    stock = fresh(course, "stock")
    for folder in sorted((stock / "submitted").iterdir())[few:]:
        shutil.rmtree(folder)
    others = Others()
    wall, cpu = run(stock, "nbgrader", "autograde", WING, *PATIENCE)
    wall, cpu = wall / few, cpu / few
    lines = [
        "| what | workers | submissions | submissions/min | CPU s each | times stock | by CPU "
        "| others had |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        f"| nbgrader autograde | 1 | {few} | {60 / wall:.1f} | {cpu:.2f} | 1.0 | 1.0 "
        f"| {others.share(cpu * few):.0%} |",
    ]
    expected = scores(stock)
    known = {row[0] for row in expected}
    split: dict[str, float] = {}
    for workers in all_workers:
        ours, others = fresh(course, "ours"), Others()
        mine, burnt, report = grade(ours, workers)
        share = others.share(burnt)
        flagged = [e["student"] for e in report["submissions"] if e["status"] != "graded"]
        if [row for row in scores(ours) if row[0] in known] != expected or flagged:
            lines.append(f"SCORES DIFFER with {workers} workers; not graded: {flagged}")
        lines.append(
            f"| course-grade | {workers} | {count} | {60 * count / mine:.1f} "
            f"| {burnt / count:.2f} | {wall / mine * count:.1f} | {cpu / burnt * count:.1f} "
            f"| {share:.0%} |"
        )
        if not split:
            entries = report["submissions"]
            warm = [e["seconds"] for e in entries if e["seconds"]][workers:]
            split = {name: sum(s[name] for s in warm) / len(warm) for name in warm[0]}
    lines += [
        "",
        f"Seconds of each submission with {all_workers[0]} workers, without the first ones (kernel "
        "start and stop, execution with canaries, the rest of the worker):",
        *(f"- {name}: {value:.3f}" for name, value in split.items()),
    ]
    return lines


def resident(root: int) -> float:
    """Return the MiB of memory of a process and all below it but zygotes and kernels."""
    parents: dict[int, int] = {}
    sizes: dict[int, float] = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            pid, command = int(path.name), (path / "cmdline").read_bytes()
            parents[pid] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            pages = int((path / "statm").read_text().split()[1])
        except (OSError, ValueError, IndexError):
            continue
        sizes[pid] = 0 if b"zygote" in command else pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    total, family = 0.0, {root}
    while family:
        total += sum(sizes.get(pid, 0.0) for pid in family)
        family = {pid for pid, parent in parents.items() if parent in family}
    return total - sizes[root]


def thousand(course: Path, count: int) -> list[str]:
    """Grade very many submissions and watch the memory of coordinator and workers."""
    submitted = sorted((course / "submitted").iterdir())
    big = fresh(course, "thousand")
    for number in range(len(submitted), count):
        template = big / "submitted" / submitted[number % len(submitted)].name
        shutil.copytree(template, big / "submitted" / f"student{number:04d}")
    samples: list[float] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(2):
            samples.append(resident(os.getpid()))

    watcher, others = threading.Thread(target=watch), Others()
    watcher.start()
    wall, cpu, report = grade(big, 2)
    ended.set()
    watcher.join()
    done = sum(entry["status"] == "graded" for entry in report["submissions"])
    quarter = max(len(samples) // 4, 1)
    means = [sum(part) / quarter for part in (samples[i * quarter :][:quarter] for i in range(4))]
    return [
        "",
        f"{count:,} submissions with 2 workers: {done:,} graded in {wall:.0f} s "
        f"({60 * count / wall:.0f}/min, {cpu / count:.2f} CPU s each; "
        f"others had {others.share(cpu):.0%} of the processors). Resident memory of coordinator "
        "and workers, mean of each quarter of the run: "
        + ", ".join(f"{value:.0f} MiB" for value in means)
        + ".",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=60, help="how many course-grade gets")
    parser.add_argument("--stock", type=int, default=60, help="how many of them nbgrader gets")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8], help="the curve")
    parser.add_argument(
        "--thousand", type=int, nargs="?", const=1000, default=0, help="also grade so many"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-grading-") as folder:
        course = Path(folder) / "course"
        make_course(course, options.submissions)
        lines = [
            f"`make bench-grading`, on {os.cpu_count()} cores: submissions of {WING}/{CHAPTER}, "
            f"every command from a cold start. Load average before: {os.getloadavg()[0]:.1f}.",
            "",
            *side_by_side(course, options.submissions, options.stock, options.workers),
        ]
        if options.thousand:
            lines += thousand(course, options.thousand)
    text = "\n".join(lines)
    print(text)
    renew("course-grade against nbgrader", text)


if __name__ == "__main__":
    main()
