"""What `binder/` describes is built here, served on loopback and used as a student would use it.

repo2docker needs Docker; a virtual environment and uv stand in for it. The rest is the same: the
packages that `binder/requirements.txt` names, then `binder/postBuild` at the root of the checkout.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
import uv
import websocket

ROOT = Path(__file__).parents[1]
# One chapter each time; every chapter with COURSE_BINDER_CHAPTERS=all.
CHAPTERS = sorted(
    str(path.relative_to(ROOT))
    for path in ROOT.glob("book/*/*.md")
    if path.stem == "neurons" or os.environ.get("COURSE_BINDER_CHAPTERS") == "all"
)
EXAMPLE = """\
---
kernelspec:
  name: python3
  display_name: Python 3
---

# A chapter

```{code-cell}
import ipywidgets
import course_lib
from pathlib import Path

print(Path(course_lib.__file__).parents[1])
ipywidgets.IntSlider()
```

```{code-cell}
6 * 7
```
"""
FAULTY = EXAMPLE.replace("6 * 7", "unknown_name")

# One worker builds the environment for all of these tests.
pytestmark = pytest.mark.xdist_group("binder")


class Place(NamedTuple):
    """A copy of the checkout, the environment made for it, and that environment's variables."""

    checkout: Path
    prefix: Path
    variables: dict[str, str]


class Server(NamedTuple):
    """A running JupyterLab and the folder that it serves."""

    url: str
    token: str
    checkout: Path

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"token {self.token}"}

    def call(self, method: str, path: str, **options: Any) -> Any:
        answer = requests.request(
            method, f"{self.url}/{path}", headers=self.headers, timeout=60, **options
        )
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None


