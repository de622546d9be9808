"""How fast the built site answers: run with ``make bench-site`` after ``make site``.

For each page: bytes on the wire (gzip) before and after the frames, and the time to the last paint
of the first view. For each demo: the time from a key press to the painted frame.
"""

import functools
import gzip
import http.server
import shutil
import statistics
import threading
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"
PRESSES = 40

# Notes, for every key press, when the frame that belongs to the controls has been painted: two
# animation frames after the picture changed, because the first one comes before the paint.
STOPWATCH = """
() => {
  window.delays = [];
  addEventListener("keydown", (event) => {
    const picture = event.target.closest(".explorer").querySelector("img");
    const before = picture.src;
    const look = () => {
      if (picture.src === before) return requestAnimationFrame(look);
      requestAnimationFrame(() => window.delays.push(performance.now() - event.timeStamp));
    };
    requestAnimationFrame(look);
  }, true);
}
"""


class GzipHandler(http.server.SimpleHTTPRequestHandler):
    """Serves as a public host does: text is compressed."""

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        """Send a file, compressed unless its format already is."""
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        packed = path.suffix in {".png", ".webp", ".woff2"}
        body = content if packed else gzip.compress(content)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        if not packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def measure(page, address: str) -> tuple[int, int, list[float]]:
    """Return bytes before frames, bytes of frames, and the delays of key presses in seconds."""
    loaded: dict[str, int] = {}
    page.on(
        "response",
        lambda r: loaded.__setitem__(r.url, int(r.headers.get("content-length", 0))),
    )
    page.goto(address, wait_until="networkidle")
    frames = sum(size for url, size in loaded.items() if "/frames/" in url)
    before = sum(loaded.values()) - frames
    page.evaluate(STOPWATCH)
    for slider in page.locator(".explorer input[type=range]").all():
        slider.focus()
        last = int(slider.get_attribute("max"))
        for press in range(PRESSES):
            at = int(slider.input_value())
            back = at == last or (at > 0 and press % 2 == 1)
            page.keyboard.press("ArrowLeft" if back else "ArrowRight")
            page.wait_for_timeout(120)
    return before, frames, page.evaluate("window.delays")


def main() -> None:
    """Print one line a page."""
    handler = functools.partial(GzipHandler, directory=SITE)
    pages = sorted((SITE / "book").rglob("*.html"))
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
        sync_playwright() as playwright,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        print("| page | kB before frames | kB of frames | key to frame: median, p95 (ms) |")
        print("|---|---:|---:|---:|")
        for path in pages:
            name = path.relative_to(SITE).as_posix()
            page = browser.new_page()
            address = f"http://127.0.0.1:{server.server_port}/{name}"
            before, frames, delays = measure(page, address)
            page.close()
            spread = "–"
            if len(delays) > 1:
                p95 = statistics.quantiles(delays, n=20)[-1]
                spread = f"{statistics.median(delays):.0f}, {p95:.0f}"
            print(f"| {name} | {before / 1000:.0f} | {frames / 1000:.0f} | {spread} |")
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    main()
