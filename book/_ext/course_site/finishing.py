"""What stands in the finished site already need not be looked at again.

Several modules go over the written pages once more when a build ends. The time of the last good
end is kept, so that they take up only what is newer, and a build in which nothing changed ends at
once.
"""

from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx


def _stamp(app: Sphinx) -> Path:
    return Path(app.outdir).parent / ".finished"


def newer(app: Sphinx, pattern: str) -> Iterator[Path]:
    """Yield those files of the site, by a pattern like ``**/*.html``, that this build wrote."""
    stamp = _stamp(app)
    since = stamp.stat().st_mtime_ns if stamp.exists() else 0
    for path in Path(app.outdir).glob(pattern):
        if path.stat().st_mtime_ns > since:
            yield path


def finish(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        _stamp(app).touch()


def setup(app: Sphinx) -> None:
    app.connect("build-finished", finish, priority=900)  # after all who ask for `newer`
