"""A bank of submissions that attack the grader: one batch, one test for each."""

import copy
import os
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_output

# In one worker: with each more, the bank would be graded once more.
pytestmark = [pytest.mark.grading, pytest.mark.xdist_group("hostile")]
if os.uname().sysname != "Linux":
    pytest.skip("the sandbox is made by bubblewrap, on Linux", allow_module_level=True)

WRONG = "def relu(z):\n    return 0 * z"
SECRET = "the-instructor-knows"

# Code that tries something and says how it went; it must say REFUSED.
TRY = """
def attempt():
    {}
try:
    attempt()
    print('DONE')
except BaseException as error:
    print('REFUSED', type(error).__name__)
"""
FORBIDDEN = {
    "reads the source": "print(open('{root}/source/ps1/p1.ipynb').read())",
    "reads another submission": "print(open('{root}/submitted/honest/ps1/p1.ipynb').read())",
    "reads the gradebook": "print(open('{root}/gradebook.db', 'rb').read())",
    "reads the home folder": "import os; print(os.listdir(os.path.expanduser('{home}/.ssh')))",
    "reads the secrets of ssh": "print(open('{home}/.ssh/id_test').read())",
    "writes the source": "open('{root}/source/ps1/p1.ipynb', 'a').write('x')",
    "writes another submission": "open('{root}/submitted/honest/ps1/p1.ipynb', 'w').write('x')",
    "writes the gradebook": "open('{root}/gradebook.db', 'r+b').write(b'x')",
    "writes a grade": "open('{root}/autograded/x.ipynb', 'w').write('x')",
    "writes into the library": "import course_lib; open(course_lib.__file__, 'a').write('x')",
    "opens a socket out": "import socket; socket.create_connection(('192.0.2.1', 80), 2)",
    "opens a socket to loopback": (
        "import socket; socket.create_connection(('127.0.0.1', {port}), 2)"
    ),
    "takes eight gigabytes": "b = bytearray(8 << 30); print(len(b))",
    "fills the disk": "open('f', 'wb').write(b'x' * (80 << 20))",
    "fills the disk with many files": (
        "[open(f'f{{i}}', 'wb').write(b'x' * (1 << 20)) for i in range(200)]"
    ),
    "fills shared memory": "open('/dev/shm/f', 'wb').write(b'x' * (80 << 20))",
    "kills its parent": "import os; os.kill(os.getppid() or 99999, 9)",
    "reads a process's memory": "open('/proc/1/mem', 'rb').read(1)",
    "mounts something": (
        "import ctypes\n    r = ctypes.CDLL(None).mount(b'x', b'/mnt', b'tmpfs', 0, None)\n"
        "    1 / (r + 1)"
    ),
    "becomes root": "import os; os.setuid(0); 1 / os.getuid()",
}
PREPARED = {
    "forks without end": "import os\ntry:\n    while True: os.fork()\nexcept OSError: pass",
    "takes memory in many processes": (
        "import os, time\nfor i in range(8):\n    if os.fork() == 0:\n"
        "        b = bytearray(700 << 20)\n        time.sleep(30)\ntime.sleep(6)"
    ),
    "loops without end": "while True: pass",
    "loops and ignores interrupts": (
        "while True:\n    try:\n        while True: pass\n    except KeyboardInterrupt: pass"
    ),
    "prints without end": "while True: print('x' * 10000)",
    "leaves a daemon behind": (
        "import subprocess\nsubprocess.Popen(['sleep', '98765.{port}'], start_new_session=True)"
    ),
    "attaches to its siblings": (
        "import os, ctypes\n"
        "pids = [int(p) for p in os.listdir('/proc') if p.isdigit() and int(p) != os.getpid()]\n"
        "print('SIBLINGS', [p for p in pids if ctypes.CDLL(None).ptrace(16, p, 0, 0) == 0])"
    ),
    "leaves with sys.exit": "import sys\nsys.exit(0)",
    "leaves with os._exit": "import os\nos._exit(0)",
    "prints an environment": (
        "import os, glob\nprint(dict(os.environ))\n"
        "for p in glob.glob('/proc/*/environ'):\n    try: print(open(p).read())\n"
        "    except OSError: pass"
    ),
}
# Answers that are wrong, and code that would have them pass.
TAMPERING = {
    "shadows a helper": "def assert_allclose(*a, **k): pass",
    "shadows numpy": "class np:\n    array = staticmethod(lambda *a: None)",
    "patches numpy.testing": "import numpy as n\nn.testing.assert_allclose = lambda *a, **k: None",
    "patches inside numpy.testing": (
        "import numpy.testing._private.utils as u\nu.assert_allclose.__code__ = "
        "(lambda *a, **k: None).__code__"
    ),
    "patches a name in the kernel": "get_ipython().user_ns['assert_allclose'] = lambda *a, **k: 0",
    "patches builtins": "import builtins\nbuiltins.AssertionError = Warning",
    "patches run_cell": (
        "ip = get_ipython()\nold = ip.run_cell\n"
        "ip.run_cell = lambda raw, *a, **k: old('1' if 'assert' in raw else raw, *a, **k)"
    ),
    "patches the class of the shell": (
        "kind = type(get_ipython())\nold = kind.run_cell\n"
        "kind.run_cell = lambda s, raw, *a, **k: old(s, '1' if 'relu' in raw else raw, *a, **k)"
    ),
    "strips assertions": (
        "import ast\nclass T(ast.NodeTransformer):\n"
        "    def visit_Assert(self, node): return ast.Pass()\n"
        "    def visit_Expr(self, node): return ast.Pass()\n"
        "get_ipython().ast_transformers.append(T())"
    ),
    "rewrites cells": (
        "get_ipython().input_transformers_cleanup.append("
        "lambda lines: ['1'] if any('assert' in l for l in lines) else lines)"
    ),
    "swallows exceptions": ("get_ipython().set_custom_exc((BaseException,), lambda *a, **k: None)"),
    "silences tracebacks": "get_ipython().showtraceback = lambda *a, **k: None",
    "silences errors in the kernel": (
        "k = get_ipython().kernel\nold = k.session.send\n"
        "def send(stream, what, *a, **kw):\n"
        "    if what == 'error' or (isinstance(what, dict) and what.get('msg_type') == 'error'):\n"
        "        return {}\n    return old(stream, what, *a, **kw)\nk.session.send = send"
    ),
    "forges replies": (
        "k = get_ipython().kernel\nold = k.session.msg\n"
        "def msg(kind, content=None, *a, **kw):\n"
        "    if kind == 'execute_reply': content = dict(content, status='ok')\n"
        "    return old(kind, content, *a, **kw)\nk.session.msg = msg"
    ),
    "traces the tests": "import sys\nsys.settrace(lambda frame, event, arg: None)",
    "writes memory": "import ctypes\nctypes.memset(id(1000) + 24, 0, 1)",
    "puts the tripwires out": "import os\nos.closerange(20, 60)",
    "patches for one call": (
        "import numpy as np\ndef relu(z):\n    t = np.testing\n"
        "    g = relu.__globals__\n    old = g['assert_allclose']\n"
        "    def fake(*a, **k): g['assert_allclose'] = old\n"
        "    g['assert_allclose'] = fake\n    return z * 0"
    ),
    "is equal to everything": (
        "class Any:\n    shape = (2,)\n    def __eq__(self, other): return True\n"
        "    def __array__(self, *a, **k): raise AttributeError\n"
        "def relu(z): return Any()"
    ),
    "takes the test's answer from the caller": (
        "import sys\ndef relu(z):\n    f = sys._getframe(1)\n    return f.f_locals.get('x', z * 0)"
    ),
    "returns masked arrays": "def relu(z): return np.ma.masked_all(z.shape)",
    "shows a result of its own": (
        "from sys import displayhook as show\ndef relu(z):\n    show(2.0)\n    return 0 * z"
    ),
    "runs code from a file": ("open('networkx.py', 'w').write('import builtins')\nimport networkx"),
    "makes a class in secret": (
        "def relu(z):\n    kind = type(type)\n    name = '_' * 2 + 'eq' + '_' * 2\n"
        "    return kind('A', (), {name: lambda *a: True, 'shape': (2,)})()"
    ),
    "prints fake results": "print('score: 2.0')\nprint('All tests passed')",
}


