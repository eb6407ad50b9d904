"""The command `tmeattn tui` before its screens open."""

import contextlib
import os
import pty
import signal
import socket
import sys
import time

import pytest

from tmeattn.cli import tui as command
from tmeattn.tui.web import is_own_page


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_terminal_that_cannot_show_a_full_screen_is_refused(tmeattn, monkeypatch):
    monkeypatch.setattr(command, "_is_terminal", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    refused = tmeattn("tui")
    assert refused.code == 3
    assert refused.err.startswith("Error: The terminal cannot show a full screen: TERM is dumb.")


def test_without_a_terminal_it_names_what_scripts_use(tmeattn):
    refused = tmeattn("tui")
    assert refused.code == 2
    assert "needs a terminal" in refused.err


@pytest.mark.parametrize("ends", ["its terminal is closed", "its terminal is closed, under nohup", "SIGTERM"])
def test_the_process_ends_also_while_a_run_opens(ends, trained):
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm-256color"
        # Whether these tests run under nohup must not matter.
        signal.signal(signal.SIGHUP, signal.SIG_IGN if "nohup" in ends else signal.SIG_DFL)
        os.execv(sys.executable, [sys.executable, "-m", "tmeattn", "tui", str(trained.path)])
    seen = b""
    while b"\x1b[?1049h" not in seen:  # the screen of a full-screen program
        seen += os.read(terminal, 65536)
    if ends == "SIGTERM":
        os.kill(pid, signal.SIGTERM)
        with contextlib.suppress(OSError):  # read to the end: a full terminal would hold the process
            while os.read(terminal, 65536):
                pass
    os.close(terminal)
    for _ in range(1500):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            break
        time.sleep(0.02)
    else:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        pytest.fail("The process goes on without its terminal.")
    assert os.waitstatus_to_exitcode(status) == 130


class TestInABrowser:
    @pytest.fixture(autouse=True)
    def served(self, monkeypatch):
        """The commands that are served, none of which is."""
        server = pytest.importorskip("textual_serve.server")
        found = []
        monkeypatch.setattr(server.Server, "serve", lambda self: found.append((self.command, self.host, self.port)))
        monkeypatch.setenv("TERM", "dumb")
        return found

    def test_it_serves_the_screens_of_this_home_on_this_computer(self, tmeattn, served, trained, free_port):
        assert tmeattn("tui", trained.id, "--web", str(free_port)).code == 0
        (command, host, port) = served[0]
        assert (host, port) == ("127.0.0.1", free_port)
        assert command.endswith(f"tui {trained.path}")

    def test_a_run_may_follow_the_option(self, tmeattn, served, trained, monkeypatch):
        monkeypatch.setattr("tmeattn.tui.web._check_port", lambda host, port: None)
        assert tmeattn("tui", "--web", trained.id).code == 0
        assert served[0][0].endswith(f"tui {trained.path}")
        assert served[0][2] == 8000

    def test_a_taken_port_is_told(self, tmeattn, served, free_port):
        with socket.socket() as other:
            other.bind(("127.0.0.1", free_port))
            other.listen()
            problem = tmeattn("tui", "--web", str(free_port)).refused(3)
        assert f"listens at 127.0.0.1:{free_port}" in problem
        assert f"--web {free_port + 1}" in problem
        assert served == []

    def test_without_textual_serve_it_says_how_to_install_it(self, tmeattn, monkeypatch):
        monkeypatch.setitem(sys.modules, "textual_serve.server", None)
        assert tmeattn("tui", "--web").refused(3).endswith('pip install "tmeattn[web]"')

    @pytest.mark.parametrize("arguments", [("--web", "70000"), ("--web", "0"), ("--host", "0.0.0.0")])
    def test_what_cannot_be_served_is_refused(self, tmeattn, served, arguments):
        assert tmeattn("tui", *arguments).code == 2
        assert served == []

    @pytest.mark.parametrize("host", [f"{'a' * 64}.example", "a..example"])
    def test_a_name_that_no_computer_can_have_is_refused(self, tmeattn, served, free_port, host):
        problem = tmeattn("tui", "--web", str(free_port), "--host", host).refused(2)
        assert "this is no name of a computer" in problem
        assert served == []


@pytest.mark.parametrize(
    ("origin", "asked", "host", "own"),
    [
        (None, "127.0.0.1:8000", "127.0.0.1", True),
        ("http://localhost:8000", "localhost:8000", "127.0.0.1", True),
        ("http://evil.example", "127.0.0.1:8000", "127.0.0.1", False),
        (None, "evil.example:8000", "127.0.0.1", False),  # a name that leads here
        ("http://[::1]:8000", "[::1]:8000", "::1", True),
        ("http://machine:8000", "machine:8000", "0.0.0.0", True),
        ("http://evil.example", "machine:8000", "0.0.0.0", False),
    ],
)
def test_only_its_own_pages_may_press_keys(origin, asked, host, own):
    assert is_own_page(origin, asked, host) is own
