"""Everything that is stored of a person, and none of it any more."""

import json

from tests.conversation.chat import NUMBER
from tests.web.api.conftest import ShopClient

WHY = {"reason": "she asked us to"}


async def test_everything_of_a_person_is_exported(api: ShopClient) -> None:
    await api.chat("LOYALTY")
    await api.chat("Ana")
    exported = await api("GET", f"/api/members/{NUMBER}/export")
    told = exported.told
    assert {"contact", "address", "consent", "entry", "trigger", "outbox"} <= set(told["tables"])
    assert told["tables"]["contact"][0]["first_name"] == "Ana"
    assert {"kind": "sms", "value": NUMBER} in told["known_as"]


async def test_a_person_is_erased_once_and_the_books_stay(api: ShopClient) -> None:
    member = await api.member()
    await api("POST", f"/api/members/{NUMBER}/adjust", {"amount_minor": 250, "reason": "Ana's broken cup"})
    entries = await api.chat.of("entry", "hash, previous_hash", "number")
    erased = await api("POST", f"/api/members/{NUMBER}/erase", WHY, once="one")
    assert erased.told == {"id": member, "addresses": 1, "suppressed": 0}
    assert (await api("GET", f"/api/members/{NUMBER}")).status == 404
    again = await api("POST", f"/api/members/{NUMBER}/erase", WHY, once="one")
    assert (again.body, again.is_replay) == (erased.body, True)
    assert (await api("POST", f"/api/members/{NUMBER}/erase", WHY)).kind == "no-such-member"
    left = (await api("GET", f"/api/members/{member}/export")).told
    assert [(one["hash"], one["previous_hash"]) for one in left["tables"]["entry"]] == entries
    for personal in (NUMBER, "cup", "Ana"):
        assert personal not in json.dumps(left)
    (deed,) = await api.chat.rows("SELECT a.actor, a.action, a.subject, a.note FROM audit a")
    assert deed == ("api/till", "contact.erase", member, "she asked us to")
    kept = await api.chat.rows("SELECT a.key, a.digest, a.result FROM api_answer a")
    assert NUMBER not in str(kept)


async def test_why_is_asked_before_anybody_is_erased(api: ShopClient) -> None:
    await api.member()
    refused = await api("POST", f"/api/members/{NUMBER}/erase", {})
    assert refused.told["errors"][0]["pointer"] == "#/reason"
    assert (await api("GET", f"/api/members/{NUMBER}")).status == 200
