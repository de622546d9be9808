import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest

import course_lib.datasets

FOLDER = Path(course_lib.datasets.__file__).parent
NOTES = json.loads((FOLDER / "provenance.json").read_text("utf-8"))


def test_every_shipped_file_has_a_note_and_every_note_a_file():
    shipped = {path.name for path in FOLDER.glob("*") if path.suffix not in {".py", ""}}
    assert set(NOTES) == shipped - {"provenance.json"}


@pytest.mark.parametrize("name", sorted(NOTES))
def test_a_shipped_file_has_the_recorded_checksum(name):
    data = (FOLDER / name).read_bytes()
    assert hashlib.sha256(data).hexdigest() == NOTES[name]["sha256"]
    assert len(data) == NOTES[name]["bytes"]


@pytest.mark.parametrize("name", sorted(NOTES))
def test_a_note_gives_origin_licence_and_a_script_that_exists(name):
    note = NOTES[name]
    assert note["origin"]
    assert note["licence"]
    script = note["made"].split(";")[0]
    assert (FOLDER.parents[1] / script).is_file()


@pytest.mark.parametrize("name", sorted(name for name in NOTES if name.endswith(".npz")))
def test_a_shipped_file_holds_the_recorded_arrays_and_needs_no_pickle(name):
    with np.load(FOLDER / name, allow_pickle=False) as arrays:
        held = {key: f"{array.dtype} {array.shape}" for key, array in arrays.items()}
    assert held == NOTES[name]["arrays"]


def test_the_public_names_are_sorted_and_exist():
    names = course_lib.datasets.__all__
    assert names == sorted(names)
    assert all(hasattr(course_lib.datasets, name) for name in names)


def test_the_datasets_import_no_wing():
    code = "\n".join(path.read_text("utf-8") for path in FOLDER.glob("*.py"))
    imported = set(re.findall(r"^\s*(?:from|import) course_lib\.(\w+)", code, re.MULTILINE))
    assert imported <= {"_checks", "datasets"}
