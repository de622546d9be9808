"""The sandbox: a bubblewrap command line in which only a read-only system exists.

No network, no home, no course folder: what is not listed here is not there.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from course_grader.namespaces import SCRATCH, STAGE

_SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/sbin")
_ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "fonts", "localtime")
_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "HOME": str(SCRATCH),
    "MPLCONFIGDIR": "/tmp/matplotlib",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}
_INSTALL = "install Debian's package with: apt-get install bubblewrap"


class SandboxUnavailable(RuntimeError):
    """Why student code cannot be shut in on this machine, in one line."""


def package_folder(name: str) -> Path | None:
    """Return the folder of an importable package, or the file of a module; None if absent."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent if spec.submodule_search_locations else Path(spec.origin)


def environment() -> dict[str, str]:
    """Return the only environment variables that student code sees."""
    return dict(_ENVIRONMENT)


def _folders(packages: Iterable[str]) -> list[Path]:
    """Where Python and the named packages live; a folder inside another one is left out."""
    folders = {Path(sys.prefix), Path(sys.base_prefix), Path(sysconfig.get_path("purelib"))}
    folders |= {Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("platlib"))}
    for name in ("course_grader", *packages):
        folder = package_folder(name.partition(".")[0])
        if folder is not None:
            folders.add(folder)
    known = [*map(Path, _SYSTEM)]
    kept: list[Path] = []
    for folder in sorted(folders, key=lambda path: len(path.parts)):
        if not any(folder.is_relative_to(parent) for parent in (*known, *kept)):
            kept.append(folder)
    return kept


def _font_lists(packages: Iterable[str]) -> list[Path]:
    """Return Matplotlib's lists of this machine's fonts; it makes one if there is none yet."""
    if "matplotlib" not in {name.partition(".")[0] for name in packages}:
        return []
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    usual = Path(os.environ.get("MPLCONFIGDIR") or Path(cache, "matplotlib"))
    if found := sorted(usual.glob("fontlist-*.json")):  # spares the import, a third of a second
        return found
    import matplotlib.font_manager

    return sorted(Path(matplotlib.get_cachedir()).glob("fontlist-*.json"))


def command(stage: Path, *, packages: Iterable[str] = (), visible: Iterable[str] = ()) -> list[str]:
    """Return the bubblewrap command line to put before the command that it shall shut in.

    Parameters
    ----------
    stage : Path
        Folder that appears, read-only, as `STAGE`.
    packages : iterable of str
        Importable packages that student code may use, wherever they are installed.
    visible : iterable of str
        Further files or folders to show, read-only, at their own paths.

    Raises
    ------
    SandboxUnavailable
        If bubblewrap is not installed.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise SandboxUnavailable(
            f"course-grade needs bubblewrap to shut student code in: {_INSTALL} "
            "(or, only for code that you trust, give --no-sandbox)"
        )
    line = [bwrap, "--die-with-parent", "--new-session", "--clearenv"]
    line += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    line += ["--unshare-cgroup-try", "--hostname", "sandbox"]
    if os.geteuid() != 0:
        # User 0 of a user namespace in which only the caller exists: no user of this machine.
        line += ["--unshare-user", "--uid", "0", "--gid", "0"]
        line += ["--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_SETPCAP"]
    for path in _SYSTEM:
        if Path(path).is_symlink():
            line += ["--symlink", os.readlink(path), path]
        elif Path(path).exists():
            line += ["--ro-bind", path, path]
    for name in _ETC:
        line += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    line += ["--size", str(64 << 20), "--tmpfs", "/tmp"]  # the zygote's; each fork covers it
    for folder in (*_folders(packages), *map(Path, visible)):
        for parent in reversed(folder.parents[:-1]):  # bubblewrap would make them for root alone
            line += ["--dir", str(parent)]
        line += ["--ro-bind", str(folder), str(folder)]
    line += ["--proc", "/proc", "--dev", "/dev"]
    line += ["--dir", str(SCRATCH), "--dir", "/dev/shm"]
    for fonts in _font_lists(packages):  # else each zygote would look for the fonts anew
        line += ["--ro-bind", str(fonts), f"{_ENVIRONMENT['MPLCONFIGDIR']}/{fonts.name}"]
    line += ["--ro-bind", str(stage), str(STAGE)]
    line += ["--remount-ro", "/dev", "--remount-ro", "/"]
    for name, value in _ENVIRONMENT.items():
        line += ["--setenv", name, value]
    return [*line, "--chdir", "/", "--"]


def check() -> None:
    """Raise `SandboxUnavailable`, in one line, unless bubblewrap works here."""
    line = [*command(Path("/usr")), "/bin/true"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        why = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise SandboxUnavailable(
            f"bubblewrap cannot make a sandbox on this machine: {why[-1]} "
            "(allow user namespaces, or, only for code that you trust, give --no-sandbox)"
        )
