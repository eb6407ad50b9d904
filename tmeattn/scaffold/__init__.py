"""New plugin packages from the templates in `templates/`.

`create` copies `templates/common` and the folder of the kind. In file names and contents it replaces @NAME@ by the name
of the distribution, @MODULE@ by the name of its module and @CLASS@ by the name of its class. It removes the suffix
`.in` of each file.
"""

from __future__ import annotations

import contextlib
import keyword
import re
import sys
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path

from tmeattn.errors import BadInput, shortened
from tmeattn.files import check_new_folder, disk_errors, remove, remove_leftovers, temporary_name
from tmeattn.os_errors import ELSEWHERE
from tmeattn.registry import KINDS, registry

LONGEST_NAME = 100
"""Characters of the longest name of a package."""


@dataclass(frozen=True)
class NewPackage:
    """A package that was created.

    folder:        its folder.
    files:         its files, relative to the folder.
    next_commands: the commands that install, check and use it.
    """

    folder: Path
    files: list[str]
    next_commands: list[str]


def create(name: str, kind: str, into: Path) -> NewPackage:
    """Create a plugin package of a kind (model, dataset, explainer, tracker or tokenizer) in a new folder below `into`.

    Raises:
        BadInput: the name is invalid or not free, the folder exists, or it would be below a file.
        EnvironmentProblem: the folder cannot be written; nothing of it remains.
    """
    if len(name) > LONGEST_NAME:
        raise BadInput(f"The name {shortened(name)!r} is too long.", hint=f"Choose at most {LONGEST_NAME} characters.")
    module = _module_name(name)
    _check_name_is_free(name, kind)
    folder = into / name
    if folder.exists() or folder.is_symlink():
        raise BadInput(f"{folder} already exists.", hint="Choose another name, or another folder with --into.")
    check_new_folder(into)
    words = re.split(r"[-_.]+", name)
    values = {"NAME": name, "MODULE": module, "CLASS": "".join(word.capitalize() for word in words)}
    files = {}
    for part in ("common", kind):
        files.update(_templates(Path(str(resources.files(__name__))) / "templates" / part, values))
    with disk_errors("the plugin", folder, elsewhere=ELSEWHERE):
        into.mkdir(parents=True, exist_ok=True)
        remove_leftovers(into, name)
        fresh = temporary_name(folder)
        try:
            for path, text in files.items():
                target = fresh / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
            fresh.rename(folder)
        finally:
            with contextlib.suppress(OSError):
                remove(fresh)
    return NewPackage(folder, sorted(files), _next_commands(name, kind, folder))


def _module_name(name: str) -> str:
    """The name of the module of a distribution.

    Raises:
        BadInput: see `create`.
    """
    module = re.sub(r"[-.]", "_", name).lower()
    if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9]*([-_.][a-zA-Z0-9]+)*", name) or keyword.iskeyword(module):
        raise BadInput(
            f"{name!r} is no valid name of a plugin.",
            hint="Use letters and digits, with single '-' between them, such as my-attention.",
        )
    taken = sys.stdlib_module_names | set(metadata.packages_distributions()) | {"tests"}
    if module in taken:
        raise BadInput(f"A Python module {module} already exists.", hint=f"Choose another name, such as my-{name}.")
    return module


def _check_name_is_free(name: str, kind: str) -> None:
    """Check that no plugin provides a spec of that kind and name, because only one of the two could be used.

    Raises:
        BadInput: see `create`.
    """
    if distributions := registry().distributions_of(KINDS[f"tmeattn_{kind}s"], name):
        raise BadInput(
            f"A {kind} named {name!r} already exists, from {' and '.join(distributions)}.",
            hint=f"Choose another name, such as my-{name}.",
        )


def _templates(folder: Path, values: dict[str, str]) -> dict[str, str]:
    """The contents of the templates in a folder by path, with the values in the place of @NAME@ and the like."""

    def filled(text: str) -> str:
        return re.sub(r"@([A-Z]+)@", lambda match: values[match[1]], text)

    return {
        filled(path.relative_to(folder).as_posix().removesuffix(".in")): filled(path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*.in"))
    }


def _next_commands(name: str, kind: str, folder: Path) -> list[str]:
    use = {
        "model": [f"tmeattn train {name} --limit 2000", 'tmeattn explain "A wonderful film, if a little long."'],
        "dataset": [f"tmeattn train simple-attn --dataset {name} --min-count 1"],
        "explainer": [f'tmeattn explain "A wonderful film, if a little long." --method {name}'],
        "tracker": [f"tmeattn train simple-attn --limit 2000 --track {name}"],
        "tokenizer": [f"tmeattn train simple-attn --limit 2000 --tokenizer {name}"],
    }
    return [f"pip install -e {folder}", f"tmeattn plugins check {name}", *use[kind]]
