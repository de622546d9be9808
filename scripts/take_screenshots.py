"""Take the pictures of README and book: the site as it is built, and a class as it is graded.

Nothing in them is staged. The pages are those of `make site`; the class hands in the variants of an
exercise, `course-grade` runs in a terminal of its own, and what that terminal shows at the end,
and the page that a student gets back, are photographed.
"""

import fcntl
import io
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from html import escape
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Route, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests/exercises"), str(ROOT / "exercises")]
import proving  # noqa: E402 (below tests/exercises)
from material import Exercise  # noqa: E402

SITE = ROOT / "_build/html/book"
TARGET = ROOT / "book/_static/screenshots"
HEAVIEST = 150_000
EXERCISE = Exercise("architecture", "neurons")
COLUMNS = 84
TERMINAL = """\
<!DOCTYPE html>
<meta charset="utf-8">
<style>
  body {{ background: #14181e; display: inline-block; margin: 0; }}
  pre {{ color: #d8dfe6; font: 15px/1.45 monospace;
    margin: 0; padding: 18px 22px; width: {columns}ch; }}
</style>
<pre>{text}</pre>
"""


def save(shot: bytes, name: str) -> None:
    """Write a screenshot with a palette, and refuse one that would be a burden."""
    target = TARGET / f"{name}.png"
    Image.open(io.BytesIO(shot)).convert("RGB").quantize(256).save(target, optimize=True)
    size = target.stat().st_size
    if size >= HEAVIEST:
        raise ValueError(f"{target.name} weighs {size:,} bytes, more than {HEAVIEST:,}")
    print(f"{target.relative_to(ROOT)}: {size:,} bytes")


@contextmanager
def opened(
    browser: Browser, path: Path, *, width: int = 1280, height: int = 800, dark: bool = False
) -> Iterator[Page]:
    """Open a page as a reader without a network has it, its demos and quizzes alive."""

    def guard(route: Route) -> None:
        local = route.request.url.startswith(("file:", "data:", "blob:"))
        route.continue_() if local else route.abort()

    size = {"width": width, "height": height}
    page = browser.new_page(viewport=size, color_scheme="dark" if dark else "light")
    page.route("**/*", guard)
    page.goto(path.as_uri())
    page.wait_for_function("!document.querySelector('.course-widget:not([data-ready])')")
    yield page
    page.close()


def centre(target: Locator) -> None:
    """Scroll something into the middle of the view."""
    target.evaluate("element => element.scrollIntoView({block: 'center', behavior: 'instant'})")
    target.page.wait_for_timeout(600)  # frames and figures are loaded as they come near


def move(demo: Locator, *keys: str, slider: int = 0) -> None:
    """Press keys on a slider of a demo, and let the picture follow."""
    demo.locator("input[type=range]").nth(slider).focus()
    for key in keys:
        demo.page.keyboard.press(key)
    demo.page.wait_for_timeout(600)
    demo.page.evaluate("document.activeElement.blur()")


def take_site(browser: Browser) -> None:
    """Photograph the landing page and a chapter, its demo and its quiz."""
    chapter = SITE / "architecture/neurons.html"
    with opened(browser, SITE / "index.html") as page:
        move(page.locator(".explorer"), "End")
        save(page.screenshot(), "landing")
    for name, dark in (("chapter-light", False), ("chapter-dark", True)):
        with opened(browser, chapter, dark=dark) as page:
            centre(page.locator(".explorer").first)
            save(page.screenshot(), name)
    with opened(browser, chapter, width=360, height=740) as page:
        centre(page.locator(".explorer").first)
        save(page.screenshot(), "chapter-phone")
    with opened(browser, chapter) as page:
        demo = page.locator(".explorer").first
        centre(demo)
        move(demo, "ArrowRight", slider=1)
        save(demo.screenshot(), "demo")
    with opened(browser, chapter, width=800, height=900) as page:
        first, second = page.locator(".quiz-question").all()[:2]
        first.locator("input").fill("-4")
        page.keyboard.press("Enter")
        second.locator("input[type=radio]").last.check()
        page.evaluate("document.activeElement.blur()")
        centre(second)
        top, end = first.bounding_box(), second.bounding_box()
        if top is None or end is None:
            raise ValueError("the quiz has no place on the page")
        whole = {**top, "height": end["y"] + end["height"] - top["y"]}
        save(page.screenshot(clip=whole), "quiz")


def on_screen(written: str, rows: int) -> str:
    """Return the last rows of what was written, as a terminal of `COLUMNS` shows them."""
    plain = re.sub(r"\x1b[\[(][0-9;]*[A-Za-z]", "", written)
    # A bar that is drawn anew goes back to the start of its line.
    lines = [line.rpartition("\r")[2] for line in plain.replace("\r\n", "\n").split("\n")]
    shown = [line[i : i + COLUMNS] for line in lines for i in range(0, max(len(line), 1), COLUMNS)]
    while shown and not shown[-1]:
        shown.pop()
    return "\n".join(shown[-rows:])


def run_in_terminal(command: list[str], folder: Path, rows: int = 24) -> str:
    """Run a command in a pseudo-terminal; return what stands on its screen in the end."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, COLUMNS, 0, 0))
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    running = subprocess.Popen(
        command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs,
        env={**os.environ, "PATH": path, "TERM": "xterm"},
    )  # fmt: skip
    os.close(theirs)
    written = b""
    with suppress(OSError):  # how Linux tells that the last writer has closed the terminal
        while chunk := os.read(ours, 65_536):
            written += chunk
    os.close(ours)
    if running.wait() != 0:
        raise RuntimeError(f"{command[0]} failed:\n{written.decode()}")
    return on_screen(written.decode(), rows)


def take_class(browser: Browser, course: Path) -> None:
    """Photograph a class being graded, and what one student of it gets back."""
    proving.open_course(course, EXERCISE)
    # A bar, a head, a line for each of them and a sum: what came before has scrolled away.
    rows = len(proving.handed_in(course)) + 3
    screen = run_in_terminal(["course-grade", EXERCISE.wing], course, rows)
    view = browser.new_page(viewport={"width": 1000, "height": 800})
    view.set_content(TERMINAL.format(text=escape(screen), columns=COLUMNS))
    save(view.locator("body").screenshot(), "course-grade")
    student = f"{proving.DEALT}03"
    run_in_terminal(
        ["nbgrader", "generate_feedback", EXERCISE.wing, f"--student={student}"], course
    )
    feedback = course / "feedback" / student / EXERCISE.wing / f"{EXERCISE.chapter}.html"
    with opened(browser, feedback, width=1000, height=640) as page:
        centre(page.locator(".output_error").first)
        save(page.screenshot(), "feedback")


def main() -> None:
    """Take every picture; the class is graded in a folder that goes away."""
    TARGET.mkdir(exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        take_site(browser)
        take_class(browser, Path(folder))
        browser.close()


if __name__ == "__main__":
    main()
