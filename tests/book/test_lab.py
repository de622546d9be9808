"""The same demo and the same quiz in JupyterLab, with a live kernel and a real browser."""

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("lab")]

CELL = """\
from course_lib.demos import choice, explore, neurons, quiz, right, wrong

explore(
    neurons.draw_learning,
    alt=neurons.describe_learning,
    updates=list(neurons.learning_steps()),
    start={"updates": 3},
)
"""
QUIZ = 'quiz(choice("2 + 2?", wrong("5", "one too many"), right("4", "count them")))'


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Run JupyterLab on loopback over a folder with one notebook; gives the notebook's address."""
    folder = tmp_path_factory.mktemp("lab")
    cells = [nbformat.v4.new_code_cell(CELL), nbformat.v4.new_code_cell(QUIZ)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    nbformat.write(notebook, folder / "demo.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (folder / "lab.log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
         "--IdentityProvider.token=",
         f"--port={port}", "--ip=127.0.0.1", f"--ServerApp.root_dir={folder}"],
        stdout=log, stderr=log, stdin=subprocess.DEVNULL,
        env={**os.environ, "JUPYTER_CONFIG_DIR": str(folder / "config"),
             "JUPYTER_DATA_DIR": str(folder / "data"), "COURSE_SITE_FRAMES": ""},
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"{address}/api/status") as status:
                    json.load(status)
                break
            except OSError:
                time.sleep(0.1)
        else:
            pytest.fail((folder / "lab.log").read_text())
        yield f"{address}/lab/tree/demo.ipynb?reset"
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        log.close()


def run_both_cells(page):
    """Press Shift and Enter twice, again until the first cell counts as run.

    JupyterLab calls a kernel idle shortly before it listens, and forgets what is run until then:
    the cells kept their empty prompts for good, and the test waited for a demo in vain.
    """
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()
    prompt = page.locator(".jp-Notebook .jp-Cell .jp-InputPrompt").first
    for _ in range(20):
        page.locator(".jp-Notebook .jp-Cell").first.click()
        page.keyboard.press("Shift+Enter")
        page.keyboard.press("Shift+Enter")
        for _ in range(20):
            if re.search(r"\d|\*", prompt.text_content()):
                return
            page.wait_for_timeout(100)
    pytest.fail("JupyterLab ran no cell")


def test_demo_and_quiz_live_in_jupyterlab(chromium, lab):
    from course_lib.demos import encode_frame, neurons, places_of

    first = neurons.draw_learning(3)
    encode_frame(first)
    context = chromium.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(lab)
    run_both_cells(page)

    slider = page.locator(".explorer input[type=range]")
    slider.wait_for()
    assert slider.input_value() == "3"
    active = page.locator(".jp-Cell.jp-mod-active").count()
    for key, step in [("ArrowRight", 4), ("ArrowRight", 5), ("End", 41), ("ArrowLeft", 40)]:
        slider.focus()
        page.keyboard.press(key)
        page.wait_for_function(
            "key => document.querySelector('.explorer img').dataset.frame === key", arg=str(step)
        )
        picture = page.locator(".explorer img")
        content = picture.evaluate(
            "async image => Array.from(new Uint8Array("
            "await (await fetch(image.src)).arrayBuffer()))"
        )
        assert hashlib.sha256(bytes(content)).digest() == hashlib.sha256(
            encode_frame(neurons.draw_learning(step), places_of(first))
        ).digest()  # fmt: skip
        assert picture.get_attribute("alt") == neurons.describe_learning(step)
    assert page.locator(".jp-Cell.jp-mod-active").count() == active

    page.locator(".quiz input[type=radio]").first.click()
    assert "one too many" in page.locator(".quiz-feedback").text_content()
    context.close()
