"""The built site, once for all tests that look at it, and pages that can't reach the world."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from benchmarks.browsing import serve

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"


def pages() -> list[str]:
    """List the pages of the book as paths below the site's root."""
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    names = [line.split(":")[1].strip() for line in toc.splitlines() if "book/" in line]
    return [f"{name}.html" for name in names]


def chapters() -> list[str]:
    """List those pages that are chapters of one of the wings."""
    wings = ("architecture", "training", "mathematics", "challenges")
    return [page for page in pages() if page.split("/")[1] in wings]


@pytest.fixture(scope="session")
def site(testrun_uid: str) -> Path:
    """Build the site as `make site` does, once for all worker processes of a run."""
    (ROOT / "_build").mkdir(exist_ok=True)
    tested = ROOT / "_build" / "tested"
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    command = [jupyter_book, "build", ".", "--warningiserror", "--keep-going"]
    with FileLock(ROOT / "_build" / "site.lock"):
        if tested.exists() and tested.read_text() == testrun_uid:
            return SITE
        built = subprocess.run(
            command, cwd=ROOT, text=True, capture_output=True, env=os.environ, check=False
        )
        assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
        tested.write_text(testrun_uid)
    return SITE


@pytest.fixture(scope="session")
def server(site: Path) -> Iterator[str]:
    """Serve the site on loopback, compressed as by a public host; gives its address."""
    with serve(site) as address:
        yield address


@pytest.fixture(params=["served", "from disk"])
def address(request, server, site):
    """Give the site's address in both ways in which people open it."""
    return server if request.param == "served" else site.as_uri()


@contextlib.contextmanager
def visits(chromium):
    """Open pages and note all that goes wrong: outside requests, failures, script errors.

    Gives a function of an address, of a script to run before those of the page, and of the options
    of a browser context. It returns the page as soon as its demos and quizzes answer, with `faults`
    and with `sizes`, the bytes that came over the wire for each address.
    """
    with contextlib.ExitStack() as stack:

        def open_page(url: str, *, script: str | None = None, **options):
            context = chromium.new_context(**options)
            stack.callback(context.close)
            page = context.new_page()
            page.faults, page.sizes = [], {}

            def guard(route):
                address = route.request.url
                if address.startswith(("http://127.0.0.1:", "file:", "data:", "blob:")):
                    route.continue_()
                else:
                    page.faults.append(f"asks an outside host: {address}")
                    route.abort()

            def answered(response):
                page.sizes[response.url] = int(response.headers.get("content-length", 0))
                if response.status >= 400:
                    page.faults.append(f"{response.status}: {response.url}")

            page.route("**/*", guard)
            page.on("requestfailed", lambda r: page.faults.append(f"request failed: {r.url}"))
            page.on("response", answered)
            page.on("pageerror", lambda error: page.faults.append(f"script error: {error}"))
            page.on(
                "console",
                lambda m: page.faults.append(f"console: {m.text}") if m.type == "error" else None,
            )
            if script:
                page.add_init_script(script)
            page.goto(url, wait_until="load")
            if options.get("java_script_enabled") is False:
                return page
            page.wait_for_function(
                "document.querySelectorAll('.course-widget:not([data-ready])').length === 0"
                " || !document.querySelector('script[src*=course-widgets]')"
            )
            page.evaluate("document.fonts.ready.then(() => true)")
            return page

        yield open_page


@pytest.fixture
def visit(chromium):
    """Open pages; see `visits`."""
    with visits(chromium) as open_page:
        yield open_page
