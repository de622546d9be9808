"""The same grades on a cluster and in another database."""

import os
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.grading


def submit_some(course: Any) -> None:
    for number in range(4):
        course.submit(f"student{number}")
    course.submit("wrong", relu="def relu(z):\n    return z")
    course.submit("damaged", b"\x00")


def test_a_cluster_of_two_workers_gives_the_same_gradebook(make_course):
    distributed = pytest.importorskip("distributed")
    here, there = make_course("here"), make_course("there")
    for course in (here, there):
        submit_some(course)
    here.grade(check=False)
    with (
        warnings.catch_warnings(),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as cluster,
    ):
        warnings.simplefilter("ignore")  # Dask's own, when it looks for a free port
        outcome = there.grade(f"--scheduler={cluster.scheduler_address}", check=False)
    assert "5 graded, 0 flagged, 1 failed" in outcome.out
    assert there.scores() == here.scores()


def test_a_scheduler_that_is_not_there_gives_one_line(course):
    pytest.importorskip("distributed")
    course.submit("ada")
    outcome = course.grade("--scheduler=tcp://127.0.0.1:1", check=False)
    assert outcome.code == 1
    assert "no Dask scheduler answers at tcp://127.0.0.1:1" in outcome.err
    assert "Traceback" not in outcome.err


@pytest.fixture
def postgresql() -> Iterator[str]:
    """URL of a PostgreSQL server from Debian's package, alone on a Unix socket."""
    pytest.importorskip("psycopg", reason="needs a driver: pip install 'psycopg[binary]'")
    # Debian's package of the client alone makes the folder, too.
    homes = sorted(path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not homes:
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    # Not in pytest's own folder: above that of a pytest-xdist worker nobody but its owner may pass.
    with tempfile.TemporaryDirectory(prefix="course-postgresql-") as folder:
        user: list[str] = []
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(folder, "postgres", "postgres")
            user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        data = ["-D", f"{folder}/db"]
        init = [*user, str(homes[-1] / "initdb"), *data, "-A", "trust", "-U", "grader"]
        subprocess.run(init, check=True, capture_output=True, cwd=folder)
        server = [*user, str(homes[-1] / "postgres"), *data, "-k", folder, "-h", ""]
        with subprocess.Popen(server, stderr=subprocess.DEVNULL, cwd=folder) as process:
            deadline = time.monotonic() + 60
            while not list(Path(folder).glob(".s.PGSQL.*")) and time.monotonic() < deadline:
                time.sleep(0.1)
            yield f"postgresql+psycopg://grader@/postgres?host={folder}"
            process.terminate()


def test_a_gradebook_in_postgresql_gets_the_same_scores(make_course, postgresql):
    from sqlalchemy import create_engine, text

    here, there = make_course("here"), make_course("there")
    for course in (here, there):
        submit_some(course)
    here.grade(check=False)
    there.run("nbgrader", "generate_assignment", "ps1", "--force", f"--db={postgresql}")
    outcome = there.grade(f"--db={postgresql}", workers=2, check=False)
    assert "5 graded, 0 flagged, 1 failed" in outcome.out, outcome.err
    query = """
        select a.student_id, n.name || '/' || c.name, g.auto_score, g.needs_manual_grade
        from grade g join base_cell c on c.id = g.cell_id
        join submitted_notebook s on s.id = g.notebook_id join notebook n on n.id = s.notebook_id
        join submitted_assignment a on a.id = s.assignment_id"""
    engine = create_engine(postgresql)
    with engine.connect() as connection:
        rows = {(row[0], row[1]): (row[2], row[3]) for row in connection.execute(text(query))}
    engine.dispose()
    expected = {k: (v[0], v[2]) for k, v in here.scores().items() if not k[1].endswith("comment")}
    assert rows == expected