def with_cells(notebook: Any, change: Callable[[list[Any]], Any]) -> Any:
    changed = copy.deepcopy(notebook)
    replacement = change(changed.cells)
    if replacement is not None:
        changed.cells = [nbformat.from_dict(cell) for cell in replacement]
    for number, cell in enumerate(changed.cells):
        cell["id"] = f"cell{number}"
    return changed


def named(cells: list[Any], name: str) -> Any:
    return next(c for c in cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)


def forge_outputs(cells: list[Any]) -> None:
    for cell in cells:
        if cell.cell_type == "code":
            data = {"text/plain": "2.0"}
            cell.outputs = [new_output("execute_result", data=data, execution_count=1)]
            cell.execution_count = 1


def empty_tests(cells: list[Any]) -> None:
    for name in ("test_relu", "test_mean"):
        named(cells, name).source = "pass"


def own_setup(cells: list[Any]) -> None:
    cells[0] = new_code_cell("import numpy as np\ndef assert_allclose(*a, **k): pass")


def retype(cells: list[Any]) -> None:
    cell = named(cells, "test_relu")
    cell["cell_type"] = "markdown"
    for key in ("outputs", "execution_count"):
        cell.pop(key)


def invent(cells: list[Any]) -> None:
    cell = copy.deepcopy(named(cells, "test_relu"))
    cell.metadata.nbgrader.update(grade_id="bonus", points=50)
    cells.append(cell)


