"""Lets an interpreter be started before it is known what it is to run.

A sandbox starts `python3 -s -u main.py` while it waits for its job, with CODECUBE_WAIT in the environment. The
interpreter gets ready and then, just before it would open main.py, stops here until the agent tells the rest: the ends
of stdin, stdout and stderr, the arguments, the environment. From there it goes on as it always would.

The agent's message, on the socket that is stdin, stdout and stderr until then: u32 little-endian length, with the three
ends (or a terminal, for all three) as SCM_RIGHTS; then, each ended by NUL: the number of arguments, the arguments, and
the variables as NAME=VALUE.
"""

import os


def _wait():
    import _socket
    import sys

    channel = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, 0)
    length, rights, _, _ = channel.recvmsg(4, _socket.CMSG_SPACE(3 * 4), _socket.MSG_CMSG_CLOEXEC)
    if len(length) < 4:
        os._exit(0)  # the job is for another language
    body = b""
    while len(body) < int.from_bytes(length, "little"):
        piece = channel.recv(1 << 20)
        if not piece:
            os._exit(0)
        body += piece
    channel.detach()

    data = rights[0][2]
    ends = [int.from_bytes(data[at : at + 4], sys.byteorder) for at in range(0, len(data), 4)]
    if len(ends) == 1:
        import fcntl

        fcntl.ioctl(ends[0], 0x540E, 0)  # TIOCSCTTY: the terminal controls this session
    for number in range(3):
        os.dup2(ends[number % len(ends)], number)
    for end in ends:
        os.close(end)

    words = [os.fsdecode(word) for word in body.split(b"\0")[:-1]]
    count = int(words[0])
    for arguments in (sys.argv, sys.orig_argv):
        arguments.extend(words[1 : 1 + count])
    variables = dict(word.split("=", 1) for word in words[1 + count :])
    for name in os.environ.keys() - variables.keys():
        del os.environ[name]
    os.environ.update(variables)
    for name in ("_socket", "fcntl"):
        sys.modules.pop(name, None)


if os.environ.pop("CODECUBE_WAIT", None) is not None:
    _wait()
del _wait
