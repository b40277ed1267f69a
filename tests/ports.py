"""Ports for the servers that tests start."""

import os
import random
import socket

# Below the range from which Linux takes the ports of outgoing connections (from 32,768): a port of that range
# that is free now may be somebody's before a server listens on it. Each process begins somewhere else.
_LOWEST, _HIGHEST = 12_000, 32_000
_rng = random.Random(os.getpid())  # no secret
_next = _rng.randrange(_LOWEST, _HIGHEST)


def free_port() -> int:
    """Return a port nobody listens on, another one each time."""
    global _next  # noqa: PLW0603  # one sequence for the whole process is the point
    while True:
        _next = _next + 1 if _next < _HIGHEST else _LOWEST
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", _next))
            except OSError:
                continue
            return _next
