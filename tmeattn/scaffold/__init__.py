"""New plugin packages from templates: files below `templates/`, with names to fill in.

`templates/common` and the folder of the kind are copied. In their names and contents @NAME@ stands for the
distribution, @MODULE@ for its module and @CLASS@ for a class; a file's `.in` at the end is dropped.
"""

from __future__ import annotations

import keyword
import re
import sys
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path

from tmeattn.errors import BadInput
from tmeattn.files import disk_errors
from tmeattn.registry import KINDS, registry


@dataclass(frozen=True)
class Made:
    """The package's folder, its files (relative to it), and the commands to type next."""

    folder: Path
    files: list[str]
    next: list[str]


def create(name: str, kind: str, into: Path) -> Made:
    """Write a new plugin package into a folder of its own below `into`.

    Raises:
        BadInput: the name cannot be one, is taken, or the folder is there already.
        EnvironmentProblem: the folder cannot be written.
    """
    module = _module(name)
    _demand_free(name, kind)
    folder = into / name
    if folder.exists():
        raise BadInput(f"{folder} is there already.", hint="Choose another name, or --into another folder.")
    words = re.split(r"[-_.]+", name)
    values = {"NAME": name, "MODULE": module, "CLASS": "".join(word.capitalize() for word in words)}
    files = {}
    for part in ("common", kind):
        files.update(_templates(Path(str(resources.files(__name__))) / "templates" / part, values))
    with disk_errors("the plugin", folder):
        for path, text in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    return Made(folder, sorted(files), _next(name, kind, folder))


def _module(name: str) -> str:
    """The module's name of a distribution.

    Raises:
        BadInput: see `create`.
    """
    module = re.sub(r"[-.]", "_", name).lower()
    if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9]*([-_.][a-zA-Z0-9]+)*", name) or keyword.iskeyword(module):
        raise BadInput(
            f"{name!r} is no name for a plugin.",
            hint="Use letters and digits with single '-' between, such as my-attention.",
        )
    taken = sys.stdlib_module_names | set(metadata.packages_distributions()) | {"tests"}
    if module in taken:
        raise BadInput(f"There is a Python module {module} already.", hint=f"Choose another name, such as my-{name}.")
    return module


def _demand_free(name: str, kind: str) -> None:
    """Refuse a name that a plugin of that kind has already, since one of the two could not be used.

    Raises:
        BadInput: see `create`.
    """
    if owners := registry().distributions_of(KINDS[f"tmeattn_{kind}s"], name):
        raise BadInput(
            f"There is a {kind} named {name!r} already, from {' and '.join(owners)}.",
            hint=f"Choose another name, such as my-{name}.",
        )


def _templates(folder: Path, values: dict[str, str]) -> dict[str, str]:
    def filled(text: str) -> str:
        return re.sub(r"@([A-Z]+)@", lambda match: values[match[1]], text)

    return {
        filled(path.relative_to(folder).as_posix().removesuffix(".in")): filled(path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*.in"))
    }


def _next(name: str, kind: str, folder: Path) -> list[str]:
    use = {
        "model": [f"tmeattn train {name} --limit 2000", 'tmeattn explain "A wonderful film, if a little long."'],
        "dataset": [f"tmeattn train simple-attn --dataset {name} --min-count 1"],
        "explainer": [f'tmeattn explain "A wonderful film, if a little long." --method {name}'],
        "tracker": [f"tmeattn train simple-attn --limit 2000 --track {name}"],
    }
    return [f"pip install -e {folder}", f"tmeattn plugins check {name}", *use[kind]]
