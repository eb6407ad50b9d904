"""A small text file of word vectors."""

from __future__ import annotations

import gzip

GLOVE = b"the 1 2 3\nfilm 0.5 -0.25 1e-2\n. . . 7 8 9\n\xc3\xa9t\xc3\xa9 4 5 6\n"


def write_vectors(tmp_path, content, name="vectors.txt"):
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path
