"""Some thousands of mutated callbacks end in nothing but refusals or proper answers.

The long version is `python -m tests.drills.callbacks --million`.
"""

import json

from tests.drills.callbacks import drill, report
from tests.web.wechat import on_wechat


async def test_mutated_callbacks_end_in_nothing_but_refusals_or_answers(database_url: str) -> None:
    async with on_wechat(database_url) as wechat:
        tally = await drill(wechat, 3000, 4, lambda _: None)
        log = wechat.chat.log.getvalue()
    assert tally.findings == []
    assert '"level": "error"' not in log
    statuses = {status for _, status in tally.by_kind}
    assert statuses == {200, 400, 403, 404, 405, 413}, report(tally, 0)
    assert tally.answers, "some of what is genuine is answered in words"
    print(json.dumps(report(tally, 0)))  # noqa: T201  # the report
