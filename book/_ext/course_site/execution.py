"""Chapters are executed again exactly when they, or the library, have changed.

jupyter-cache looks at a notebook's cells only. A chapter also shows what `course_lib` does, so
the cache lives in a folder that is named by a hash of the library; the frames of the demos that
were drawn on the way live beside it.
"""

import hashlib
import os
import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

FRAMES_VARIABLE = "COURSE_SITE_FRAMES"
KEPT_CACHES = 3
IGNORED = {".pyc", ".pyo"}


def library_hash(library: Path) -> str:
    """Hash the names and contents of all files of the library."""
    digest = hashlib.sha256()
    for path in sorted(library.rglob("*")):
        if path.is_file() and path.suffix not in IGNORED:
            digest.update(str(path.relative_to(library)).encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def choose_cache(app: Sphinx, config: Config) -> None:
    library = Path(app.srcdir) / "course_lib"
    config.course_library_hash = library_hash(library)
    config.course_extension_hash = library_hash(Path(__file__).parent)
    caches = Path(app.outdir).parent / ".jupyter_cache"
    cache = caches / config.course_library_hash
    (cache / "frames").mkdir(parents=True, exist_ok=True)
    os.utime(cache)
    by_age = sorted(caches.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for outdated in by_age[KEPT_CACHES:]:
        shutil.rmtree(outdated)
    config.nb_execution_cache_path = str(cache)
    # The chapters' kernels inherit this; see course_lib.demos.widget.
    os.environ[FRAMES_VARIABLE] = str(cache / "frames")


def setup(app: Sphinx) -> None:
    # As part of the environment's key it makes Sphinx read every page again.
    app.add_config_value("course_library_hash", "", "env")
    # Pages are written again, but not run again, when this extension changes.
    app.add_config_value("course_extension_hash", "", "html")
    app.connect("config-inited", choose_cache)
