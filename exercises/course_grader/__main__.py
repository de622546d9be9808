"""``python -m course_grader`` is ``course-grade``."""

from course_grader.app import main

if __name__ == "__main__":
    main()
