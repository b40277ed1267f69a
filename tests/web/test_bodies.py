"""Bodies that are not what their headers say are refused, whoever is asked."""

import pytest

from tests.web.wechat import on_wechat


@pytest.mark.parametrize("path", ["/wechat/shop", "/twilio/messages", "/twilio/status"])
async def test_a_body_that_is_not_encoded_as_it_says_is_refused(database_url: str, path: str) -> None:
    async with on_wechat(database_url) as wechat:
        for encoding in ("gzip", "deflate"):
            async with wechat.shop.session.post(
                wechat.chat.url + path,
                data=b"\x1f\x8b\x08 not what it says",
                headers={"Content-Encoding": encoding},
            ) as answer:
                assert (answer.status, await answer.text()) == (
                    400,
                    "the body cannot be read: send it as its Content-Encoding says, or plain\n",
                )
        assert '"level": "error"' not in wechat.chat.log.getvalue()
