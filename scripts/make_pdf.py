"""Make the book as one PDF: Sphinx's single page, printed by Chromium, demos as their first frame.

Chromium, not LaTeX: it draws the same MathML, the same figures and the same code as the site, and
is there already for the tests. Scripts stay off, so that each demo is its stand-in for print.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "_build" / "singlehtml"
TARGET = ROOT / "_build" / "principles-of-neural-networks.pdf"
# What serves a screen only: navigation, buttons, and code that a reader has to unfold to see.
SCREEN_ONLY = (
    "header, footer, nav, dialog, button, script, .bd-sidebar-primary, .bd-sidebar-secondary, "
    ".bd-header-article, .bd-footer, .skip-link, #pst-skip-link, #jb-print-docs-body, "
    ".toctree-wrapper > p, .headerlink, .prev-next-footer, details.hide"
)
STYLE = """
@page { size: A4; margin: 18mm 16mm 20mm; }
html { font-size: 10pt; }
body, .bd-content, .bd-article-container, .bd-main { display: block !important; max-width: none; }
span[id^="document-book/"] + section { break-before: page; }
h1, h2, h3, summary { break-after: avoid; }
img, figure, tr, .admonition, math[display=block] { break-inside: avoid; }
img { max-width: 100%; max-height: 200mm; }
pre { white-space: pre-wrap; overflow: visible; }
a { color: inherit; text-decoration: none; }
/* The theme's own printing shows the title elsewhere. */
.bd-article h1 { display: block !important; }
"""
FOOTER = (
    '<div style="width: 100%; font-size: 8pt; text-align: center; font-family: sans-serif">'
    '<span class="pageNumber"></span></div>'
)


def prepare(html: str, repository: str) -> str:
    """Take out what a page of paper has no use for, and tell below each demo where it moves."""
    soup = BeautifulSoup(html, "html.parser")
    for element in soup.select(SCREEN_ONLY):
        element.decompose()
    for details in soup.select("details"):
        details["open"] = ""
    # Pages name the joined style sheet from their own folder; this one lies at the root.
    for link in soup.select('link[href^="../"]'):
        link["href"] = link["href"].removeprefix("../")
    for image in soup.select("img[loading]"):
        del image["loading"]
    published = soup.find("meta", property="og:url")
    for widget in soup.select(".course-widget[data-kind=explore]"):
        chapter = widget.find_previous(id=lambda name: (name or "").startswith("document-book/"))
        name = chapter["id"].removeprefix("document-") if chapter else "book/index"
        address = f"{repository}/blob/main/{name}.md"
        if published:
            address = published["content"].removesuffix("book/index.html") + f"{name}.html"
        note = soup.new_tag("p")
        note.append("The first frame of a demo. It moves on the site: ")
        link = soup.new_tag("a", href=address)
        link.string = address
        note.append(link)
        widget.insert_after(note)
    style = soup.new_tag("style")
    style.string = STYLE
    soup.head.append(style)
    return str(soup)


def main() -> None:
    """Build the single page, prepare it and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=TARGET)
    target: Path = parser.parse_args().to
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    subprocess.run([jupyter_book, "build", ".", "--builder", "singlehtml"], cwd=ROOT, check=True)
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    # The page's addresses start at the site's root, one folder above the place it is written to.
    html = (BUILT / "book" / "index.html").read_text(encoding="utf-8")
    page_file = BUILT / "print.html"
    page_file.write_text(prepare(html, config["repository"]["url"]), encoding="utf-8")
    unfinished = target.with_suffix(".part")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(java_script_enabled=False)
        page.goto(page_file.as_uri(), timeout=120_000)
        page.pdf(
            path=unfinished,
            print_background=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOTER,
            prefer_css_page_size=True,
            outline=True,
            tagged=True,
        )
        browser.close()
    print(unfinished.replace(target))


if __name__ == "__main__":
    main()
