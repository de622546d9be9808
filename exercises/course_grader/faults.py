"""One clear line for what goes wrong around grading: the database, the disk."""

import errno

import sqlalchemy.exc

_AGAIN = "nothing is lost: set it right and run the same command again"


def one_line(error: BaseException) -> str | None:
    """Return the line for a fault that a person can set right; None for anything else.

    Examples
    --------
    >>> one_line(OSError(errno.ENOSPC, "No space left on device"))
    'the disk is full (No space left on device); nothing is lost: set it right and run the same
    command again'
    """
    text = str(getattr(error, "orig", None) or error)
    line = next(iter(text.splitlines()), "")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"the disk is full ({error.strerror}); {_AGAIN}"
    if isinstance(error, OSError) and error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"{error.filename} cannot be written ({error.strerror}); {_AGAIN}"
    if isinstance(error, sqlalchemy.exc.DBAPIError):
        if "locked" in line:
            return f"the gradebook is locked by another program; {_AGAIN}"
        if "full" in line:
            return f"the disk is full ({line}); {_AGAIN}"
        return f"the gradebook cannot be used ({line}); {_AGAIN}"
    return None
