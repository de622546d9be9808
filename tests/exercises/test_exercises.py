"""Every exercise keeps its promises, proved by grading its variants through nbgrader."""

import fcntl
import json
import multiprocessing
import os
import pickle
import re
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor

import proving
import pytest
from material import Exercise, find_exercises, marks, read, region, squash
from proving import INSTRUCTOR, PRYING, UNTOUCHED, Proof
from variants import Correct, Wrong

EXERCISES = find_exercises()
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=str)


@pytest.fixture(scope="session")
def executor() -> Iterator[Executor]:
    # A fresh interpreter for each worker: it imports nbgrader once, and forks no threads. Where
    # pytest-xdist proves several exercises at a time, they share the processors.
    at_a_time = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    workers = max(1, (os.cpu_count() or 1) // at_a_time)
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.fixture(
    scope="session",
    params=[pytest.param(e, marks=pytest.mark.xdist_group(str(e)), id=str(e)) for e in EXERCISES],
)
def proof(
    request: pytest.FixtureRequest, executor: Executor, tmp_path_factory: pytest.TempPathFactory
) -> Proof:
    """Grade an exercise once, also if pytest-xdist gives its tests to several processes."""
    exercise: Exercise = request.param
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    course = shared / f"course-{exercise.wing}-{exercise.chapter}"
    course.mkdir(exist_ok=True)
    kept = course / "grades.pickle"
    with (course / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if kept.exists():
            return Proof(exercise, course, pickle.loads(kept.read_bytes()))
        result = proving.prove(exercise, course, executor)
        kept.write_bytes(pickle.dumps(result.grades))
    return result


@each_exercise
def test_points_add_up_to_a_hundred_and_belong_to_tasks(exercise: Exercise) -> None:
    assert sum(marks(cell)["points"] for cell in exercise.graded) == 100
    by_task = [set(exercise.points(task)) for task in exercise.tasks]
    assert all(by_task), "a task has no test cell"
    tested = {marks(cell)["grade_id"] for cell in exercise.graded if cell not in exercise.manual}
    assert set().union(*by_task) == tested, "a test cell isn't called <task>-<what it tests>"


@each_exercise
def test_each_task_has_three_correct_and_eight_wrong_variants(exercise: Exercise) -> None:
    assert set(exercise.variants) == set(exercise.tasks)
    for task, variants in exercise.variants.items():
        correct = {v.source for v in variants if isinstance(v, Correct)}
        wrong = {v.source for v in variants if isinstance(v, Wrong)}
        assert len(correct) >= 3, task
        assert len(wrong) >= 8, task
        assert len(correct | wrong) == len(variants), f"{task} has the same variant twice"


@each_exercise
def test_test_cells_are_locked_and_repeat_their_visible_tests_in_hidden_ones(
    exercise: Exercise,
) -> None:
    for cell in exercise.graded:
        if cell in exercise.manual:
            continue
        name, source = marks(cell)["grade_id"], cell["source"]
        assert marks(cell)["locked"], name
        hidden = region(source, "HIDDEN TESTS")
        visible = source.replace(hidden, "")
        checks = set(re.findall(r"^def (check_\w+)", visible, re.MULTILINE))
        assert checks, f"{name} defines no check_… function"
        for check in checks:
            assert re.search(rf"^{check}\(", visible, re.MULTILINE), f"{name}: no visible test"
            assert f"{check}(" in hidden, f"{name}: no hidden test"


@each_exercise
def test_a_source_notebook_is_stored_in_one_form_and_without_outputs(exercise: Exercise) -> None:
    text = exercise.path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    assert text == json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(ids) == len(set(ids))
    for cell in notebook["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("wing", sorted({exercise.wing for exercise in EXERCISES}))
def test_a_wing_has_one_question_for_a_person_with_a_marking_scheme(wing: str) -> None:
    cells = [cell for exercise in EXERCISES if exercise.wing == wing for cell in exercise.manual]
    assert len(cells) == 1
    scheme = region(cells[0]["source"], "SOLUTION").partition("**Marking scheme**")[2]
    points = re.findall(r"^- (\d+) points?:", scheme, re.MULTILINE)
    assert sum(map(int, points)) == marks(cells[0])["points"]


@pytest.mark.grading
def test_the_release_holds_no_solution_and_no_hidden_test(proof: Proof) -> None:
    folder = proof.course / "release" / proof.exercise.wing
    cells = read(folder / proof.exercise.path.name)["cells"]
    text = "\n".join(cell["source"] for cell in cells)
    assert "BEGIN" not in text
    for name in ("SOLUTION", "HIDDEN TESTS"):
        secrets = proof.exercise.secrets(name)
        assert secrets
        assert not [line for line in secrets if line in squash(text)]


@pytest.mark.grading
def test_the_instructors_solution_gets_full_marks_without_a_warning(proof: Proof) -> None:
    for name, grade in proof.grades[INSTRUCTOR].items():
        manual = name in {marks(cell)["grade_id"] for cell in proof.exercise.manual}
        assert grade.needs_person == manual, name
        assert manual or grade.auto == grade.most, name
    outputs = proof.outputs(INSTRUCTOR)
    assert not [output for output in outputs if output["output_type"] == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]


@pytest.mark.grading
def test_the_untouched_release_gets_no_points(proof: Proof) -> None:
    assert {grade.auto for grade in proof.grades[UNTOUCHED].values()} == {0.0}


@pytest.mark.grading
def test_every_correct_variant_gets_all_points_of_its_task(proof: Proof) -> None:
    lost = [
        f"{student}, {task}: {proof.message(student, task)}\n{variant.source}"
        for student, variants in proving.answers(proof.exercise).items()
        for task, variant in variants.items()
        if isinstance(variant, Correct)
        and proof.score(student, task) != sum(proof.exercise.points(task).values())
    ]
    assert not lost, "\n\n".join(lost)


@pytest.mark.grading
def test_every_wrong_variant_loses_points_and_is_told_why(proof: Proof) -> None:
    faults = []
    for student, variants in proving.answers(proof.exercise).items():
        for task, variant in variants.items():
            if isinstance(variant, Correct):
                continue
            told = proof.message(student, task)
            if proof.score(student, task) == sum(proof.exercise.points(task).values()):
                faults.append(f"{student}, {task} keeps all points:\n{variant.source}")
            elif squash(variant.message) not in squash(told):
                faults.append(
                    f"{student}, {task} should be told {variant.message!r}, is told:\n{told}"
                    f"\n{variant.source}"
                )
    assert not faults, "\n\n".join(faults)


@pytest.mark.grading
def test_feedback_shows_no_hidden_test_even_to_a_student_who_pries(proof: Proof) -> None:
    secrets = proof.exercise.secrets("HIDDEN TESTS")
    seen = squash(json.dumps(proof.outputs(PRYING)).replace('\\"', '"'))
    assert any(line in seen for line in secrets), "the prying student saw nothing"
    for student in proof.grades:
        # A student may well have written the same line, say `W, b = np.zeros(D), 0.0`.
        page, own = proof.shown(student), proof.submitted(student)
        assert not [line for line in secrets if line in page and line not in own], student


@pytest.mark.grading
def test_a_feedback_page_is_complete_in_itself(proof: Proof) -> None:
    page = proof.feedback(INSTRUCTOR)
    assert "<script" not in page
    assert not re.findall(r'(?:src|href)="(?!#|data:)[^"]*"', page)
    text = [c["source"] for c in proof.exercise.source["cells"] if c["cell_type"] == "markdown"]
    assert ("<math" in page) == any("$" in source for source in text)
    assert not re.findall(r"<code>[^<]*\\[^<]*</code>", page), "a formula that was not understood"
