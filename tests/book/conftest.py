"""The built site, once for all tests that look at it, and pages that can't reach the world."""

import contextlib
import functools
import http.server
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from filelock import FileLock

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
def site() -> Path:
    """Build the site as `make site` does; where nothing has changed that takes seconds."""
    (ROOT / "_build").mkdir(exist_ok=True)
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    command = [jupyter_book, "build", ".", "--warningiserror", "--keep-going"]
    with FileLock(ROOT / "_build" / "site.lock"):
        built = subprocess.run(
            command, cwd=ROOT, text=True, capture_output=True, env=os.environ, check=False
        )
    assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
    return SITE


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def server(site):
    """Serve the site on loopback; gives its address."""
    handler = functools.partial(QuietHandler, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.fixture(params=["served", "from disk"])
def address(request, server, site):
    """Give the site's address in both ways in which people open it."""
    return server if request.param == "served" else site.as_uri()


@pytest.fixture
def visit(chromium):
    """Open pages and note all that goes wrong: outside requests, failures, script errors."""
    with contextlib.ExitStack() as stack:

        def open_page(url: str, **options):
            context = chromium.new_context(**options)
            stack.callback(context.close)
            page = context.new_page()
            page.faults = []

            def guard(route):
                address = route.request.url
                if address.startswith(("http://127.0.0.1:", "file:", "data:", "blob:")):
                    route.continue_()
                else:
                    page.faults.append(f"asks an outside host: {address}")
                    route.abort()

            page.route("**/*", guard)
            page.on("requestfailed", lambda r: page.faults.append(f"request failed: {r.url}"))
            page.on(
                "response",
                lambda r: page.faults.append(f"{r.status}: {r.url}") if r.status >= 400 else None,
            )
            page.on("pageerror", lambda error: page.faults.append(f"script error: {error}"))
            page.on(
                "console",
                lambda m: page.faults.append(f"console: {m.text}") if m.type == "error" else None,
            )
            page.goto(url, wait_until="load")
            if options.get("java_script_enabled") is False:
                return page
            page.wait_for_function(
                "document.querySelectorAll('.course-widget:not([data-ready])').length === 0"
                " || !document.querySelector('script[src*=course-widgets]')"
            )
            return page

        yield open_page
