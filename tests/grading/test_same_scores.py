import pytest

pytestmark = pytest.mark.grading

ANSWERS = {
    "correct": {},
    "wrong_relu": {"relu": "def relu(z):\n    return z"},
    "half": {"mean": "def mean(values):\n    return 0.25"},
    "nothing": {"relu": "raise NotImplementedError", "mean": "raise NotImplementedError"},
    "prints": {"mean": "import sys\ndef mean(v):\n    print(v)\n    return sum(v) / len(v)"},
    "warns": {"mean": "import warnings\ndef mean(v):\n    warnings.warn('?')\n    return 2"},
    "syntax": {"relu": "def relu(z:\n    return z"},
    # A cell that cannot be read never begins. The kernel's tripwires are silent then, which was
    # taken for tampering as soon as nothing else (a late import, say) happened to trip them.
    "syntax_twice": {"relu": "def relu(z:\n    return z", "mean": "if True:\nmean = 3\n  x = 1"},
    "reads_data": {
        "mean": "text = open('data.csv').read()\ndef mean(v):\n    return sum(v)/len(v)"
    },
    "too_much": {"mean": "def mean(values):\n    return 0.0"},
}


def test_every_cell_scores_what_stock_nbgrader_gives(make_course):
    ours, stock = make_course("ours"), make_course("stock")
    for course in (ours, stock):
        for student, answers in ANSWERS.items():
            path = course.submit(student, **answers)
            path.with_name("timestamp.txt").write_text("2026-05-05 12:00:00 UTC")
    stock.run("nbgrader", "autograde", "ps1")
    entries = ours.report("--timings", workers=2)
    assert ours.scores() == stock.scores()
    for entry in entries.values():
        assert entry["status"] == "graded", entry
        assert entry["timings"]["p1"]["test_relu"] > 0

    for student in ANSWERS:  # and nbgrader's next step finds what it needs
        for name in ("p1.ipynb", "data.csv", "timestamp.txt"):
            path = ours.root / "autograded" / student / "ps1" / name
            assert path.stat().st_mode == (stock.root / path.relative_to(ours.root)).stat().st_mode
    feedback = ours.run("nbgrader", "generate_feedback", "ps1", "--student=correct")
    assert (ours.root / "feedback" / "correct" / "ps1" / "p1.html").exists(), feedback.err


def test_what_is_graded_is_skipped_and_forced_work_is_done_again(course):
    course.submit("ada")
    course.grade()
    folder = course.root / "autograded" / "ada" / "ps1"
    first = folder.stat().st_ino
    assert "1 done before" in course.grade().out
    assert folder.stat().st_ino == first
    assert "1 graded" in course.grade("--force").out
    assert folder.stat().st_ino != first


def test_a_late_submission_is_penalized_like_stock(make_course):
    plugin = (
        "from nbgrader.plugins import BasePlugin\n"
        "class Late(BasePlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n"
        "        return 0.5\n"
    )
    ours, stock = make_course("ours"), make_course("stock")
    for course in (ours, stock):
        (course.root / "late.py").write_text(plugin)
        with (course.root / "nbgrader_config.py").open("a") as config:
            config.write("c.AssignLatePenalties.plugin_class = 'late.Late'\n")
        course.run(
            "nbgrader", "db", "assignment", "add", "ps1", "--duedate=2026-01-01 00:00:00 UTC"
        )
        path = course.submit("late")
        path.with_name("timestamp.txt").write_text("2026-05-05 12:00:00 UTC")
    stock.run("nbgrader", "autograde", "ps1")
    ours.grade()
    assert ours.scores() == stock.scores()
    penalties = {row[3] for key, row in ours.scores().items() if not key[1].endswith("comment")}
    assert penalties == {0.5}
