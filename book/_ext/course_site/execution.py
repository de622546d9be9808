"""Chapters are executed again exactly when they, or the library, have changed.

jupyter-cache looks at a notebook's cells only. A chapter also shows what `course_lib` does, so
the cache lives in a folder that is named by a hash of the library; the frames of the demos that
were drawn on the way live beside it. myst-nb executes one chapter after the other while it reads
them; here all that will be missing is executed beforehand, on all processors, and myst-nb finds
it in the cache. As many processes then write the pages.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.display import status_iterator

FRAMES_VARIABLE = "COURSE_SITE_FRAMES"
KEPT_CACHES = 3
IGNORED = {".pyc", ".pyo"}


def files_hash(root: Path, *folders: Path) -> str:
    """Hash the names below `root` and the contents of all files of these folders, or of `root`."""
    digest = hashlib.sha256()
    paths = {path for folder in folders or [root] for path in (folder, *folder.rglob("*"))}
    for path in sorted(paths):
        if path.is_file() and path.suffix not in IGNORED:
            digest.update(str(path.relative_to(root)).encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def choose_cache(app: Sphinx, config: Config) -> None:
    library = Path(app.srcdir) / "course_lib"
    config.course_library_hash = files_hash(library)
    config.course_extension_hash = files_hash(Path(__file__).parent)
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


def missing_notebooks(env: Any, names: list[str], cache: Any) -> Iterator[tuple[Path, Any]]:
    """Read those of the pages that are notebooks and that the cache doesn't know."""
    from myst_nb.core.read import create_nb_reader

    for name in names:
        path = Path(env.doc2path(name))
        text = path.read_text(encoding="utf-8")
        reader = create_nb_reader(str(path), env.myst_config, env.mystnb_config, text)
        if reader is None:
            continue
        notebook = reader.read(text)
        try:
            cache.match_cache_notebook(notebook)
        except KeyError:
            yield path, notebook


def execute_beforehand(app: Sphinx, env: Any, names: list[str]) -> None:
    """Execute what will be missing, each notebook in a kernel of its own, and cache it.

    What fails is not cached: myst-nb executes it again, and reports the error as it always does.
    """
    from jupyter_cache import get_cache
    from jupyter_cache.base import CacheBundleIn
    from jupyter_cache.executors.utils import single_nb_execution

    if app.config.nb_execution_mode != "cache":
        return
    cache = get_cache(env.mystnb_config.execution_cache_path)
    missing = list(missing_notebooks(env, names, cache))
    # The longest text first, as it takes the longest more often than not: whatever comes last
    # leaves the other processors with nothing to do.
    missing.sort(key=lambda pair: pair[0].stat().st_size, reverse=True)
    # Kernels side by side: a second thread for linear algebra would only take a core from another.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    timeout = env.mystnb_config.execution_timeout
    # Each kernel would warn that it listens on an unencrypted port, which is this machine's own.
    quiet = ["--IPKernelApp.log_level=ERROR"]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {
            pool.submit(
                single_nb_execution,
                notebook,
                str(path.parent),
                timeout,
                False,
                extra_arguments=quiet,
            ): path
            for path, notebook in missing
        }
        done = as_completed(running)
        for future in status_iterator(
            done, "executing chapters... ", "purple", len(running),
            stringify_func=lambda future: running[future].stem,
        ):  # fmt: skip
            result = future.result()
            if result.err is None:
                bundle = CacheBundleIn(
                    result.nb, str(running[future]), data={"execution_seconds": result.time}
                )
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def write_side_by_side(app: Sphinx, env: Any) -> None:
    """Let as many processes write pages as there are processors; Jupyter Book asks for one.

    Reading stays with one: the extension that numbers sections across the parts of the book does
    not say that it could be parallel.
    """
    app.parallel = os.cpu_count() or 1


def setup(app: Sphinx) -> None:
    # As part of the environment's key it makes Sphinx read every page again.
    app.add_config_value("course_library_hash", "", "env")
    # Pages are written again, but not run again, when this extension changes.
    app.add_config_value("course_extension_hash", "", "html")
    app.connect("config-inited", choose_cache)
    app.connect("env-before-read-docs", execute_beforehand)
    app.connect("env-updated", write_side_by_side)
