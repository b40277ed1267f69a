"""Cursors that shoppers made up: refused or an empty page, never our fault."""

import base64
import json

from tests.web.mp.conftest import ShopperClient

_FAR = ("999999999999999999", "-999999999999999999", "253402300800000000", "9223372036854775807", "-1")
_TOO_FAR = ("9223372036854775808", "9999999999999999999", "-9999999999999999999", "99999999999999999999")


def cursor(*parts: str) -> str:
    """What leads behind a place, as our own do."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).rstrip(b"=").decode()


async def test_a_cursor_that_leads_too_far_is_no_fault_of_ours(shopper_anywhere: ShopperClient) -> None:
    shopper = shopper_anywhere
    await shopper.did("/join", {})
    for path in ("/orders", "/history", "/inbox"):
        for at in (*_FAR, *_TOO_FAR):
            for made in (cursor(at, "x"), cursor(at), cursor(f"{at},x"), cursor(f"{at}/x")):
                answered = await shopper("GET", f"{path}?cursor={made}")
                assert answered.status in {200, 400}, (path, at, answered.body)
                assert answered.status == 400 or at in _FAR, (path, at)
