"""nbgrader's settings for this course; run nbgrader's commands from the directory of this file."""

from course_grader.feedback import HideTests
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import GetGrades

c = get_config()  # noqa: F821 (nbgrader defines it)

c.CourseDirectory.course_id = "principles-of-neural-networks"

# What a student finds in the place of a solution.
c.ClearSolutions.code_stub = {"python": "# Write your answer here.\nraise NotImplementedError"}
c.ClearSolutions.text_stub = "Write your answer here."

# Seconds that one cell may take. The slowest model solution needs a small part of it.
c.Execute.timeout = 30

# nbgrader's own list, with HideTests in the middle: feedback pages must not show hidden tests.
c.GenerateFeedback.preprocessors = [GetGrades, HideTests, CSSHTMLHeaderPreprocessor]
# Formulas as MathML; nbgrader's page would fetch MathJax from somebody else's server.
c.GenerateFeedback.exporter_class = "course_grader.feedback_page.FeedbackPage"

# How zip_collect reads the names of files: `ada_training_loop.ipynb` is the notebook training_loop
# by ada, and so is Canvas's `ada_late_4711_120034_training_loop.ipynb`, or with `-1` at its end
# where a file was handed in again. Other systems: `nbgrader zip_collect --help-all`.
STUDENT = r"(?P<student_id>[^/_]+)(?:_late|_LATE)?(?:_\d+)*"
NOTEBOOK = r"(?P<file_id>[a-z][a-z_]*?)(?:-\d+)?"
c.FileNameCollectorPlugin.named_regexp = rf".*?{STUDENT}_{NOTEBOOK}\.ipynb$"
