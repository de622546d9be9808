"""Every variant of every exercise scores, cell by cell, what stock nbgrader gives it."""

import os
import shutil
from concurrent.futures import ProcessPoolExecutor

import pytest
from material import find_exercises
from proving import PRYING, handed_in, open_course, run_for

pytestmark = [
    pytest.mark.grading,
    pytest.mark.skipif(
        not os.environ.get("COURSE_GRADE_FULL"),
        reason="grades all variants twice; `make bench-grading` does it",
    ),
]


@pytest.mark.parametrize("exercise", find_exercises(), ids=str)
def test_every_variant_scores_what_stock_nbgrader_gives(exercise, tmp_path, in_course):
    ours, stock = tmp_path / "ours", tmp_path / "stock"
    stock.mkdir()
    open_course(stock, exercise)
    shutil.rmtree(stock / "submitted" / PRYING)  # it spies on the tests, and is flagged for it
    shutil.copytree(stock, ours)
    with ProcessPoolExecutor(1) as executor:
        run_for("AutogradeApp", stock, exercise.wing, handed_in(stock), executor)
    course = in_course(ours)
    course.run("course-grade", exercise.wing, "--workers=2", "--report=report.json")
    assert course.scores() == in_course(stock).scores()
