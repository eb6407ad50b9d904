"""The import path of tmeattn's processes: it never holds the current folder, where a `json.py` beside the data is a
file of the user and no part of the program.

Python itself puts the current folder there for `python -m`, for `python -c`, and for an empty entry of PYTHONPATH. A
folder that PYTHONPATH names, or that an editable installation adds, stays, because the user chose it. This module
imports nothing that could come from the current folder.
"""

import os
import sys

SAFE_PATH = "PYTHONSAFEPATH"
"""The variable that makes Python leave the current folder out, and all Python processes that it starts."""
_MAIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "__main__.py")  # noqa: PTH100, PTH118, PTH120
_PROGRAM = """import runpy, sys
sys.path[:] = [path for path in {paths!r} if path not in {doubtful!r} or path in sys.path]
runpy.run_path({main!r})
{code}"""


def leave_out_current_folder() -> None:
    """Remove the current folder from the import path of this process, and keep it out of its Python processes."""
    if not sys.flags.safe_path and sys.path and _is_current_folder(sys.path[0]):  # `python -m` has put it there
        del sys.path[0]
    if "" in _python_path() and not any(path and _is_current_folder(path) for path in _python_path()):
        sys.path[:] = [path for path in sys.path if not _is_current_folder(path)]
    os.environ.update(child_environment())


def child_environment() -> dict[str, str]:
    """The environment of a Python process of tmeattn's own."""
    environment = {**os.environ, SAFE_PATH: "1"}
    if "PYTHONPATH" in environment:
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, _python_path()))
    return environment


def tmeattn_command(*arguments: str) -> list[str]:
    """The command line that runs this tmeattn, whatever else the import path holds. Use `child_environment`."""
    return [sys.executable, "-P", _MAIN, *arguments]


def program_command(code: str, *arguments: str) -> list[str]:
    """The command line of a process that runs `code` with this tmeattn and the import path of this process.

    The current folder is left out unless the new process finds it on its own path. Use `child_environment`.
    """
    paths = [path for path in sys.path if isinstance(path, str) and path]
    doubtful = [path for path in paths if _is_current_folder(path)]
    return [
        sys.executable,
        "-P",
        "-c",
        _PROGRAM.format(paths=paths, doubtful=doubtful, main=_MAIN, code=code),
        *arguments,
    ]


def _python_path() -> list[str]:
    value = os.environ.get("PYTHONPATH", "")
    return value.split(os.pathsep) if value else []


def _is_current_folder(path: str) -> bool:
    try:
        return path == "" or os.path.realpath(path) == os.path.realpath(os.getcwd())  # noqa: PTH109
    except OSError:  # the current folder is deleted
        return False
