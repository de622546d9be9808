"""Time course-grade against stock `nbgrader autograde`: the same submissions, side by side.

``python -m benchmarks.bench_grading`` compares speed and scores and shows where the time goes;
``--thousand`` also grades 1,000 submissions and watches the memory.
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
    wall, cpu = run(course, *line, "--log-level=ERROR")  # of the coordinator: its pool is no child
    report = json.loads((course / "report.json").read_text())
    for entry in report["submissions"]:
        cpu += sum(value for name, value in entry["seconds"].items() if name.startswith("cpu"))
    return wall, cpu, report


def side_by_side(course: Path, count: int) -> list[str]:
    """Compare speed and scores on the same submissions."""
    stock = fresh(course, "stock")
    wall, cpu = run(stock, "nbgrader", "autograde", WING, "--log-level=ERROR")
    lines = [
        "| what | workers | wall s | submissions/min | CPU s each | times stock (wall) | (CPU) |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        f"| nbgrader autograde | 1 | {wall:.1f} | {60 * count / wall:.1f} | {cpu / count:.2f} "
        "| 1.0 | 1.0 |",
    ]
    expected = scores(stock)
    split: dict[str, float] = {}
    for workers in (1, 2, 4, 8):
        ours = fresh(course, "ours")
        mine, burnt, report = grade(ours, workers)
        flagged = [e["student"] for e in report["submissions"] if e["status"] != "graded"]
        if scores(ours) != expected:
            lines.append(f"SCORES DIFFER with {workers} workers; not graded: {flagged}")
        lines.append(
            f"| course-grade | {workers} | {mine:.1f} | {60 * count / mine:.1f} "
            f"| {burnt / count:.2f} | {wall / mine:.1f} | {cpu / burnt:.1f} |"
        )
        if workers == 1:
            entries = report["submissions"]
            warm = [e["seconds"] for e in entries if e["seconds"]][1:]
            split = {name: sum(s[name] for s in warm) / len(warm) for name in warm[0]}
            split["coordinator and database, start of all processes"] = mine / count - sum(
                split.values()
            )
    lines += ["", "Seconds of each submission with one worker (kernel start and stop, execution "]
    lines[-1] += "with canaries, nbconvert and nbgrader in the worker, the rest):"
    lines += [f"- {name}: {value:.3f}" for name, value in split.items()]
    mine, burnt, _ = grade(fresh(course, "ours"), 2, "--no-canaries")
    lines.append(f"- for comparison, 2 workers without canaries: {60 * count / mine:.1f}/min")
    return lines


def thousand(course: Path) -> list[str]:
    """Grade a thousand submissions and watch the memory of all processes but the kernels."""
    submitted = sorted((course / "submitted").iterdir())
    big = fresh(course, "thousand")
    for number in range(len(submitted), 1000):
        template = big / "submitted" / submitted[number % len(submitted)].name
        shutil.copytree(template, big / "submitted" / f"student{number:04d}")
    samples: list[tuple[float, float]] = []
    ended = threading.Event()

    def watch() -> None:
        start = time.perf_counter()
        while not ended.wait(2):
            pages = 0
            for path in Path("/proc").glob("[0-9]*"):
                try:
                    command = (path / "cmdline").read_bytes()
                    if b"course_grader" in command and b"zygote" not in command:
                        pages += int((path / "statm").read_text().split()[1])
                except (OSError, ValueError, IndexError):
                    continue
            samples.append((time.perf_counter() - start, pages * 4096 / 2**20))

    watcher = threading.Thread(target=watch)
    watcher.start()
    wall, cpu, report = grade(big, 2)
    ended.set()
    watcher.join()
    done = sum(entry["status"] == "graded" for entry in report["submissions"])
    quarter = len(samples) // 4
    means = [
        sum(mb for _, mb in samples[i * quarter : (i + 1) * quarter]) / max(quarter, 1)
        for i in range(4)
    ]
    return [
        "",
        f"1,000 submissions with 2 workers: {done} graded in {wall:.0f} s "
        f"({60 * 1000 / wall:.0f}/min, {cpu / 1000:.2f} CPU s each).",
        "Resident memory of coordinator and workers, mean of each quarter of the run: "
        + ", ".join(f"{value:.0f} MiB" for value in means),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=24)
    parser.add_argument("--thousand", action="store_true", help="also grade 1,000 submissions")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-grading-") as folder:
        course = Path(folder) / "course"
        make_course(course, options.submissions)
        lines = [
            f"`make bench-grading`, on {os.cpu_count()} cores: {options.submissions} submissions "
            f"of {WING}/{CHAPTER}; all commands from a cold "
            f"start. Load average before the run: {os.getloadavg()[0]:.1f}.",
            "",
            *side_by_side(course, options.submissions),
        ]
        if options.thousand:
            lines += thousand(course)
    text = "\n".join(lines)
    print(text)
    renew("course-grade against nbgrader", text)


if __name__ == "__main__":
    main()
