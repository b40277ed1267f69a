"""WeChat's five seconds are kept where the database is far away and the outbox is full.

The long version is `python -m tests.drills.patience`. Round trips are counted by `test_round_trips.py`.
"""

import json

from tests.databases import PostgresDatabases
from tests.drills.patience import drill


async def test_every_push_is_answered_once_and_in_time(postgresql_databases: PostgresDatabases) -> None:
    url = await postgresql_databases.create()
    size = {"queued": 500, "warm": 20, "pushes": 30, "people": 20}
    found = await drill(url, **size, per_second=5, words=(), patience=5)
    print(json.dumps(found))  # noqa: T201  # the report
    await postgresql_databases.drop(url)
    ends, seconds = found["ends"], found["seconds"]
    assert isinstance(ends, dict)
    assert isinstance(seconds, dict)
    assert not {"both", "something else", "not stored"} & ends.keys()
    assert not [end for end in ends if "refused" in end], "who just wrote has a window"
    assert "in the response" in ends, "what is left to the outbox may wait there"
    assert seconds["max"] < 5
