"""The front door, demos and quizzes in a real browser, with every outside host blocked."""

import hashlib
import itertools
import urllib.request

import pytest

pytestmark = pytest.mark.browser

CHAPTER = "book/architecture/neurons.html"


def test_the_front_door_leads_to_the_book(visit, address):
    page = visit(f"{address}/index.html")
    page.wait_for_url("**/book/index.html")
    assert "Principles of Neural Networks" in page.title()


def test_the_search_finds_the_chapter_that_explains_a_word(visit, server):
    page = visit(f"{server}/search.html?q=perceptron")
    page.locator("#search-results a", has_text="Neurons").first.wait_for()
    assert page.faults == []


def shown_frame(page, explorer) -> tuple[str, str]:
    """Return the positions that the page shows and the hash of the picture that it loaded."""
    picture = explorer.locator("img.explorer-picture")
    source = picture.evaluate("image => image.src")
    with urllib.request.urlopen(source) as file:
        digest = hashlib.sha256(file.read()).hexdigest()[:20]
    return picture.get_attribute("data-frame"), digest


def settle(explorer, expected):
    """Wait until the picture belongs to the controls' positions."""
    handle = explorer.locator("img.explorer-picture").element_handle()
    handle.evaluate(
        """(image, key) => new Promise((done, fail) => {
            const started = performance.now();
            const look = () => image.dataset.frame === key ? done()
              : performance.now() - started > 5000 ? fail(`${image.dataset.frame} is not ${key}`)
              : requestAnimationFrame(look);
            look();
        })""",
        expected,
    )


def demos_of_the_chapter():
    """Make the chapter's demos again in this process: what Python computes is the reference."""
    from course_lib.demos import neurons

    sliders = list(itertools.product(range(5), range(5), range(5)))
    weights, biases = [-2, -1, 0, 1, 2], [-1.0, -0.5, 0.0, 0.5, 1.0]
    steps = list(neurons.learning_steps())
    return [
        ({key: (weights[key[0]], weights[key[1]], biases[key[2]]) for key in sliders},
         neurons.draw_decision_line, neurons.describe_decision_line),
        ({(i,): (step,) for i, step in enumerate(steps)},
         neurons.draw_learning, neurons.describe_learning),
    ]  # fmt: skip


def test_each_control_moves_by_keyboard_to_the_frame_that_python_draws(visit, address):
    from course_lib.demos import encode_frame, places_of

    page = visit(f"{address}/{CHAPTER}")
    explorers = page.locator('.course-widget[data-kind="explore"]')
    demos = demos_of_the_chapter()
    assert explorers.count() == len(demos)
    for n, (choices, draw, describe) in enumerate(demos):
        explorer = explorers.nth(n)
        sliders = explorer.locator("input[type=range]")
        start = tuple(int(sliders.nth(j).input_value()) for j in range(sliders.count()))
        first = draw(*choices[start])
        encode_frame(first)
        for i in range(sliders.count()):
            for key in ("ArrowLeft", "End", "Home", "ArrowRight"):
                sliders.nth(i).focus()
                page.keyboard.press(key)
                positions = tuple(int(sliders.nth(j).input_value()) for j in range(sliders.count()))
                settle(explorer, ",".join(map(str, positions)))
                shown, digest = shown_frame(page, explorer)
                assert shown == ",".join(map(str, positions))
                drawn = encode_frame(draw(*choices[positions]), places_of(first))
                assert digest == hashlib.sha256(drawn).hexdigest()[:20]
                alt = explorer.locator("img").get_attribute("alt")
                assert alt == describe(*choices[positions])
    assert page.faults == []


def test_play_runs_to_the_end_or_from_there_anew_and_reset_goes_back(visit, server):
    page = visit(f"{server}/book/index.html")  # its demo starts with the last picture
    explorer = page.locator(".explorer")
    slider = explorer.locator("input[type=range]")
    play = explorer.get_by_role("button", name="Play")
    last = slider.get_attribute("max")
    assert slider.input_value() == last
    play.click()
    page.wait_for_function("() => document.querySelector('.explorer input').value === '1'")
    explorer.get_by_role("button", name="Pause").click()
    slider.focus()
    page.keyboard.press("End")
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
    play.click()
    page.wait_for_function(
        "() => { const s = document.querySelector('.explorer input'); return s.value === s.max; }"
    )
    play.wait_for()
    slider.focus()
    page.keyboard.press("ArrowLeft")
    explorer.get_by_role("button", name="Reset").click()
    assert slider.input_value() == last


def test_a_change_is_announced_once_the_reader_pauses(visit, server):
    page = visit(f"{server}/{CHAPTER}")
    explorer = page.locator(".explorer").first
    explorer.locator("input[type=range]").first.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    assert explorer.locator("[aria-live=polite]").text_content() == ""
    page.wait_for_function(
        """() => {
            const explorer = document.querySelector(".explorer");
            const said = explorer.querySelector("[aria-live=polite]").textContent;
            return said !== "" && said === explorer.querySelector("img").alt;
        }"""
    )


def test_without_javascript_the_first_frame_and_the_answers_are_there(visit, address):
    page = visit(f"{address}/{CHAPTER}", java_script_enabled=False)
    picture = page.locator('[data-kind="explore"] img').first
    assert picture.get_attribute("alt")
    assert picture.bounding_box()["width"] > 300
    answer = page.locator('[data-kind="quiz"] summary').first
    answer.click()
    assert page.locator('[data-kind="quiz"] details[open] p').first.is_visible()


def test_quiz_choices_explain_themselves_by_keyboard(visit, address):
    page = visit(f"{address}/{CHAPTER}")
    question = page.locator(".quiz-question").nth(1)
    feedback = question.locator(".quiz-feedback")
    question.locator("input[type=radio]").first.focus()
    page.keyboard.press("Space")
    assert "Not quite" in feedback.text_content()
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    assert "Right" in feedback.text_content()
    assert len(feedback.text_content()) > 40


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("-4", "Right"),
        ("\u22124,0", "Right"),
        ("-5", "left out the bias"),
        ("17", "Multiply each input"),
        ("four", "Type a number"),
        ("", "Type a number"),
    ],
)
def test_a_number_is_read_as_people_write_it_and_mistakes_are_named(visit, server, typed, said):
    page = visit(f"{server}/{CHAPTER}")
    question = page.locator(".quiz-question").first
    question.locator("input").fill(typed)
    page.keyboard.press("Enter")
    assert said in question.locator(".quiz-feedback").text_content()
