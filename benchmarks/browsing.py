"""The site as a visitor's browser gets it: served compressed, with its vital signs noted.

The tests hold what is no time, weight and layout shift; `benchmarks.site` measures the times.
"""

import contextlib
import functools
import gzip
import http.server
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

# Formats that are compressed in themselves.
PACKED = {".png", ".webp", ".woff2"}
FRAMES = "/_static/frames/"

# Runs in every page before its own scripts. `ready` is when every demo and quiz of the page
# answers and the pictures of those in the first view are there.
VITALS = """
window.vitals = { paint: 0, shift: 0, task: 0, ready: 0 };
const watch = (type, note) =>
  new PerformanceObserver((list) => list.getEntries().forEach(note))
    .observe({ type, buffered: true });
watch("largest-contentful-paint", (entry) => (vitals.paint = entry.startTime));
watch("layout-shift", (entry) => { if (!entry.hadRecentInput) vitals.shift += entry.value; });
watch("longtask", (entry) => (vitals.task = Math.max(vitals.task, entry.duration)));
const look = () => {
  const widgets = [...document.querySelectorAll(".course-widget")];
  const seen = (image) => image.checkVisibility({ contentVisibilityAuto: true }) &&
    image.getBoundingClientRect().top < innerHeight;
  const loaded = (image) => image.complete || !seen(image);
  if (document.readyState !== "loading" && widgets.every((widget) =>
      "ready" in widget.dataset && [...widget.querySelectorAll("img")].every(loaded))) {
    vitals.ready = performance.now();
  } else {
    requestAnimationFrame(look);
  }
};
requestAnimationFrame(look);
"""

# Down the page as a reader goes, a screen at a time: what comes late must not push.
SCROLL = """
async () => {
  const rest = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)));
  while (scrollY + innerHeight < document.documentElement.scrollHeight - 1) {
    scrollBy({ top: innerHeight, behavior: "instant" });
    await rest();
  }
}
"""


@functools.cache
def packed(path: Path) -> bytes:
    """Return what goes over the wire for a file, as a public host sends it."""
    content = path.read_bytes()
    return content if path.suffix in PACKED else gzip.compress(content)


class GzipHandler(http.server.SimpleHTTPRequestHandler):
    """Serves as a public host does: text is compressed, and connections stay open."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        """Send a file, compressed unless its format already is."""
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        body = packed(path)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        if path.suffix not in PACKED:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback; give its address."""
    handler = functools.partial(GzipHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def weights(sizes: Mapping[str, int]) -> tuple[int, int]:
    """Return the bytes before the frames of demos, and those of the frames, from URL → bytes."""
    frames = sum(size for url, size in sizes.items() if FRAMES in url)
    return sum(sizes.values()) - frames, frames
