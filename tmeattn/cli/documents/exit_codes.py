"""The exit codes of the commands: the one table from which the manual and `tmeattn docs json` are made."""

from __future__ import annotations

EXIT_CODES = {
    0: "The command succeeded.",
    1: "There was an internal error, or the training diverged.",
    2: "The input or the usage is wrong.",
    3: "The environment lacks something: data or an extra are not installed, the disk is full, a permission is "
    "missing, the network failed.",
    130: "The command was interrupted. A run that was training has saved a checkpoint.",
}
"""What each exit code means."""

OF_COMMANDS = {
    "tmeattn docs": {2: "The input or the usage is wrong, or nothing was found by --search."},
    "tmeattn plugins check": {2: "The input or the usage is wrong, or a check failed."},
    "tmeattn runs queue start": {
        2: "The input or the usage is wrong, another process works on the queue, or a training of the queue failed."
    },
    "tmeattn serve": {0: "A signal ended the service, and every request that it had accepted was answered."},
    "tmeattn tui": {0: "The user left the application."},
}
"""Where a command gives an exit code another meaning."""

TRAINING = (
    *("tmeattn train MODEL", "tmeattn resume", "tmeattn sweep", "tmeattn sweep MODEL", "tmeattn faithfulness"),
    *("tmeattn reproduce", "tmeattn runs queue start", "tmeattn submit"),
)
"""The commands that may train, so that exit code 1 may mean a training that diverged."""


def exit_codes_of(command: str) -> dict[int, str]:
    """What each exit code of a command means. command: its path, such as `tmeattn runs list`."""
    codes = dict(EXIT_CODES)
    if command not in TRAINING:
        codes |= {1: "There was an internal error.", 130: "The command was interrupted."}
    return codes | OF_COMMANDS.get(command, {})


def table() -> str:
    """The table of `EXIT_CODES` in Markdown."""
    rows = [f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items()]
    return "\n".join(["| exit code | meaning |", "|---|---|", *rows])
