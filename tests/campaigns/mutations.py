"""Seeded mutations of valid files: of their bytes, of JSON values in them, and of what a path is."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from random import Random
from typing import Any

ODD_BYTES = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\r\n", b"\n\n", b'"', b"'", b"\t", b",", b";", b" ", b"\\", b"{",
    b"]", b"\x1b[31m", "\u202e".encode(), "\u2028".encode(), b"\xed\xa0\x80", b"__label__", b"1e999", b"-1", b"NaN",
    b"=1+1", b"9" * 40, b"9" * 5000, b"a" * 70_000, b"[" * 3000, b"\x1a", b"/../", b"%s{0}[b]", b"#",
)  # fmt: skip
ODD_VALUES: tuple[Any, ...] = (
    None, True, "", " ", [], {}, [[]], 0, -1, 2**31, 2**63, 2**200, -(2**64), 1e308, float("nan"), float("inf"), 0.5,
    "x" * 5000, "\x1b[2J", "\ud800", "../../x", "/", "latest", "a\nb", [None], {"": None}, "1e9", "\0",
)  # fmt: skip


def mutate_bytes(data: bytes, chance: Random) -> bytes:
    """One to four changes of the bytes, mostly small."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        at = chance.randrange(len(changed) + 1)
        span = chance.choice((1, 1, 2, 8, 100, len(changed)))
        match chance.randrange(8):
            case 0 if changed:
                at = min(at, len(changed) - 1)
                changed[at] ^= 1 << chance.randrange(8)
            case 1:
                del changed[at : at + span]
            case 2:
                changed[at:at] = chance.choice(ODD_BYTES)
            case 3:
                del changed[at:]
            case 4:
                changed[at:at] = changed[at : at + span][:100_000]
            case 5:
                other = chance.randrange(len(changed) + 1)
                changed[at : at + span] = changed[other : other + span]
            case 6:
                changed[at : at + span] = chance.choice(ODD_BYTES)
            case _:
                changed[at : at + span] = chance.randbytes(min(span, 100))
    return bytes(changed)


def mutate_json(data: bytes, chance: Random) -> bytes:
    """Change one value of a JSON text, or of one line of JSON lines; other texts change as bytes."""
    lines = data.splitlines(keepends=True)
    single = chance.randrange(len(lines)) if lines else 0
    for start, end in ((0, len(lines)), (single, single + 1)):
        try:
            value = json.loads(b"".join(lines[start:end]))
        except ValueError:
            continue
        changed = json.dumps(_changed(value, chance), ensure_ascii=chance.random() < 0.8)
        if chance.random() < 0.05:
            changed = changed.replace('"format": 1', '"format": 1' + "0" * 5000)
        return b"".join([*lines[:start], changed.encode("utf-8", "surrogatepass"), b"\n", *lines[end:]])
    return mutate_bytes(data, chance)


def _changed(value: Any, chance: Random) -> Any:
    inner = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    if not inner or chance.random() < 0.15:
        return chance.choice(ODD_VALUES)
    key, child = chance.choice(inner)
    copy = value.copy()
    draw = chance.random()
    if draw < 0.15:
        del copy[key]
    elif draw < 0.2 and isinstance(copy, dict):
        copy[chance.choice(("", "extra", "id", "state", "kind"))] = chance.choice(ODD_VALUES)
    else:
        copy[key] = _changed(child, chance)
    return copy


def mutate_path(path: Path, chance: Random) -> str:
    """Make a path something else than a file: the name of what it becomes."""
    content = path.read_bytes() if path.is_file() else b""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    kind = chance.choice(("nothing", "folder", "empty", "pipe", "loop", "dangling link", "zeros", "link", "gap"))
    match kind:
        case "folder":
            path.mkdir()
        case "empty":
            path.touch()
        case "pipe":
            os.mkfifo(path)
        case "loop":
            path.symlink_to(path.name)
        case "dangling link":
            path.symlink_to("nowhere")
        case "zeros":
            path.symlink_to("/dev/zero")
        case "link":
            target = path.with_name(f"linked-{path.name}")
            target.write_bytes(content)
            path.symlink_to(target.name)
        case "gap":
            path.write_bytes(content[: len(content) // 2] + bytes(len(content) - len(content) // 2))
    return kind


def mutate_file(path: Path, chance: Random) -> str:
    """Change a file in one of these ways; what was done."""
    draw = chance.random()
    if draw < 0.08 or not path.is_file():
        return f"{path.name} becomes {mutate_path(path, chance)}"
    data = path.read_bytes()
    is_json = path.suffix in (".json", ".jsonl")
    changed = mutate_json(data, chance) if is_json and draw < 0.75 else mutate_bytes(data, chance)
    path.write_bytes(changed)
    return f"{path.name} changes from {len(data)} to {len(changed)} bytes"
