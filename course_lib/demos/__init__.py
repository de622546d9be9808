"""The course's interactive parts: demos, questions, and views of the library's own code."""

from course_lib.demos.explore import Explorer, explore
from course_lib.demos.frames import encode_frame, frame_name, places_of
from course_lib.demos.quiz import Question, Quiz, choice, number, quiz, right, wrong
from course_lib.demos.source import Source, source

__all__ = [
    "Explorer",
    "Question",
    "Quiz",
    "Source",
    "choice",
    "encode_frame",
    "explore",
    "frame_name",
    "number",
    "places_of",
    "quiz",
    "right",
    "source",
    "wrong",
]
