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
    notes = json.loads(PROVENANCE.read_text("utf-8")) if PROVENANCE.exists() else {}
    notes[path.name] = {
        "origin": origin,
        "licence": licence,
        "made": made,
        "arrays": {key: f"{a.dtype} {a.shape}" for key, a in arrays.items()},
        "bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    PROVENANCE.write_text(
        json.dumps(dict(sorted(notes.items())), indent=2, ensure_ascii=False) + "\n", "utf-8"
    )
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")
