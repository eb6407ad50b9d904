"""Trees of text files on disk and in archives."""

from __future__ import annotations

import io
import tarfile
import zipfile

from tmeattn.data.readers.folders import arrange, text_files

REVIEWS = {
    f"aclImdb/{split}/{label}/{number}_{7}.txt": f"{label} {number} é"
    for split in ("train", "test")
    for label in ("pos", "neg")
    for number in (10, 9, 0)
}


def on_disk(tmp_path, files):
    for name, content in files.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return tmp_path / "tree"


def in_tar(tmp_path, files, name="a.tar.gz", change=lambda info: None):
    path = tmp_path / name
    with tarfile.open(path, "w:gz" if name.endswith("gz") else "w") as archive:
        for member, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(member)
            info.size = len(data)
            change(info)
            archive.addfile(info, io.BytesIO(data))
    return path


def in_zip(tmp_path, files):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in files.items():
            archive.writestr(member, content)
    return path


def texts(path):
    found = list(text_files(path))
    order, labels, splits = arrange([member for member, _ in found], str(path))
    return [(split, label, found[index][1]) for index, label, split in zip(order, labels, splits, strict=True)]
