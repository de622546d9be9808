"""One chapter by keyboard alone, from the skip link to the next chapter; and with less motion."""

import pytest

pytestmark = pytest.mark.browser

CHAPTER, NEXT = "book/architecture/neurons.html", "book/architecture/layers.html"
WIDE = {"width": 1280, "height": 900}

# What has the focus: what it is, where it stands, and whether that can be seen. The look of an
# element, or of the label around it, must change with the focus.
FOCUSED = """
() => {
  const element = document.activeElement;
  if (element === document.body) return null;
  const flat = element.getBoundingClientRect().height === 0 && element.firstElementChild;
  const shown = flat || element;
  const look = () => [shown, shown.closest("label"), shown.parentElement].map((part) => {
    if (!part || (flat && part === element)) return null;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(part);
    return [outlineStyle === "none" ? "none" : outlineStyle + outlineWidth, boxShadow].join();
  }).join(" / ");
  for (const animation of document.getAnimations()) animation.finish();
  const focused = look();
  const box = shown.getBoundingClientRect();
  const before = window.visited;
  const forward = !before || (before.compareDocumentPosition(element) & 4) > 0;
  window.visited = element;
  element.blur();
  for (const animation of document.getAnimations()) animation.finish();
  const ring = focused !== look();
  element.focus({ focusVisible: true, preventScroll: true });
  const main = element.closest("main");
  return {
    html: element.outerHTML.slice(0, 160).replace(/\\s+/g, " "),
    kind: element.matches(".skip-link a") ? "skip link"
      : element.closest(".bd-sidebar-primary") ? "navigation"
      : element.closest(".explorer") ? "demo"
      : element.closest(".quiz") ? "quiz"
      : element.matches(".prev-next-footer .right-next") ? "next chapter"
      : element.closest("article") ? "text" : "around",
    forward, ring,
    seen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight,
  };
}
"""


@pytest.fixture
def page(visit, server):
    return visit(f"{server}/{CHAPTER}", viewport=WIDE)


def walk(page) -> list[dict]:
    """Press Tab until the focus leaves the page; return what was focused on the way."""
    steps = []
    for _ in range(1000):
        page.keyboard.press("Tab")
        step = page.evaluate(FOCUSED)
        if step is None:
            return steps
        steps.append(step)
    raise AssertionError(f"the focus never leaves the page; last {steps[-3:]}")


def tab_to(page, selector: str, *, back: bool = False) -> None:
    for _ in range(1000):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"no way by keyboard to {selector}")


def test_tab_goes_through_the_chapter_in_reading_order_and_out_again(page):
    steps = walk(page)
    kinds = list(dict.fromkeys(step["kind"] for step in steps))
    assert kinds[0] == "skip link"
    order = [kind for kind in kinds if kind not in {"around", "text"}]
    assert order == ["skip link", "navigation", "demo", "quiz", "next chapter"]
    assert [step["html"] for step in steps if not step["forward"]] == []


def test_whatever_has_the_focus_is_in_view_and_marked(page):
    steps = walk(page)
    assert len(steps) > 50
    assert [step["html"] for step in steps if not step["seen"]] == []
    assert [step["html"] for step in steps if not step["ring"]] == []


def test_a_chapter_its_demo_and_its_quiz_can_be_worked_without_a_mouse(page):
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main-content"

    tab_to(page, ".explorer input[type=range]")
    demo = page.locator(".explorer").first
    described = demo.locator("img").get_attribute("alt")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(
        "before => document.querySelector('.explorer img').alt !== before", arg=described
    )

    tab_to(page, ".explorer-button")  # the first demo has no player
    while page.evaluate("document.activeElement.textContent") != "▶ Play":
        tab_to(page, ".explorer-button")
    played = page.evaluate_handle("document.activeElement.closest('.explorer')")
    slider = played.query_selector("input[type=range]")
    start = slider.input_value()
    page.keyboard.press("Space")
    assert page.evaluate("document.activeElement.textContent") == "⏸ Pause"
    page.wait_for_function("([slider, start]) => slider.value > start", arg=[slider, start])
    page.keyboard.press("Space")
    assert page.evaluate("document.activeElement.textContent") == "▶ Play"
    tab_to(page, ".explorer-button")  # Reset
    page.keyboard.press("Enter")
    assert slider.input_value() == start

    tab_to(page, ".quiz input[type=text]")
    feedback = page.locator(".quiz-feedback")
    page.keyboard.type("17")
    page.keyboard.press("Enter")
    assert "Not quite" in feedback.nth(0).text_content()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("-4")
    tab_to(page, ".quiz button")
    page.keyboard.press("Space")
    assert "Right" in feedback.nth(0).text_content()
    tab_to(page, ".quiz input[type=radio]")
    page.keyboard.press("Space")
    assert "Not quite" in feedback.nth(1).text_content()
    answers = page.locator(".quiz-question").nth(1).locator("input[type=radio]").count()
    for _ in range(answers):
        page.keyboard.press("ArrowDown")
        if "Right" in feedback.nth(1).text_content():
            break
    assert "Right" in feedback.nth(1).text_content()

    tab_to(page, ".quiz button", back=True)  # nor is there a trap on the way back
    tab_to(page, ".prev-next-footer .right-next")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{NEXT}")
    assert page.faults == []


def test_who_asks_for_less_motion_gets_none(visit, server):
    page = visit(f"{server}/{CHAPTER}", viewport=WIDE, reduced_motion="reduce")
    moving = """
    () => [...document.querySelectorAll("*")].flatMap((element) =>
      [null, "::before", "::after"].filter((part) => {
        const style = getComputedStyle(element, part);
        const times = [style.transitionDuration, style.animationDuration].join().split(",");
        return times.some((time) => parseFloat(time) > 0.001) || style.scrollBehavior === "smooth";
      }).map((part) => `${element.tagName}.${element.className}${part ?? ""}`))
    """
    assert page.evaluate(moving) == []
    demo = page.locator(".explorer", has=page.get_by_role("button", name="Play")).first
    slider = demo.locator("input[type=range]")
    start = slider.input_value()
    demo.get_by_role("button", name="Play").click()
    # From frame to frame at once: nothing fades or slides in between.
    animations = page.evaluate(
        """async ([slider, start]) => {
            let most = 0;
            while (slider.value === start) {
                most = Math.max(most, document.getAnimations().length);
                await new Promise(requestAnimationFrame);
            }
            return most;
        }""",
        [slider.element_handle(), start],
    )
    assert animations == 0
    assert page.faults == []