CHANGED: dict[str, Callable[[list[Any]], Any]] = {
    "empties the tests": empty_tests,
    "duplicates the tests": lambda c: [*c, copy.deepcopy(named(c, "test_relu"))],
    "duplicates a changed test": lambda c: [*c, {**named(c, "test_relu"), "source": "pass"}],
    "splits a cell": lambda c: [*c[:2], {**copy.deepcopy(c[1]), "source": "x = 1"}, *c[2:]],
    "deletes the tests": lambda c: c[:2],
    "reverses the cells": lambda c: c[::-1],
    "makes a test prose": retype,
    "changes the points": lambda c: named(c, "test_relu").metadata.nbgrader.update(points=100),
    "makes a test a solution": lambda c: named(c, "test_relu").metadata.nbgrader.update(
        solution=True, locked=False
    ),
    "unlocks a test": lambda c: named(c, "test_relu").metadata.nbgrader.update(
        grade=False, locked=False, solution=True
    ),
    "takes the metadata away": lambda c: [c[0], c[1], *map(new_code_cell, ["1", "2"])],
    "invents a graded cell": invent,
    "forges the outputs": forge_outputs,
    "brings its own setup": own_setup,
    "raises exceptions allowed": lambda c: named(c, "test_relu").metadata.update(
        tags=["raises-exception", "skip-execution"]
    ),
}


class Batch:
    """The graded bank."""

    def __init__(self, course: Any, entries: dict[str, Any], port: int) -> None:
        self.course, self.entries, self.port = course, entries, port

    def outputs(self, student: str) -> str:
        path = self.course.root / "autograded" / student / "ps1" / "p1.ipynb"
        cells = nbformat.read(path, as_version=4).cells
        return "\n".join(str(o) for c in cells if c.cell_type == "code" for o in c.outputs)

    def test_points(self, student: str) -> list[Any]:
        rows = self.course.scores()
        return [rows[student, f"p1/{name}"][0] for name in ("test_relu", "test_mean")]


@pytest.fixture(scope="module")
def batch(released: Any, tmp_path_factory: pytest.TempPathFactory) -> Batch:
    course = released.copy(tmp_path_factory.mktemp("hostile") / "course")
    home = tmp_path_factory.mktemp("home")
    (home / ".ssh").mkdir()
    (home / ".ssh" / "id_test").write_text(SECRET)
    listening = socket.create_server(("127.0.0.1", 0))
    places = {"root": course.root, "home": home, "port": listening.getsockname()[1]}
    for student in ("honest", "zoe"):
        course.submit(student)
    for name, code in FORBIDDEN.items():
        course.submit(name, relu=TRY.format(code.format(**places)) + WRONG)
    for name, code in PREPARED.items():
        course.submit(name, relu=f"{WRONG}\n{code.format(**places)}")
    for name, code in TAMPERING.items():
        mean = "def mean(values):\n    return values[0] * 0"
        course.submit(name, relu=f"{WRONG}\n{code}" if "relu(z)" not in code else code, mean=mean)
    notebook = course.answered({"relu": WRONG, "mean": "def mean(values):\n    return 0"})
    for name, change in CHANGED.items():
        course.submit(name, with_cells(notebook, change))
    course.submit("renames the file").rename(
        course.root / "submitted" / "renames the file" / "ps1" / "p2.ipynb"
    )
    link = course.submit("links to the source")
    link.unlink()
    link.symlink_to(course.root / "source" / "ps1" / "p1.ipynb")
    data = course.submit("links to the gradebook").with_name("data.txt")
    data.symlink_to(course.root / "gradebook.db")
    before = _contents(course.root)
    patch = pytest.MonkeyPatch()
    patch.setenv("COURSE_SECRET", SECRET)
    options = ("--Execute.timeout=4", "--CourseGrade.notebook_seconds=25")
    with listening:
        entries = course.report(*options, workers=2)
    patch.undo()
    assert _contents(course.root) == before
    assert (home / ".ssh" / "id_test").read_text() == SECRET
    return Batch(course, entries, places["port"])


