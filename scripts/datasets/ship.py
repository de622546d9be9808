"""Write a data set into the package, with the note that says where it came from."""

import hashlib
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "course_lib" / "datasets"
PROVENANCE = SHIPPED / "provenance.json"


def ship(
    name: str,
    arrays: dict[str, NDArray[np.generic]],
    *,
    origin: str,
    licence: str,
    made: str,
) -> None:
    """Save `arrays` as a compressed ``name.npz`` and renew its entry in ``provenance.json``.

    NumPy stamps no time into the file, so the same arrays give the same bytes and checksum.
    """
    path = SHIPPED / f"{name}.npz"
    np.savez_compressed(path, allow_pickle=False, **arrays)
    held = {key: f"{array.dtype} {array.shape}" for key, array in arrays.items()}
    _note(path, {"origin": origin, "licence": licence, "made": made, "arrays": held})


def ship_text(name: str, text: str, *, origin: str, licence: str, made: str) -> None:
    """Save an ASCII text as ``name.txt`` and renew its entry in ``provenance.json``."""
    path = SHIPPED / f"{name}.txt"
    path.write_bytes(text.encode("ascii"))
    _note(path, {"origin": origin, "licence": licence, "made": made})


def _note(path: Path, note: dict[str, object]) -> None:
    data = path.read_bytes()
    notes = json.loads(PROVENANCE.read_text("utf-8")) if PROVENANCE.exists() else {}
    notes[path.name] = {**note, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    PROVENANCE.write_text(
        json.dumps(dict(sorted(notes.items())), indent=2, ensure_ascii=False) + "\n", "utf-8"
    )
    print(f"{path.relative_to(ROOT)}: {len(data):,} bytes")
