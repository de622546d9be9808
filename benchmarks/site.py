"""How fast the built site answers, page by page: run with ``make bench-site``.

Every page is opened several times in a fresh browser profile, over a simulated line; times are
medians of those visits. The pages take turns, so that a slow minute of the machine hits one visit
to many pages, not all visits to one. Exits with 1 where a budget is missed.
"""

import argparse
import os
import shutil
import statistics
import sys
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.browsing import SCROLL, VITALS, serve, weights
from benchmarks.results import Budget, budget_table, renew

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"
# Of the site, as budgets: bytes, milliseconds, and Chromium's score of layout shift.
LINE = {"latency": 60, "downloadThroughput": 10e6 / 8, "uploadThroughput": 10e6 / 8}
VIEW = {"width": 1280, "height": 900}
PRESSES = 40

# Notes, for every key press, when the picture that follows from it was painted: Chromium reports
# that of images with a name (https://wicg.github.io/element-timing).
STOPWATCH = """
() => {
  window.delays = [];
  let pressed = 0;
  for (const picture of document.querySelectorAll(".explorer img"))
    picture.setAttribute("elementtiming", "frame");
  addEventListener("keydown", (event) => (pressed = event.timeStamp), true);
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (pressed && entry.renderTime > pressed) window.delays.push(entry.renderTime - pressed);
      pressed = 0;
    }
  }).observe({ type: "element" });
}
"""


class Visit(NamedTuple):
    """What one visit to a page measured: bytes, milliseconds and a score."""

    weight: int
    frames: int
    paint: float
    ready: float
    shift: float
    task: float
    delays: list[float]


def press(page: Page) -> list[float]:
    """Move the page's sliders by arrow keys; return the milliseconds to each painted frame."""
    page.evaluate(STOPWATCH)
    sliders = page.locator(".explorer input[type=range]").all()
    for slider in sliders:
        slider.focus()
        page.wait_for_timeout(300)  # the neighbours of the frame arrive
        last = int(slider.get_attribute("max"))
        for number in range(-(-PRESSES // len(sliders))):
            at = int(slider.input_value())
            back = at == last or (at > 0 and number % 2 == 1)
            page.keyboard.press("ArrowLeft" if back else "ArrowRight")
            page.wait_for_timeout(150)
    return page.evaluate("window.delays")


def visit(browser: Browser, address: str, *, keys: bool) -> Visit:
    """Open a page with an empty cache, wait until it rests, go down it and move its demos."""
    context = browser.new_context(viewport=VIEW)
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", {"offline": False, **LINE})
    page.add_init_script(VITALS)
    sizes: dict[str, int] = {}
    page.on(
        "response",
        lambda r: sizes.__setitem__(r.url, int(r.headers.get("content-length", 0))),
    )
    page.goto(address, wait_until="networkidle")
    page.wait_for_function("vitals.ready > 0")
    weight, frames = weights(sizes)
    early = page.evaluate("vitals")
    page.evaluate(SCROLL)
    shift = page.evaluate("vitals.shift")
    delays = press(page) if keys else []
    context.close()
    return Visit(weight, frames, early["paint"], early["ready"], shift, early["task"], delays)


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else 0.0


def summary(visits: list[Visit]) -> Visit:
    """Return the heaviest weights, the median times and all delays of the visits to a page."""
    return Visit(
        max(v.weight for v in visits),
        max(v.frames for v in visits),
        statistics.median(v.paint for v in visits),
        statistics.median(v.ready for v in visits),
        max(v.shift for v in visits),
        statistics.median(v.task for v in visits),
        [delay for v in visits for delay in v.delays],
    )


def budgets(pages: dict[str, Visit]) -> list[Budget]:
    """Hold the worst page against each budget."""

    def worst(name: str, limit: float, unit: str, measure) -> Budget:
        at = max(pages, key=lambda page: measure(pages[page]))
        return Budget(name, measure(pages[at]), limit, unit, at)

    presses = [delay for v in pages.values() for delay in v.delays]
    return [
        worst("page before demo frames, gzip", 350, "kB", lambda v: v.weight / 1000),
        worst("largest contentful paint", 1.5, "s", lambda v: v.paint / 1000),
        worst("demos ready", 2, "s", lambda v: v.ready / 1000),
        worst("layout shift, with scrolling down", 0.05, "", lambda v: v.shift),
        worst("longest task", 200, "ms", lambda v: v.task),
        Budget("key press to painted frame, p95 of all", p95(presses), 32, "ms"),
    ]


def line(name: str, v: Visit) -> str:
    keys = f"{statistics.median(v.delays):.0f}, {p95(v.delays):.0f}" if v.delays else "–"
    cells = (
        name,
        f"{v.weight / 1000:.0f}",
        f"{v.frames / 1000:.0f}",
        f"{v.paint / 1000:.2f}",
        f"{v.ready / 1000:.2f}",
        f"{v.shift:.3f}",
        f"{v.task:.0f}",
        keys,
    )
    return f"| {' | '.join(cells)} |"


HEADING = (
    "| page | kB before frames | kB of frames | paint s | ready s | shift | longest task ms "
    "| key to frame ms: median, p95 |\n| --- |" + " ---: |" * 7
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", type=Path, default=SITE, help="the built site")
    parser.add_argument("--visits", type=int, default=5, help="visits to each page (default 5)")
    parser.add_argument("pages", nargs="*", help="pages below the site; all, and kept, by default")
    options = parser.parse_args()
    names = options.pages or sorted(
        path.relative_to(options.site).as_posix()
        for path in (options.site / "book").rglob("*.html")
    )
    load = os.getloadavg()[0]
    visits: dict[str, list[Visit]] = {name: [] for name in names}
    with serve(options.site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        visit(browser, f"{address}/{names[0]}", keys=False)  # files and browser are warm now
        for turn in range(options.visits):
            for number, name in enumerate(names, 1):
                visits[name].append(visit(browser, f"{address}/{name}", keys=turn == 0))
                print(f"\rround {turn + 1}, page {number} of {len(names)}", end="", flush=True)
        browser.close()
    measured = {name: summary(those) for name, those in visits.items()}
    held = budgets(measured)
    rows = "\n".join(line(name, v) for name, v in measured.items())
    print(f"\n\n{HEADING}\n{rows}\n\n{budget_table(held)}")
    if not options.pages:
        facts = (
            f"`make bench-site`: the worst of {len(names)} pages; times are medians of "
            f"{options.visits} visits,\nthe pages in turns, with an empty cache over 10 Mbit/s and "
            f"60 ms, on {os.cpu_count()} cores.\nLoad of other work when the runs began: "
            f"{load:.1f} (an idle machine has 0)."
        )
        renew("The site", f"{facts}\n\n{budget_table(held)}\n\n{HEADING}\n{rows}")
    if missed := [b.name for b in held if not b.met]:
        sys.exit(f"missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
