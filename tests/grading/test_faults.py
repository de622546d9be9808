"""Kill it, fill its disk, lock its database: nothing is lost, and one line says what to do."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.grading
KILLS = 50 if os.environ.get("COURSE_GRADE_FULL") else 4


def descendants(pid: int) -> list[int]:
    """Return all processes below a process, by reading /proc."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found, pending = [], [pid]
    while pending:
        below = children.get(pending.pop(), [])
        found += below
        pending += below
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes in /proc")
def test_killed_anywhere_and_run_again_the_gradebook_is_the_uninterrupted_ones(make_course):
    whole, killed = make_course("whole"), make_course("killed")
    for course in (whole, killed):
        for number in range(6):
            course.submit(f"student{number}")
        course.submit("wrong", relu="def relu(z):\n    return z")
        course.submit("dies", relu="import os\nos._exit(3)")
    whole.grade(check=False)
    rng = random.Random(8)
    for turn in range(KILLS):
        process = killed.start("--workers=2", stdout=subprocess.DEVNULL)
        time.sleep(rng.uniform(1.0, 12.0))
        below = descendants(process.pid)
        if below and turn % 2:  # a worker, a zygote, a sandbox, a kernel: whatever it hits
            for _ in range(3):
                try:
                    os.kill(rng.choice(below), signal.SIGKILL)
                except ProcessLookupError:
                    continue
            process.wait(timeout=240)
        else:
            process.kill()
            process.wait()
        if rng.random() < 0.3:
            shutil.rmtree(killed.root / "autograded", ignore_errors=True)
    killed.grade(check=False)
    assert killed.scores() == whole.scores()
    folders = {p.name for p in (whole.root / "autograded").glob("*/ps1/../")}
    assert {p.name for p in (killed.root / "autograded").glob("*/ps1/../")} == folders
    assert not list((killed.root / "autograded").glob("*/.*.partial/*.ipynb"))


def test_no_process_outlives_a_killed_coordinator(course):
    course.submit("slow", relu="import time\ntime.sleep(300)")
    process = course.start("--workers=1", "--Execute.timeout=400", stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        below = descendants(process.pid)
        if len(below) > 5:
            break
        time.sleep(0.2)
    process.kill()
    process.wait()
    assert len(below) > 5  # else it never came to grading, and nothing would be proven
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in below) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert [pid for pid in below if Path(f"/proc/{pid}").exists()] == []


def test_a_locked_gradebook_gives_one_line_and_the_next_run_grades(course):
    course.submit("ada")
    lock = sqlite3.connect(course.root / "gradebook.db", isolation_level=None)
    lock.execute("begin exclusive")
    outcome = course.grade(check=False)
    lock.execute("rollback")
    lock.close()
    assert outcome.code == 1
    assert outcome.err.count("the gradebook is locked by another program; nothing is lost") == 1
    assert "Traceback" not in outcome.err
    assert not list((course.root / "autograded").glob("*/ps1"))
    assert "1 graded" in course.grade().out


def test_a_missing_gradebook_gives_one_line_and_is_not_made_up(course):
    course.submit("ada")
    (course.root / "gradebook.db").rename(course.root / "away.db")
    outcome = course.grade(check=False)
    assert outcome.code == 1
    assert "there is no gradebook at" in outcome.err
    assert not (course.root / "gradebook.db").exists()
    outcome = course.grade("--db=sqlite:///away.db")
    assert "1 graded" in outcome.out


def test_an_unknown_assignment_gives_one_line(course):
    course.submit("ada")
    shutil.copytree(course.root / "submitted/ada/ps1", course.root / "submitted/ada/ps9")
    outcome = course.run("course-grade", "ps9", "--workers=1", check=False)
    assert outcome.code == 1
    assert "run `nbgrader generate_assignment` first" in outcome.err


def test_a_missing_bubblewrap_is_refused_unless_the_code_is_trusted(course, monkeypatch, tmp_path):
    course.submit("ada")
    (tmp_path / "bin").mkdir()
    programs = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{programs}")
    if (programs / "bwrap").exists():
        pytest.skip("bubblewrap is installed next to Python")
    outcome = course.grade(check=False)
    assert outcome.code == 1
    assert "needs bubblewrap" in outcome.err
    assert "apt-get install bubblewrap" in outcome.err
    assert not (course.root / "autograded").exists()
    outcome = course.grade("--no-sandbox")
    assert "WITHOUT a sandbox" in outcome.out
    assert course.scores()["ada", "p1/test_relu"][0] == 2


@pytest.mark.skipif(shutil.which("unshare") is None, reason="makes a small disk with unshare")
def test_a_full_disk_gives_one_line_and_loses_nothing(course: Any, tmp_path: Path) -> None:
    for number in range(3):
        course.submit(
            f"s{number}", mean=f"# {'x' * 300_000}\ndef mean(v):\n    return sum(v)/len(v)"
        )
    small = tmp_path / "small"
    small.mkdir()
    # A fixed size once held everything and filled nothing: room for one and a half notebooks.
    page = os.sysconf("SC_PAGESIZE")
    files = [path for path in course.root.rglob("*") if path.is_file()]
    pages = sum(-(-path.stat().st_size // page) for path in files)
    room = pages * page + 450_000
    script = (
        f"mount -t tmpfs -o size={room} tmpfs {small} && cp -r {course.root}/. {small} && "
        f"cd {small} && "
        f"{{ {sys.executable} -m course_grader ps1 --workers=1 2>&1; echo code $?; }} && "
        f"rm -rf {course.root} && mkdir {course.root} && cp -r {small}/. {course.root}"
    )
    mapped = [] if os.geteuid() == 0 else ["--map-root-user", "--user"]
    line = ["unshare", "--mount", *mapped, "sh", "-c", script]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=600)
    if "permission denied" in done.stderr or "not permitted" in done.stderr:
        pytest.skip("this machine lets nobody mount a small disk")
    assert done.stdout.count("the disk is full") == 1, done.stdout + done.stderr
    assert "code 1" in done.stdout
    assert "Traceback" not in done.stdout
    assert done.returncode == 0, done.stderr  # all that the small disk held came back
    assert "2 graded, 0 flagged, 0 failed, 1 done before" in course.grade().out
    assert {course.scores()[f"s{n}", "p1/test_relu"][0] for n in range(3)} == {2}
    assert not list((course.root / "autograded").glob("*/.*.partial"))
