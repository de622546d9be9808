"""Quizzes: every question has one right answer and a reason for each wrong one."""

import pytest

from course_lib.demos import choice, number, quiz, right, wrong


def test_a_choice_has_exactly_one_right_answer_and_a_reason_for_each():
    with pytest.raises(ValueError, match="one right"):
        choice("?", wrong("a", "no"), wrong("b", "no"))
    with pytest.raises(ValueError, match="one right"):
        choice("?", right("a", "yes"), right("b", "yes"))
    with pytest.raises(ValueError, match="a reason for every answer"):
        choice("?", right("a", "yes"), wrong("b", ""))


def test_a_number_needs_typical_mistakes_that_do_not_count_as_right():
    with pytest.raises(ValueError, match="at least one typical mistake"):
        number("?", 1, why="so", mistakes={}, hint="think")
    with pytest.raises(ValueError, match="counts the mistake"):
        number("?", 1, why="so", mistakes={1.05: "close"}, hint="think", tolerance=0.1)


def test_a_quiz_refuses_what_is_no_question():
    with pytest.raises(ValueError, match="at least one question"):
        quiz()
    with pytest.raises(TypeError, match="expected questions"):
        quiz("2 + 2?")


def test_without_scripts_every_answer_opens_its_explanation():
    questions = quiz(
        choice("`x < 1`?", right("a", "because `1`"), wrong("b & c", "no <b>")),
        number("2 + 2?", 4, why="count", mistakes={5: "one too many"}, hint="Count."),
    )
    html = questions.stand_in()
    assert html.count("<details>") == 4
    assert "<code>x &lt; 1</code>" in html
    assert "b &amp; c" in html
    assert "no &lt;b&gt;" in html
    assert "4. count" in html
