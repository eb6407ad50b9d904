"""Downloads from a local server: complete, interrupted, wrong and missing."""

import hashlib
import http.server
import threading
from contextlib import suppress

import pytest

from tmeattn.data.download.fetch import fetch
from tmeattn.errors import EnvironmentProblem

CONTENT = bytes(range(256)) * 8000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.ranges_requested.append(self.headers.get("Range"))
        if server.status != 200:
            self.send_error(server.status)
            return
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1]) if server.ranges else 0
        if start >= len(server.content):
            self.send_error(416)
            return
        body = server.content[start:]
        self.send_response(206 if start else 200)
        if server.states_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(ConnectionError):  # the client may leave
            self.wfile.write(body[: server.breaks_after])

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.content, server.status, server.ranges, server.breaks_after, server.ranges_requested = (
            CONTENT,
            200,
            True,
            None,
            [],
        )
        server.states_length = True
        server.url = f"http://127.0.0.1:{server.server_port}/file.bin"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def get(server, tmp_path, progress=lambda done, total: None, sha256=SHA256):
    return fetch(server.url, sha256, tmp_path / "file.bin", progress)


def test_a_file_is_downloaded_once(server, tmp_path):
    seen = []
    assert get(server, tmp_path, lambda *now: seen.append(now)).read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert get(server, tmp_path).read_bytes() == CONTENT
    assert server.ranges_requested == [None]
    assert [path.name for path in tmp_path.iterdir()] == ["file.bin"]


@pytest.mark.parametrize("ranges", [True, False])
def test_an_interrupted_download_is_continued(server, tmp_path, ranges):
    server.breaks_after = 1_000_000
    with pytest.raises(EnvironmentProblem, match="cannot be downloaded: the connection broke") as caught:
        get(server, tmp_path)
    assert "same command to continue" in (caught.value.hint or "")
    assert not (tmp_path / "file.bin").exists()
    server.breaks_after, server.ranges, seen = None, ranges, []
    assert get(server, tmp_path, lambda *now: seen.append(now)).read_bytes() == CONTENT
    there = (tmp_path / "file.bin").stat().st_size
    assert server.ranges_requested[-1].startswith("bytes=")
    assert (seen[0][0] > 1_000_000 - 2**18) == ranges
    assert seen[-1] == (there, there)


@pytest.mark.parametrize("left", [CONTENT + b"more", CONTENT[:100][::-1]])
def test_an_unusable_part_is_replaced(server, tmp_path, left):
    (tmp_path / "file.bin.part").write_bytes(left)
    if len(left) < len(CONTENT):
        with pytest.raises(EnvironmentProblem, match="not the expected file"):
            get(server, tmp_path)
    assert get(server, tmp_path).read_bytes() == CONTENT


def test_another_sha256_leaves_nothing(server, tmp_path):
    with pytest.raises(EnvironmentProblem, match=f"its SHA-256 is not {'0' * 16}"):
        get(server, tmp_path, sha256="0" * 64)
    assert not list(tmp_path.iterdir())


def test_a_damaged_download_is_replaced(server, tmp_path):
    (tmp_path / "file.bin").write_bytes(b"damaged")
    assert get(server, tmp_path).read_bytes() == CONTENT


def test_an_error_status_of_the_server(server, tmp_path):
    server.status = 404
    with pytest.raises(EnvironmentProblem, match="the server answered 404 Not Found") as caught:
        get(server, tmp_path)
    assert caught.value.exit_code == 3
    assert "tmeattn data add" in (caught.value.hint or "")


def test_no_network(tmp_path):
    for url, message in (
        ("http://127.0.0.1:9/x", "the server refused the connection"),
        ("http://host.invalid/x", "is there a network"),
    ):
        with pytest.raises(EnvironmentProblem, match=message):
            fetch(url, SHA256, tmp_path / "x", lambda done, total: None)


def test_a_full_disk(server, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tmeattn.data.download.fetch.shutil.move", full)
    with pytest.raises(EnvironmentProblem, match=r"Cannot write file\.bin .*: No space left on device"):
        get(server, tmp_path)
    monkeypatch.undo()
    assert not (tmp_path / "file.bin").exists()
    assert get(server, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("stated", [True, False])
def test_a_longer_answer_is_not_read_to_its_end(server, tmp_path, stated):
    server.content, server.states_length = CONTENT * 20, stated
    seen = []
    with pytest.raises(EnvironmentProblem, match="longer than 2,048,000 bytes"):
        fetch(server.url, SHA256, tmp_path / "file.bin", lambda done, total: seen.append(done), size=len(CONTENT))
    assert max(seen, default=0) <= len(CONTENT)
    assert not list(tmp_path.iterdir())