def _contents(root: Path) -> dict[str, bytes]:
    paths = [p for name in ("source", "submitted") for p in (root / name).rglob("*")]
    plain = [path for path in paths if path.is_file() and not path.is_symlink()]
    return {str(path): path.read_bytes() for path in plain}


def test_the_batch_goes_on_and_honest_work_keeps_its_points(batch):
    students = {p.name for p in (batch.course.root / "submitted").iterdir()}
    assert batch.entries.keys() == students
    for student in ("honest", "zoe"):
        assert batch.entries[student]["status"] == "graded"
        assert batch.test_points(student) == [2, 1]


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_is_forbidden_is_refused(batch, name):
    entry = batch.entries[name]
    assert entry["status"] in ("graded", "flagged")
    outputs = batch.outputs(name)
    assert "REFUSED" in outputs
    assert "DONE" not in outputs
    assert SECRET not in outputs
    assert batch.test_points(name)[0] in (0, None)


@pytest.mark.parametrize("name", PREPARED)
def test_nothing_is_gained_by_breaking_out(batch, name):
    entry = batch.entries[name]
    assert batch.test_points(name)[0] in (0, None)
    if entry["status"] == "failed":
        assert len(entry["reason"].splitlines()) == 1
    else:
        outputs = batch.outputs(name)
        assert SECRET not in outputs
        assert "SIBLINGS" not in outputs or "SIBLINGS []" in outputs


@pytest.mark.parametrize("name", [*TAMPERING, *CHANGED])
def test_tampering_earns_nothing(batch, name):
    assert all(points in (0, None) for points in batch.test_points(name)), batch.entries[name]


@pytest.mark.parametrize("name", [n for n in TAMPERING if n != "prints fake results"])
def test_tampering_is_flagged_for_review(batch, name):
    entry = batch.entries[name]
    assert entry["status"] in ("flagged", "failed"), entry
    if entry["status"] == "flagged":
        with sqlite3.connect(batch.course.root / "gradebook.db") as database:
            query = """select s.flagged from submitted_notebook s join submitted_assignment a
                       on a.id = s.assignment_id where a.student_id = ?"""
            assert database.execute(query, [name]).fetchall() == [(1,)]
        database.close()
        manual = batch.course.scores()[name, "p1/test_relu"][2]
        assert manual == 1


def test_no_process_of_a_student_survives(batch):
    # By the port: another batch, of another run of these tests, may have a daemon of its own.
    daemon = f"98765.{batch.port}".encode()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            assert daemon not in path.read_bytes()
        except OSError:
            continue


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("renames the file", "no notebook has a name of this assignment"),
        ("links to the source", "p1.ipynb is not a regular file"),
        ("links to the gradebook", "data.txt is not a regular file"),
    ],
)
def test_a_submission_that_is_no_submission_has_its_reason(batch, name, reason):
    assert batch.entries[name]["status"] == "failed"
    assert reason in batch.entries[name]["reason"]


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("empties the tests", "the locked cell 'test_relu' was changed"),
        ("duplicates the tests", "cell 'test_relu' exists more than once"),
        ("splits a cell", "cell 'relu' exists more than once (copied or split)"),
        ("deletes the tests", "cell 'test_mean' is missing"),
        ("invents a graded cell", "cell 'bonus' is not in the assignment"),
    ],
)
def test_what_happened_to_cells_is_reported(batch, name, note):
    assert any(note in line for line in batch.entries[name]["notes"]), batch.entries[name]
