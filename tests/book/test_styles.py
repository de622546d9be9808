"""The joint style sheet: what may go, what must stay, and that no page misses a rule."""

import sys

import pytest
import tinycss2

from .conftest import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))
from course_site.styles import Vocabulary, selectors, used_rules

PAGE = """<p class="note big"></p><script>box.classList.add("from-script");
tip.className = `tip-${side}`; quiz.className = "quiz-" + kind;</script>"""


def kept(style: str) -> str:
    used = used_rules(style, Vocabulary([PAGE], ['node.classList.toggle("shown")']))
    return "".join(used.split())


@pytest.mark.parametrize(
    "selector",
    [
        ".note",
        "p.note.big>a",
        ".from-script",
        ".shown::before",
        ".tip-left",
        ".quiz-right",
        "p",
        "#anything",
        '[class*="absent"]',
        "p:not(.absent)",
        "p:is(.absent,.note)",
        "p:hover",
        ":root",
        "*",
    ],
)
def test_a_selector_that_some_element_may_match_stays(selector):
    assert kept(f"{selector}{{color:red}}") == f"{selector}{{color:red}}".replace(" ", "")


@pytest.mark.parametrize("selector", [".absent", "p .absent>*", ".note.absent", ".-Absent", "a.b"])
def test_a_selector_of_a_class_that_nothing_has_goes(selector):
    assert kept(f"{selector}{{color:red}}") == ""


def test_of_several_selectors_those_stay_that_are_used():
    assert kept(".absent, .note, .absent p {color: red}") == ".note{color:red}"


def test_conditions_keep_what_is_used_and_go_when_nothing_is_left():
    style = "@media print{.absent{color:red}.note{color:red}}@supports (x:y){.absent{x:y}}"
    assert kept(style) == "@mediaprint{.note{color:red}}"


def test_fonts_movements_values_and_strings_are_left_as_they_are():
    style = (
        '@font-face{font-family:x;src:url("a.woff2")}@keyframes turn{to{rotate:1turn}}'
        ':root{--sign:"↗ {";--picture:url("data:image/svg+xml,%3Csvg.absent{}")}'
    )
    assert kept(style) == "".join(style.split())


def test_what_is_no_rule_is_warned_of(monkeypatch):
    said = []
    monkeypatch.setattr("course_site.styles.logger.warning", lambda *args: said.append(args))
    assert kept(".note{color:red} .note") == ".note{color:red}"
    assert len(said) == 1


def test_a_selector_needs_the_classes_outside_of_its_parentheses():
    prelude = tinycss2.parse_one_rule(".a > p.b:not(.c), [class~=d] .e:is(.f) {}").prelude
    assert list(selectors(prelude)) == [
        (".a > p.b:not(.c)", {"a", "b"}),
        ("[class~=d] .e:is(.f)", {"e"}),
    ]
