"""Questions that answer back: each wrong answer gets the reason why it is wrong.

The same object works on the static page and in JupyterLab; without JavaScript each answer opens
its explanation.
"""

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import traitlets

from course_lib.demos.widget import CourseWidget


@dataclass(frozen=True)
class Answer:
    """One answer of a multiple-choice question, and what the reader learns from choosing it.

    Examples
    --------
    >>> Answer("4", "2 + 2", True).text
    '4'
    """

    text: str
    why: str
    right: bool


def right(text: str, why: str) -> Answer:
    """Write the right answer, and why it is right.

    Examples
    --------
    >>> right("4", "2 + 2").right
    True
    """
    return Answer(text, why, True)


def wrong(text: str, why: str) -> Answer:
    """Write a tempting wrong answer, and the thought that leads to it.

    Examples
    --------
    >>> wrong("5", "counted one twice").right
    False
    """
    return Answer(text, why, False)


@dataclass(frozen=True)
class Question:
    """A question as the page's front end reads it; made by `choice` or `number`.

    Examples
    --------
    >>> question = number("2 + 2?", 4, why="count", mistakes={5: "one too many"}, hint="Count.")
    >>> question.state()["mistakes"]
    [{'value': 5, 'why': 'one too many'}]
    """

    text: str
    answers: tuple[Answer, ...] = ()
    value: float = math.nan
    tolerance: float = 0.0
    why: str = ""
    mistakes: Mapping[float, str] = field(default_factory=dict)
    hint: str = ""

    def state(self) -> dict[str, Any]:
        """Return the question as plain lists and numbers."""
        if self.answers:
            return {"text": self.text, "answers": [vars(answer) for answer in self.answers]}
        return {
            "text": self.text,
            "value": self.value,
            "tolerance": self.tolerance,
            "why": self.why,
            "mistakes": [{"value": v, "why": why} for v, why in self.mistakes.items()],
            "hint": self.hint,
        }


def choice(text: str, *answers: Answer) -> Question:
    """Ask for one of several answers.

    Parameters
    ----------
    text : str
        The question. Text between backticks is shown as code.
    *answers : Answer
        From `right` and `wrong`; exactly one right and at least one wrong, in the order shown.

    Raises
    ------
    ValueError
        If there is not exactly one right answer, no wrong one, or one without its reason.

    Examples
    --------
    >>> question = choice("2 + 2?", wrong("5", "one too many"), right("4", "count them"))
    >>> len(question.answers)
    2
    """
    if sum(answer.right for answer in answers) != 1 or len(answers) < 2:
        raise ValueError(f"choice expected one right and at least one wrong answer to {text!r}")
    if not all(answer.why for answer in answers):
        raise ValueError(f"choice expected a reason for every answer to {text!r}")
    return Question(text, answers)


def number(
    text: str,
    value: float,
    *,
    why: str,
    mistakes: Mapping[float, str],
    hint: str,
    tolerance: float = 1e-9,
) -> Question:
    """Ask for a number.

    Parameters
    ----------
    text : str
        The question. Text between backticks is shown as code.
    value : float
        The right number.
    why : str
        What the reader learns when it is right.
    mistakes : mapping of float to str
        Numbers that a typical mistake leads to, each with the explanation of that mistake.
    hint : str
        What to say about any other number.
    tolerance : float, optional
        How far an answer may be off.

    Raises
    ------
    ValueError
        If a mistake counts as right, or no mistake is given.

    Examples
    --------
    >>> number("2 + 2?", 4, why="count", mistakes={5: "one too many"}, hint="Count.").value
    4
    """
    if not mistakes:
        raise ValueError(f"number expected at least one typical mistake for {text!r}")
    for mistake in mistakes:
        if abs(mistake - value) <= tolerance:
            raise ValueError(f"number counts the mistake {mistake} of {text!r} as right")
    return Question(text, (), value, tolerance, why, dict(mistakes), hint)


def _inline(text: str) -> str:
    parts = html.escape(text).split("`")
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))


class Quiz(CourseWidget):
    """Questions in a row, with instant feedback; made by `quiz`.

    Examples
    --------
    >>> Quiz(questions=[]).stand_in()
    '<ol></ol>'
    """

    kind = "quiz"
    _esm: Any = Path(__file__).with_name("quiz.js")
    _css: Any = Path(__file__).with_name("widget.css")

    questions: Any = traitlets.List().tag(sync=True)

    def stand_in(self) -> str:
        """Return the questions as a list in which every answer opens its explanation."""
        return f"<ol>{''.join(map(self._question, self.questions))}</ol>"

    @staticmethod
    def _question(question: dict[str, Any]) -> str:
        if "answers" in question:
            answers = [(a["text"], a["why"], a["right"]) for a in question["answers"]]
        else:
            answers = [(f"{m['value']:g}", m["why"], False) for m in question["mistakes"]]
            answers.append(("the answer", f"{question['value']:g}. {question['why']}", True))
        details = "".join(
            f"<details><summary>{_inline(text)}</summary>"
            f"<p>{'Right' if is_right else 'No'}. {_inline(why)}</p></details>"
            for text, why, is_right in answers
        )
        return f"<li><p>{_inline(question['text'])}</p>{details}</li>"

    def __repr__(self) -> str:
        return f"Quiz({len(self.questions)} questions)"


def quiz(*questions: Question) -> Quiz:
    """Show questions with instant, explained feedback.

    Parameters
    ----------
    *questions : Question
        From `choice` and `number`; at least one.

    Raises
    ------
    TypeError
        If an argument is no question.
    ValueError
        If there is none.

    Examples
    --------
    >>> quiz(choice("2 + 2?", wrong("5", "one too many"), right("4", "count them")))
    Quiz(1 questions)
    """
    if not questions:
        raise ValueError("quiz expected at least one question, got none")
    for question in questions:
        if not isinstance(question, Question):
            raise TypeError(f"quiz expected questions from choice or number, got {question!r}")
    return Quiz(questions=[question.state() for question in questions])
