"""Make what students receive: for each assignment one zip with notebooks, data and a README.

nbgrader's own `generate_assignment` takes solutions and hidden tests out. The same sources give
the same bytes: entries are sorted, and carry a fixed date.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXERCISES = ROOT / "exercises"
DATE = (2026, 1, 1, 0, 0, 0)

README = """\
# Principles of Neural Networks: assignment `{assignment}`

Each notebook belongs to the chapter of the same name, and gives up to 100 points.

{notebooks}

## What you need

The project's folder, with Python 3.11 or newer and `make`. Put this folder anywhere below it, run
`make lab` in the project's folder, and open a notebook. (In the project, `make lab` installs
NumPy, `course_lib` and all else that the notebooks import.)

## How it works

1. Replace `# Write your answer here.` and the `raise NotImplementedError` below it by your answer.
   Leave all other cells as they are, and keep the name of the file.
2. Run the cells below your answer. They check it, and a failure says which mistake it looks
   like. They check part of what the grader checks; the rest asks for the same on other inputs.
3. At the end choose *Kernel → Restart Kernel and Run All Cells*: that is how the grader runs it.
4. Save, and hand in the notebook, one file each, as your instructor says.

★ marks what the course's library does not contain. A question without code is read by a person.
"""


def title(notebook: Path) -> str:
    """Return the first heading of a notebook, without what follows a colon."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    heading = "".join(cells[0]["source"]).splitlines()[0]
    return heading.removeprefix("# ").partition(":")[0]


def generate(assignment: str, course: Path) -> Path:
    """Let nbgrader make the release version of an assignment in an empty course directory."""
    shutil.copytree(EXERCISES / "source" / assignment, course / "source" / assignment)
    shutil.copy(EXERCISES / "nbgrader_config.py", course)
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_assignment", assignment, "--no-db"],
        cwd=course,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"nbgrader generate_assignment {assignment} failed:\n{done.stderr}")
    return course / "release" / assignment


def pack(assignment: str, target: Path) -> Path:
    """Write `<assignment>.zip` into a folder, whole or not at all, and return its path."""
    with tempfile.TemporaryDirectory() as course:
        release = generate(assignment, Path(course))
        notebooks = sorted(release.glob("*.ipynb"))
        lines = [f"- `{notebook.name}`: {title(notebook)}" for notebook in notebooks]
        readme = README.format(assignment=assignment, notebooks="\n".join(lines))
        (release / "README.md").write_text(readme, encoding="utf-8")
        target.mkdir(parents=True, exist_ok=True)
        unfinished = target / f".{assignment}.zip"
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(release.rglob("*")):
                if path.is_file():
                    name = f"{assignment}/{path.relative_to(release).as_posix()}"
                    entry = zipfile.ZipInfo(name, DATE)
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    entry.external_attr = 0o644 << 16
                    archive.writestr(entry, path.read_bytes())
        return unfinished.replace(target / f"{assignment}.zip")


def assignments() -> list[str]:
    """Return the names of all assignments: the wings that have exercises."""
    return sorted({path.parent.name for path in (EXERCISES / "source").glob("*/*.ipynb")})


def main() -> None:
    """Pack the assignments that the command line names, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("assignment", nargs="*", choices=[[], *assignments()])
    parser.add_argument("--to", type=Path, default=ROOT / "_build" / "exercises")
    options = parser.parse_args()
    chosen = options.assignment or assignments()
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # each waits for a process of its own
        for archive in pool.map(pack, chosen, [options.to] * len(chosen)):
            print(archive)


if __name__ == "__main__":
    main()
