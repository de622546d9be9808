"""Take the README's picture: the first chapter at its demo, as `make site` has built it."""

import io
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "_build/html/book/architecture/neurons.html"
TARGET = ROOT / "book/_static/screenshot.png"


def main() -> None:
    """Open the page, scroll to the demo, and write a small picture of it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.goto(PAGE.as_uri())
        page.locator(".explorer img").first.wait_for()
        page.evaluate("document.querySelector('.explorer').scrollIntoView({block: 'center'})")
        page.wait_for_timeout(500)
        shot = page.screenshot()
        browser.close()
    Image.open(io.BytesIO(shot)).convert("RGB").quantize(256).save(TARGET, optimize=True)


if __name__ == "__main__":
    main()
