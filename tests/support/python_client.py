"""The program that stands for `python` in `Preloaded.python`: it asks the server of preloaded.py for a fork that runs
its command line, passes signals on, and ends as the fork does.

It is started as `python -IS CLIENT ...` and imports nothing that is not in the interpreter, so that it costs some
milliseconds. The server kills the fork when this process ends, however it ends.
"""

import _signal
import _socket
import marshal
import os
import sys

SERVER = ""  # the path of its socket: `Preloaded.python` writes it
PASSED_ON = {_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP, _signal.SIGUSR1}

_signal.pthread_sigmask(_signal.SIG_BLOCK, PASSED_ON)
ignored = [int(number) for number in PASSED_ON if _signal.getsignal(number) == _signal.SIG_IGN]
request = marshal.dumps((sys.argv[1:], dict(os.environ), os.getcwd(), ignored))  # noqa: PTH109
streams = b"".join(number.to_bytes(4, sys.byteorder) for number in range(3))
server = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
server.connect(SERVER)
server.sendmsg([len(request).to_bytes(8, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
server.sendall(request)
fork = int.from_bytes(server.recv(8), "big")


def pass_on(number, _):
    try:  # noqa: SIM105 - contextlib would have to be imported
        os.kill(fork, number)
    except ProcessLookupError:
        pass


nowhere = os.open(os.devnull, os.O_RDWR)
for number in range(3):  # the fork alone has them now, and closes them when it ends
    os.dup2(nowhere, number)
for number in PASSED_ON - {*ignored}:
    _signal.signal(number, pass_on)
_signal.pthread_sigmask(_signal.SIG_UNBLOCK, PASSED_ON)

code = int.from_bytes(server.recv(8), "big", signed=True)
if code < 0:
    if code != -_signal.SIGKILL:
        _signal.signal(-code, _signal.SIG_DFL)
    os.kill(os.getpid(), -code)
os._exit(code)
