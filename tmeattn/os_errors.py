"""What to do about an error of the operating system: its reason and the advice that fits it, for every message."""

from __future__ import annotations

import errno
import os
import re
from typing import Literal

ELSEWHERE = "choose another folder"
Use = Literal["write", "read", "delete"]

_IN_TEXT = re.compile(r"\(os error (\d{1,5})\)")
"""How libraries in Rust name the error number."""
_NO_MEMORY = re.compile("can't allocate memory|out of memory")
"""The messages of torch for too little memory."""


def _numbers(*names: str) -> frozenset[int]:
    """The error numbers with these names, as far as this system has them."""
    return frozenset(getattr(errno, name) for name in names if hasattr(errno, name))


ROOM = _numbers("ENOSPC", "EDQUOT")
"""The disk or the quota of the user is full."""
READ_ONLY = _numbers("EROFS", "EACCES", "EPERM")
"""Nothing can be written there, because a permission is missing or the file system is read-only."""
NETWORK = _numbers(
    "ESTALE", "ETIMEDOUT", "ENOTCONN", "EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "ENETUNREACH", "ENETRESET",
    "ECONNRESET", "ECONNREFUSED", "ECONNABORTED", "EREMOTEIO", "ECOMM",
)  # fmt: skip
"""The computer that serves a folder does not answer."""
DEVICE = _numbers("EIO", "ENXIO", "ENODEV", "ENOMEDIUM", "EUCLEAN", "EBADMSG")
PROCESS = _numbers("EMFILE", "ENFILE", "ENOMEM")
"""The process or the computer has too many open files or too little memory."""

_ADVICE: tuple[tuple[frozenset[int], str, str], ...] = (
    # error numbers, advice where something is written, advice where it is read
    (ROOM, "Free some space or {elsewhere}.", "Free some space."),
    (_numbers("EROFS"), "The file system is read-only: {elsewhere}.", "The file system is read-only."),
    (_numbers("EACCES", "EPERM"), "Check the permissions or {elsewhere}.", "Check the permissions."),
    (_numbers("ENOENT", "ENOTDIR"), "Check that the folder exists, or {elsewhere}.", "Check the path."),
    (_numbers("ENAMETOOLONG"), "Choose a shorter name.", "Check the path."),
    (_numbers("ELOOP"), "Its links lead in a circle: correct them, or {elsewhere}.", "Correct its links."),
    (_numbers("EISDIR"), "Choose another name.", "Give the path of a file."),
    (_numbers("EEXIST", "ENOTEMPTY"), "Choose another name, or delete what is there.", "Check the path."),
    (
        _numbers("EFBIG"),
        "The size of a file is limited by the file system or by ulimit -f: raise the limit or {elsewhere}.",
        "The file is too large for this system.",
    ),
    (_numbers("EMFILE"), "Raise the limit of open files (ulimit -n).", "Raise the limit of open files (ulimit -n)."),
    (_numbers("ENFILE"), "Close other programs.", "Close other programs."),
    (_numbers("ENOMEM"), "Close other programs: the memory is full.", "Close other programs: the memory is full."),
    (DEVICE, "Check the disk or {elsewhere}.", "Check the disk."),
    (NETWORK, "Check the connection to the network folder, then try again.", "Check the connection, then try again."),
    (
        _numbers("EBUSY", "ETXTBSY", "EAGAIN", "EDEADLK"),
        "Another program uses it: close that program, then try again.",
        "Another program uses it: close that program, then try again.",
    ),
    (
        _numbers("ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EINVAL", "EXDEV", "EMLINK"),
        "The file system may not support this: {elsewhere}.",
        "Give the path of a regular file.",
    ),
)


def number_of(error: BaseException) -> int | None:
    """The error number of an `OSError`, or the one that another library names in its text; None without one."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    found = _IN_TEXT.search(_text(error))
    return int(found[1]) if found else None


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException:  # the text of a foreign exception is code of its own
        return ""


def reason(error: BaseException) -> str:
    """Why an operation failed, in a few words without a full stop, such as `No space left on device`."""
    number = number_of(error)
    if number is not None and not getattr(error, "strerror", None):
        return os.strerror(number)
    text = " ".join(str(getattr(error, "strerror", None) or _text(error)).split())
    return text.rstrip(".") or type(error).__name__


def advice(error: BaseException, use: Use = "write", *, elsewhere: str = ELSEWHERE) -> str:
    """What a user can do about an error, as a sentence.

    use:       what failed.
    elsewhere: how the user chooses another place to write to, as the end of a sentence.
    """
    number = number_of(error)
    for numbers, written, read in _ADVICE:
        if number in numbers:
            return written.format(elsewhere=elsewhere) if use == "write" else read
    if use == "write":
        return f"Check the folder or {elsewhere}."
    return "Check the path and the permissions." if use == "read" else "Check the permissions of the folder."


def is_environment(error: BaseException) -> bool:
    """Whether an error while a file is read is the fault of the computer, and not of the path that the user gave."""
    return number_of(error) in ROOM | NETWORK | DEVICE | PROCESS


DISTRIBUTIONS = {"sklearn": "scikit-learn"}
"""Distributions by the name of their package, where it is another one."""


def environment_problem(error: BaseException) -> str | None:
    """The message of an error that no part of the program expected, where the computer or a permission is its cause;
    None where a mistake of the program may be."""
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and _NO_MEMORY.search(_text(error))):
        return "There is not enough memory. Close other programs, or choose a smaller batch, model or input."
    if isinstance(error, ModuleNotFoundError) and error.name and not error.name.startswith("tmeattn"):
        package = error.name.partition(".")[0]
        if package == error.name:  # else an installed package lacks a module, which it has under another name
            named = DISTRIBUTIONS.get(package, package)
            return f"The package {named} is not installed. Install it: pip install {named}"
    if not isinstance(error, OSError) or not (is_environment(error) or number_of(error) in READ_ONLY):
        return None
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{reason(error)}. {advice(error)}"
