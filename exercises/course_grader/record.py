"""The only hand that writes the gradebook: one transaction for each submission."""

import datetime
from typing import Any

from nbgrader.api import BaseCell, Comment, Grade, Gradebook, MissingEntry

from course_grader.snapshot import read_source


class Recorder:
    """Reads what is to be graded from a gradebook and writes what came out.

    Parameters
    ----------
    gradebook : nbgrader.api.Gradebook
        Open for as long as this object is used.
    create_student : bool
        Whether unknown students are added, as `Autograde.create_student` says.
    """

    def __init__(self, gradebook: Gradebook, *, create_student: bool) -> None:
        self._gradebook = gradebook
        self._create_student = create_student

    def sources(self, assignment: str) -> dict[str, dict[str, Any]]:
        """Return the instructor's notebooks of an assignment by name.

        Raises
        ------
        MissingEntry
            If the gradebook doesn't know the assignment.
        """
        notebooks = self._gradebook.find_assignment(assignment).notebooks
        return {notebook.name: read_source(notebook) for notebook in notebooks}

    def register(self, assignment: str, student: str, timestamp: datetime.datetime | None) -> None:
        """Make sure that the student and an (at first empty) submission exist, as stock does.

        Raises
        ------
        MissingEntry
            If the student is unknown and may not be created.
        """
        if self._create_student:
            self._gradebook.update_or_create_student(student)
        else:
            self._gradebook.find_student(student)
        about = {"timestamp": timestamp} if timestamp else {}
        self._gradebook.update_or_create_submission(assignment, student, **about)

    def record(self, result: dict[str, Any], absent: set[str]) -> dict[str, float]:
        """Write a worker's verdict (`schema.RESULT`) down, all of it or nothing.

        Parameters
        ----------
        result : dict
            The verdict.
        absent : set of str
            Notebooks that the student didn't hand in: they score zero.

        Returns
        -------
        dict
            ``score``, ``max_score`` and ``seconds_late`` of the submission.

        Raises
        ------
        MissingEntry
            If the gradebook has no place for a score.
        """
        database = self._gradebook.db
        submission = self._gradebook.find_submission(result["assignment"], result["student"])
        verdicts = {verdict["name"]: verdict for verdict in result["notebooks"]}
        try:
            for notebook in submission.notebooks:
                if notebook.name in verdicts:
                    self._record_notebook(notebook, verdicts[notebook.name])
                elif notebook.name in absent:
                    for grade in notebook.grades:
                        grade.auto_score, grade.needs_manual_grade = 0, False
            database.commit()
        except BaseException:
            database.rollback()
            raise
        return self.totals(result["assignment"], result["student"])

    def totals(self, assignment: str, student: str) -> dict[str, float]:
        """Return the sums that the closing table shows."""
        submission = self._gradebook.find_submission(assignment, student)
        return {
            "score": float(submission.score),
            "max_score": float(submission.max_score),
            "seconds_late": float(submission.total_seconds_late),
        }

    def forget(self) -> None:
        """Let go of the rows in memory, so that a thousand submissions need no more than one."""
        self._gradebook.db.expunge_all()

    def _record_notebook(self, notebook: Any, verdict: dict[str, Any]) -> None:
        database = self._gradebook.db
        scores, comments = dict(verdict["scores"]), dict(verdict["comments"])
        grades = database.query(Grade, BaseCell.name).join(BaseCell, Grade.cell_id == BaseCell.id)
        for grade, name in grades.filter(Grade.notebook_id == notebook.id):
            if name in scores:
                score = scores.pop(name)
                grade.auto_score = None if verdict["flags"] else score  # no points on trust
                grade.needs_manual_grade = (
                    grade.manual_score is not None or grade.auto_score is None
                )
            elif verdict["flags"]:  # a cell that went missing keeps no older score either
                grade.auto_score, grade.needs_manual_grade = None, True
        rows = database.query(Comment, BaseCell.name).join(BaseCell, Comment.cell_id == BaseCell.id)
        for comment, name in rows.filter(Comment.notebook_id == notebook.id):
            if name in comments:
                comment.auto_comment = comments.pop(name)
        if scores or comments:
            lost = ", ".join(sorted({*scores, *comments}))
            raise MissingEntry(f"the gradebook has no row for {lost}: was the assignment changed?")
        if verdict["flags"]:
            notebook.flagged = True
        notebook.late_submission_penalty = None
