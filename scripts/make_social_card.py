"""Make the picture that a shared link to the book shows: its name, its promise and a demo's frame.

The promise is read from the landing page, and `course_lib` draws the frame.
"""

import base64
import io
import re
import shutil
from html import escape
from pathlib import Path

import yaml
from PIL import Image
from playwright.sync_api import sync_playwright

from course_lib.demos import encode_frame, neurons

ROOT = Path(__file__).parents[1]
STATIC = ROOT / "book" / "_static"
TARGET = STATIC / "social-card.png"
WIDTH, HEIGHT = 1200, 630
PAGE = """\
<!DOCTYPE html>
<meta charset="utf-8">
<style>
  * {{ box-sizing: border-box; }}
  body {{ align-items: center; background: #14181e; color: #d8dfe6; display: grid; gap: 44px;
    font-family: "DejaVu Sans", sans-serif; grid-template-columns: 500px 1fr; height: {height}px;
    margin: 0; padding: 40px 48px; }}
  svg {{ height: 116px; width: 116px; }}
  h1 {{ color: #fff; font-size: 56px; line-height: 1.12; margin: 26px 0 22px; }}
  p {{ font-size: 25px; line-height: 1.45; margin: 0; }}
  img {{ background: #fff; border-radius: 12px; padding: 14px; width: 100%; }}
</style>
<div>{logo}<h1>{title}</h1><p>{promise}</p></div>
<img src="data:image/webp;base64,{frame}">
"""


def promise() -> str:
    """Return the sentence with which the landing page opens."""
    page = (ROOT / "book" / "index.md").read_text(encoding="utf-8")
    found = re.search(r"\{div\} hero\n(.*?)\n\n", page, re.DOTALL)
    if found is None:
        raise ValueError("book/index.md has no hero to take the promise from")
    return re.sub(r"\*\*(.*?)\*\*", r"<b>\1</b>", escape(" ".join(found[1].split())))


def main() -> None:
    """Draw the card in Chromium and write it with a palette."""
    frame = encode_frame(neurons.draw_learning(neurons.learning_steps()[-1]))
    page = PAGE.format(
        title=yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["title"],
        promise=promise(),
        logo=(STATIC / "logo-dark.svg").read_text(encoding="utf-8"),
        frame=base64.b64encode(frame).decode(),
        height=HEIGHT,
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        view = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        view.set_content(page)
        shot = view.screenshot()
        browser.close()
    Image.open(io.BytesIO(shot)).convert("RGB").quantize(128).save(TARGET, optimize=True)
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
