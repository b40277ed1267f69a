"""Ports for the servers that tests start."""

import os
import random
import socket

# Below the range from which Linux takes the ports of outgoing connections (from 32,768): a port of that range
# that is free now may be somebody's before a server listens on it. Each process begins somewhere else, and
# each worker of a run has every eighth port to itself: two that walk behind each other would take the same.
_LOWEST, _HIGHEST, _APART = 12_000, 32_000, 8
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _APART
_rng = random.Random(os.getpid())  # no secret
_next = _rng.randrange(_LOWEST, _HIGHEST, _APART) + _worker


def free_port() -> int:
    """Return a port nobody listens on, another one each time."""
    global _next  # noqa: PLW0603  # one sequence for the whole process is the point
    while True:
        _next = _next + _APART if _next < _HIGHEST else _LOWEST + _worker
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", _next))
            except OSError:
                continue
            return _next
