"""Make a job (`schema.JOB`) out of a submission's folder: all that a worker anywhere needs."""

import base64
import json
import os
from pathlib import Path
from typing import Any

from nbgrader.utils import find_all_files

from course_grader import schema

# Settings of what no worker runs: nobody need be told that they stay behind.
READ_HERE = ("CourseGrade", "Autograde", "BaseConverter", "Exporter", "GenerateFeedback")


class Unreadable(RuntimeError):
    """Why a submission cannot even be sent to a worker, in one line."""


class JobMaker:
    """Reads submissions; holds what all jobs of one assignment share.

    Parameters
    ----------
    converter : CourseGrade
        Whose options, configuration and course directory apply.
    sources : dict
        The instructor's notebooks by name, from `Recorder.sources`.
    """

    def __init__(self, converter: Any, sources: dict[str, dict[str, Any]]) -> None:
        self._converter = converter
        self._coursedir = converter.coursedir
        self._sources = sources
        self._settings = {
            "sandbox": converter.sandbox,
            "canaries": converter.canaries,
            "packages": list(converter.packages),
            "visible": [os.path.abspath(path) for path in converter.visible],
            "limits": converter.limits(),
            "notebook_seconds": converter.notebook_seconds,
            "output_bytes": converter.output_mb << 20,
            "config": self._plain_config(),
            "sanitize": [_dotted(step) for step in converter.sanitize_preprocessors],
            "autograde": [_dotted(step) for step in converter.autograde_preprocessors],
        }

    def make(self, student: str, assignment: str, folder: Path, notebooks: list[str]) -> str:
        """Return the job for a submission.

        Raises
        ------
        Unreadable
            If a file is too large, not a file, or not allowed to be read, or none is known.
        """
        job: dict[str, Any] = {"student": student, "assignment": assignment, "notebooks": []}
        for name in sorted(notebooks):
            path = Path(name)
            if path.stem not in self._sources:
                self._converter.log.warning("Skipping unknown notebook: %s", name)
                continue
            content = self._read(path, self._converter.notebook_mb << 20)
            source = self._sources[path.stem]
            job["notebooks"].append({"name": path.stem, "content": content, "source": source})
        if not job["notebooks"]:
            known = ", ".join(f"{name}.ipynb" for name in sorted(self._sources))
            raise Unreadable(f"no notebook has a name of this assignment: {known or 'it has none'}")
        limit = self._coursedir.max_dir_size * 1000
        job["files"], job["given"] = {}, []
        for relative, path in self.data_files(folder, assignment).items():
            job["files"][relative] = self._read(path, limit)
            job["given"] += [] if path.is_relative_to(folder) else [relative]
            limit -= path.stat().st_size
        job["settings"] = self._settings
        return schema.dump(job, schema.JOB)

    def absent(self, folder: Path) -> set[str]:
        """Return the names of the assignment's notebooks that were not handed in."""
        return {name for name in self._sources if not (folder / f"{name}.ipynb").exists()}

    def data_files(self, folder: Path, assignment: str) -> dict[str, Path]:
        """Return the files next to the notebooks; the instructor's replace the student's."""
        source = Path(
            self._coursedir.format_path(self._coursedir.source_directory, ".", assignment)
        )
        ignore = [*self._coursedir.ignore, "*.ipynb"]
        kept = self._converter.exclude_overwriting.get(assignment, [])
        files = {}
        for root in (folder, source):
            for name in find_all_files(str(root), ignore):
                relative = os.path.relpath(name, root)
                if root == folder or relative not in kept:
                    files[relative] = Path(name)
        return files

    def _read(self, path: Path, limit: int) -> str:
        try:
            if path.is_symlink() or not path.is_file():
                raise Unreadable(f"{path.name} is not a regular file")
            if path.stat().st_size > limit:
                raise Unreadable(f"{path.name} is larger than {limit / 1e6:.0f} MB")
            return base64.b64encode(path.read_bytes()).decode()
        except OSError as error:
            raise Unreadable(f"{path.name} cannot be read: {error.strerror}") from None

    def _plain_config(self) -> dict[str, Any]:
        """Return what of the configuration can travel; warn of what cannot."""
        plain: dict[str, Any] = {}
        for section, options in self._converter.config.items():
            for name, value in options.items():
                try:
                    plain.setdefault(section, {})[name] = json.loads(json.dumps(value))
                except TypeError:
                    if section not in READ_HERE:
                        self._converter.log.warning(
                            "%s.%s cannot be sent to workers: ignored there", section, name
                        )
        return plain


def _dotted(step: Any) -> str:
    return step if isinstance(step, str) else f"{step.__module__}.{step.__qualname__}"
