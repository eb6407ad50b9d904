"""Human rationales: the words that annotators marked as the reason for a label, in the files of ERASER or HateXplain.
No torch.
"""

from __future__ import annotations

import re
from pathlib import Path

from tmeattn.faithfulness.annotation_files import head
from tmeattn.faithfulness.annotations import Annotations, Rationale, classes_of_labels, note_of
from tmeattn.faithfulness.eraser import read_eraser
from tmeattn.faithfulness.hatexplain import read_hatexplain

__all__ = ["Annotations", "Rationale", "classes_of_labels", "note_of", "read_rationales"]

_OBJECT_OF_OBJECTS = re.compile(r'\s*\{\s*"(?:[^"\\]|\\.)*"\s*:\s*\{')
_FIELDS_OF_A_POST = ('"post_tokens"', '"annotators"', '"rationales"')


def read_rationales(path: Path) -> Annotations:
    """Read the annotated texts of a file, whose format is seen from its content.

    Raises:
        BadInput: the file cannot be read, has another format, or does not fit its documents; the message has the line.
    """
    beginning = head(path)
    if _OBJECT_OF_OBJECTS.match(beginning) and any(name in beginning for name in _FIELDS_OF_A_POST):
        return read_hatexplain(path)
    return read_eraser(path)
