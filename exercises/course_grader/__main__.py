"""``course-grade``, also as ``python -m course_grader``.

nbgrader takes over a second to import, here and in the process that workers are forked from; so
that one is started before this one imports anything of weight. Workers import this module too,
as theirs is a copy of this program: keep it light.
"""

from typing import Any

from course_grader.warm_start import start_forkserver


def main(argv: list[str] | None = None, **options: Any) -> None:
    """Run ``course-grade``; the entry point of the console script."""
    start_forkserver()
    from course_grader import app

    app.main(argv, **options)


if __name__ == "__main__":
    main()
