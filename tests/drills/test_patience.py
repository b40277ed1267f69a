"""WeChat's five seconds are kept where the database is far away and the outbox is full.

The long version is `python -m tests.drills.patience`.
"""

import json

from tests.databases import PostgresDatabases
from tests.drills.patience import drill


async def test_every_push_is_answered_once_and_in_time(postgresql_databases: PostgresDatabases) -> None:
    url = await postgresql_databases.create()
    size = {"queued": 500, "warm": 20, "pushes": 30, "people": 20}
    found = await drill(url, **size, per_second=5, words=("BALANCE",), patience=5)
    print(json.dumps(found))  # noqa: T201  # the report
    await postgresql_databases.drop(url)
    ends, round_trips, seconds = found["ends"], found["round_trips"], found["seconds"]
    assert isinstance(ends, dict)
    assert isinstance(round_trips, dict)
    assert isinstance(seconds, dict)
    assert not {"both", "something else", "not stored"} & ends.keys()
    assert "in the response" in ends, "what is left to the outbox may wait there"
    assert round_trips["BALANCE"] <= 8
    assert seconds["max"] < 5