def _run(command: list[str | Path], variables: dict[str, str], cwd: Path) -> None:
    done = subprocess.run(
        command, cwd=cwd, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """What repo2docker makes: a checkout, an environment from `binder/`, `postBuild` run."""
    # What git ignores is not in a checkout. (git itself may be missing where tests run.)
    ignored = {
        Path(line).name
        for line in (ROOT / ".gitignore").read_text().splitlines()
        if line and not line.startswith("#")
    }
    checkout = tmp_path_factory.mktemp("binder") / "checkout"
    shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns(".git", *ignored))

    home = tmp_path_factory.mktemp("home")
    prefix = tmp_path_factory.mktemp("environment")
    # Nothing of the user's that Jupyter or Python would read; uv's cache alone stays where it is.
    variables = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "IPYTHON", "PYTHON", "PYTEST", "VIRTUAL_ENV", "XDG"))
    }
    uv_cache = subprocess.run(
        [uv.find_uv_bin(), "cache", "dir"], capture_output=True, text=True, check=True
    ).stdout.strip()
    variables |= {
        "HOME": str(home),
        "PATH": f"{prefix / 'bin'}:{os.environ['PATH']}",
        "UV_CACHE_DIR": uv_cache,
    }
    _run([sys.executable, "-m", "venv", prefix], variables, checkout)
    _run(
        [
            *(uv.find_uv_bin(), "pip", "install", "--require-hashes"),
            *("--python", prefix / "bin" / "python", "-r", "binder/requirements.txt"),
        ],
        variables,
        checkout,
    )
    _run(["binder/postBuild"], variables, checkout)
    return Place(checkout, prefix, variables)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    token = secrets.token_hex(16)
    url = f"http://127.0.0.1:{(port := _free_port())}"
    log = tmp_path_factory.mktemp("log") / "jupyter.log"
    command: list[str | Path] = [
        *(place.prefix / "bin" / "python", "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        # Nothing here needs the network; looking for updates would hold up the end of the server.
        "--LabApp.extension_manager=readonly",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    with (
        log.open("w") as output,
        subprocess.Popen(
            command,
            cwd=place.checkout,
            env=place.variables | {"JUPYTER_TOKEN": token},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        running = Server(url, token, place.checkout)
        try:
            for _ in range(600):
                if process.poll() is not None:
                    break
                try:
                    running.call("GET", "api/status")
                    break
                except requests.ConnectionError:
                    time.sleep(0.1)
            else:
                pytest.fail(f"JupyterLab did not answer:\n{log.read_text()[-4000:]}")
            assert process.poll() is None, f"JupyterLab ended:\n{log.read_text()[-4000:]}"
            yield running
        finally:
            # After its last word the server may wait for ever on an idle thread of anyio's.
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def _execute(channel: websocket.WebSocket, code: str) -> tuple[list[str], str]:
    """Run one cell; return what it printed or raised (an empty string: nothing was raised)."""
    message = uuid.uuid4().hex
    header = {"msg_id": message, "msg_type": "execute_request", "username": "", "version": "5.3"}
    content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
    request = {"channel": "shell", "header": header, "content": content}
    channel.send(json.dumps(request | {"parent_header": {}, "metadata": {}, "buffers": []}))
    printed: list[str] = []
    error = ""
    replied = idle = False
    while not (replied and idle):
        frame = channel.recv()
        # Messages with binary buffers (a widget's picture, say) are not JSON, and not awaited.
        if not isinstance(frame, str):
            continue
        answer = json.loads(frame)
        if answer["parent_header"].get("msg_id") != message:
            continue
        kind, content = answer["msg_type"], answer["content"]
        replied |= kind == "execute_reply"
        idle |= kind == "status" and content["execution_state"] == "idle"
        if kind == "stream":
            printed.append(content["text"])
        elif kind == "error":
            error = "\n".join(content["traceback"])
    return printed, error


def run_notebook(server: Server, path: str) -> tuple[int, list[str], list[str]]:
    """Run the code cells of a notebook; return their count, what they print, their errors."""
    notebook = server.call("GET", f"api/contents/{path}", params={"type": "notebook"})
    assert notebook["type"] == "notebook"
    cells = [cell for cell in notebook["content"]["cells"] if cell["cell_type"] == "code"]
    session = server.call(
        "POST",
        "api/sessions",
        json={"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}},
    )
    kernel = session["kernel"]["id"]
    address = server.url.replace("http", "ws", 1) + f"/api/kernels/{kernel}/channels"
    channel = websocket.create_connection(address, header=server.headers, timeout=300)
    printed, errors = [], []
    try:
        for cell in cells:
            text, error = _execute(channel, "".join(cell["source"]))
            printed += text
            if error and "raises-exception" not in cell["metadata"].get("tags", []):
                errors.append(f"{cell['source']}\n{error}")
    finally:
        channel.close()
        server.call("DELETE", f"api/sessions/{session['id']}")
    return len(cells), printed, errors


def test_the_runtime_of_binder_is_one_that_the_package_supports() -> None:
    runtime = (ROOT / "binder" / "runtime.txt").read_text().strip()
    major, minor = map(int, runtime.removeprefix("python-").split("."))
    assert (major, minor) == (3, 11)


def test_a_notebook_uses_the_package_of_the_checkout(server: Server) -> None:
    (server.checkout / "book" / "example.md").parent.mkdir(exist_ok=True)
    (server.checkout / "book" / "example.md").write_text(EXAMPLE)
    count, printed, errors = run_notebook(server, "book/example.md")
    assert (count, errors) == (2, [])
    assert printed == [f"{server.checkout}\n"]


def test_a_cell_that_fails_is_reported(server: Server) -> None:
    (server.checkout / "faulty.md").write_text(FAULTY)
    _, _, errors = run_notebook(server, "faulty.md")
    assert len(errors) == 1
    assert "NameError" in errors[0]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_runs_from_the_first_cell_to_the_last(server: Server, chapter: str) -> None:
    count, _, errors = run_notebook(server, chapter)
    assert count > 0, f"{chapter} opened without a code cell: is its front matter a notebook's?"
    assert not errors, "\n\n".join(errors)


def test_the_settings_name_the_notebook_as_the_viewer_of_markdown(server: Server) -> None:
    settings = server.call("GET", "lab/api/settings/@jupyterlab/docmanager-extension:plugin")
    viewers = settings["schema"]["properties"]["defaultViewers"]["default"]
    assert viewers["markdown"] == "Jupytext Notebook"


@pytest.mark.browser
def test_a_link_to_a_chapter_opens_a_notebook_and_not_an_editor(server: Server, chromium) -> None:
    (server.checkout / "opened.md").write_text(EXAMPLE)
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{server.url}/lab/tree/opened.md?token={server.token}")
    page.locator(".jp-NotebookPanel .jp-CodeCell >> nth=1").wait_for(timeout=60_000)
    assert page.locator(".jp-FileEditor").count() == 0
    context.close()
