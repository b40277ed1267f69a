"""Bodies that are not what their headers say are refused, and nothing of them is an error of ours."""

import pytest

from tests.web.api.conftest import ShopClient


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_body_that_is_not_encoded_as_it_says_is_refused(api: ShopClient, encoding: str) -> None:
    answer = await api(
        "POST", "/api/members", data=b"\x1f\x8b\x08 not what it says", headers={"Content-Encoding": encoding}
    )
    assert (answer.status, answer.kind) == (400, "no-json")
    assert '"level": "error"' not in api.chat.log.getvalue()
