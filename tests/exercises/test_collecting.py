"""What learning-management systems hand over finds its way into `submitted/`."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from material import EXERCISES


@pytest.mark.grading
def test_zip_collect_sorts_the_files_of_an_archive_by_student_and_notebook(tmp_path: Path) -> None:
    shutil.copy(EXERCISES / "nbgrader_config.py", tmp_path)
    # zip_collect wants to know which notebooks the assignment has.
    released = tmp_path / "release" / "training"
    released.mkdir(parents=True)
    names = {"training_loop", "backpropagation"}
    for name in names:
        shutil.copy(EXERCISES / "source" / "training" / f"{name}.ipynb", released)
    folder = tmp_path / "downloaded" / "training" / "archive"
    folder.mkdir(parents=True)
    handed_in = {
        "ada_training_loop.ipynb": "ada",
        "ada_backpropagation.ipynb": "ada",
        "lovelaceada_4711_120034_training_loop.ipynb": "lovelaceada",
        "grace_late_4712_120035_backpropagation-1.ipynb": "grace",
    }
    with zipfile.ZipFile(folder / "submissions.zip", "w") as archive:
        for name in handed_in:
            archive.writestr(name, name)
    command = [sys.executable, "-m", "nbgrader", "zip_collect", "training"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    collected = {
        path.read_text(): (path.parts[-3], path.stem)
        for path in (tmp_path / "submitted").glob("*/training/*.ipynb")
    }
    assert collected == {
        name: (student, "training_loop" if "loop" in name else "backpropagation")
        for name, student in handed_in.items()
    }
