"""Makes `https://api.segment.io` a server on this machine, and every other host unreachable.

Python imports it at start where it is on the path: the tests of Segment's client, which have that address
built in, then run unchanged against ours.
"""

import os
import socket

from urllib3.util import connection

_connect = connection.create_connection


def _to_ours(address: tuple[str, int], *options: object, **named: object) -> socket.socket:
    if address != ("api.segment.io", 443):
        raise OSError(f"{address[0]} is not reachable from here")
    return _connect(("127.0.0.1", int(os.environ["REGULARS_SUITE_PORT"])), *options, **named)  # type: ignore[arg-type]  # passed on as it comes


connection.create_connection = _to_ours
