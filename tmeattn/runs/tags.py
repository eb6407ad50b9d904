"""The user's tags of runs: short words by which runs are found again, such as `paper` or `draft`."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext

from tmeattn.errors import BadInput, shortened
from tmeattn.paths import runs_dir
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.lock import naming

LONGEST_TAG = 40
"""Characters of the longest tag."""
MOST_TAGS = 50
"""Tags of one run."""
_HINT = (
    f"A tag has 1 to {LONGEST_TAG} letters, digits and other characters, but no space, comma, quotation mark or colon."
)


def check_tag(tag: str) -> None:
    """Raises:
    BadInput: it cannot be a tag, because a filter could not name it.
    """
    if not tag or len(tag) > LONGEST_TAG or not tag.isprintable() or any(c.isspace() or c in ",:\"'*" for c in tag):
        raise BadInput(f"{shortened(tag, 2 * LONGEST_TAG)!r} cannot be a tag.", hint=_HINT)
    if tag[0] in "+-":
        raise BadInput(f"{tag!r} cannot be a tag: it begins with {tag[0]}.", hint=_HINT)


def changes_in(words: Iterable[str]) -> tuple[list[str], list[str]]:
    """The tags to add and those to remove, in `+paper -draft`; a word without a sign is added.

    Raises:
        BadInput: a word is no tag, or is both added and removed.
    """
    add: list[str] = []
    remove: list[str] = []
    for word in words:
        tag = word[1:] if word[:1] in ("+", "-") else word
        check_tag(tag)
        (remove if word.startswith("-") else add).append(tag)
    both = {tag.lower() for tag in add} & {tag.lower() for tag in remove}
    if both:
        raise BadInput(f"The tag {min(both)!r} is both added and removed.", hint="Give it once.")
    return add, remove


def change_tags(run: RunDirectory, add: Iterable[str], remove: Iterable[str]) -> list[str]:
    """Add and remove tags of a run; tags that differ only in their case are one. Returns its tags now.

    Raises:
        BadInput: a tag cannot be one, or the run would have too many.
        EnvironmentProblem: the run cannot be written.
    """
    add, remove = list(add), list(remove)
    for tag in add:
        check_tag(tag)
    among_others = run.path.resolve().parent == runs_dir().resolve()
    with naming(runs_dir()) if among_others else nullcontext():  # no other process writes meta.json meanwhile
        before = run.meta().get("tags", [])
        kept = {tag.lower(): tag for tag in before}
        for tag in remove:
            kept.pop(tag.lower(), None)
        for tag in add:
            kept.setdefault(tag.lower(), tag)
        tags = [kept[key] for key in sorted(kept)]
        if len(tags) > MOST_TAGS:
            raise BadInput(f"The run {run.id} would have {len(tags)} tags; {MOST_TAGS} are the most.")
        if tags != before:
            run.set_tags(tags)
    return tags
