"""Personal codes in a turn: given in an email, and heard in a text from a number that nobody has.

A stranger's text with a good code is a turn of whoever it was sent to (`bot/conversation/batch.py` looks):
the number becomes theirs, with the text as evidence. Whoever is known at the number joins that profile, or
the profile joins them where they are the member; two members are never joined so. Letters are forwarded: who
has a number, or is a member with anything in a wallet, gets no code, and nobody comes to them by one.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from bot.core.codes import Code
from bot.core.contact import JsonValue
from bot.core.deeds.joining import LEAVE, identify, join_to
from bot.core.errors import RegularsError
from bot.core.ids import microseconds
from bot.core.local_time import local_date
from bot.core.loyalty.standing import Standing
from bot.core.messages import Inbound
from bot.core.personal_codes import (
    CANDIDATES,
    GIVEN_AGAIN,
    GOOD_FOR,
    KIND,
    TRIES_MAX,
    Invitation,
    Invited,
    Verdict,
    code_in,
    code_of,
    used_mark,
)
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn

TRIES = "code_tries"
"""The kind of standing that counts codes that were none: its value is the shop's day."""
WAY = "invitation"
"""The evidence's way where a personal code joined somebody."""


class InvitationGone(RegularsError):
    """Another number used the code a moment ago: the text is its sender's own, and is looked up again."""


def own_code(turn: Turn) -> str | None:
    """Return a code by which a number joins the contact's profile: the one given lately, or a new one.

    None where nobody is to come to the contact by a code.
    """
    if _is_settled(turn):
        return None
    given = turn.needed("invitations")
    assert isinstance(given, tuple)
    kept = [one for (table, _), one in turn.effects.kept.items() if table == KIND]
    for one in (*kept, *given):
        assert isinstance(one, Invitation)
        if one.is_good(turn.now + GIVEN_AGAIN):
            return one.code
    secret = turn.shop.secrets[0] if turn.shop.secrets else b""
    number = microseconds(turn.now)
    candidates = [code_of(secret, turn.contact.id, number + more) for more in range(CANDIDATES)]
    taken = turn.needed("codes_taken", ",".join(candidates))
    assert isinstance(taken, frozenset)
    code = next(one for one in candidates if one not in taken)
    turn.keep(KIND, code, Invitation(code, turn.now, turn.now + GOOD_FOR))
    turn.keep("directory", f"{KIND}/{code}", Code(code, KIND))
    return code


def words_of(turn: Turn, code: str | None) -> str:
    """Return what to text: the word that joins, in the contact's language, and the code if there is one."""
    return f"{turn.shop.join_word(turn.contact.locale)} {code or ''}".strip()


def number_of(turn: Turn) -> str | None:
    """Return the number to text it to; None where a messaging service chooses one, or nothing is set up."""
    pool = turn.shop.pool("sms")
    return pool.numbers[0] if pool is not None and pool.numbers else None


def sms_link(turn: Turn, code: str | None) -> str | None:
    """Return the link that opens such a text, ready to send; None where there is no number to send it to."""
    number = number_of(turn)
    if number is None:
        return None
    # `?&body=` is what telephones of both makers read (RFC 5724 says `?body=`, which one of them does not).
    return f"sms:{quote(number, safe='+')}?&body={quote(words_of(turn, code))}"


def accept(turn: Turn, inbound: Inbound) -> None:
    """Make a stranger's number the contact's own, where the text came to this turn by the contact's code.

    Raises:
        InvitationGone: the code is used or over by now.
    """
    if not _arrives(turn, inbound):
        return
    verdict, invited = _judged(turn, inbound)
    if verdict is not Verdict.JOINED or invited is None:
        raise InvitationGone(inbound.provider_id)
    evidence: dict[str, JsonValue] = {"way": WAY, "code": invited.invitation.code}
    identify(turn, inbound.channel, inbound.address, evidence)
    _use(turn, invited)


def heard(turn: Turn) -> Verdict | None:
    """Return what the personal code in the turn's text came to; None where there is none."""
    inbound = turn.trigger.inbound
    return _judged(turn, inbound)[0] if inbound is not None else None


def bring(turn: Turn, inbound: Inbound, *, group: str, flow: str) -> bool:
    """Bring whoever is known at a number together with the profile whose code they texted.

    Returns whether the profile goes on from here: it starts `flow`, as the text asked, once it has `group`.
    """
    if _arrives(turn, inbound):
        return False
    verdict, invited = _judged(turn, inbound)
    if verdict is Verdict.UNKNOWN:
        _count(turn)
    if verdict is Verdict.OWN and invited is not None and invited.invitation.is_good(turn.now):
        _use(turn, invited)
    if verdict is not Verdict.JOINED or invited is None:
        return False
    code = invited.invitation.code
    turn.keep("directory", f"{KIND}/{used_mark(code)}", Code(used_mark(code), KIND))
    evidence: dict[str, JsonValue] = {"way": WAY, "code": code, "group": group}
    if turn.contact.is_member:
        join_to(turn, invited.contact_id, evidence)
        return False
    _leave_to(turn, invited.contact_id, {**evidence, "flow": flow})
    return True


def brought(turn: Turn) -> tuple[str, str | None] | None:
    """Return what somebody asked for by a code through whom this contact and another were joined.

    It is the group, and the flow that is yet to be started for that; None where the other's text had it.
    """
    evidence = turn.trigger.payload.get("evidence")
    if not isinstance(evidence, Mapping) or evidence.get("way") != WAY or "group" not in evidence:
        return None
    flow = evidence.get("flow")
    return str(evidence["group"]), str(flow) if flow is not None else None


def _judged(turn: Turn, inbound: Inbound) -> tuple[Verdict | None, Invited | None]:
    """What a text's code comes to, as things were before this turn."""
    code = code_in(inbound.text) if inbound.channel == "sms" and inbound.gesture is None else None
    if code is None:
        return None, None
    arrives = _arrives(turn, inbound)
    if not arrives and _tried(turn) >= TRIES_MAX:
        return Verdict.TOO_OFTEN, None
    found = turn.needed("invited", code)
    if not isinstance(found, Invited):
        return Verdict.UNKNOWN, None
    invitation, before = found.invitation, turn.snapshot.contact
    if found.contact_id == before.id and not arrives:
        return Verdict.OWN, found
    if invitation.used_at is not None:
        return Verdict.SPENT, found
    if turn.now >= invitation.expires_at:
        return Verdict.LATE, found
    if found.contact_id != before.id and (arrives or (found.is_member and before.is_member)):
        return (Verdict.SPENT if arrives else Verdict.MEMBERS), found
    if found.is_settled:
        return None, None  # as if there was none: whoever was forwarded a letter joins for themselves
    return Verdict.JOINED, found


def _is_settled(turn: Turn) -> bool:
    """Whether a number of the contact is known, or there is credit that a stranger's could take."""
    if any(channel == "sms" for channel, _ in turn.addresses):
        return True
    if not turn.contact.is_member:
        return False
    balance = turn.books.balance(turn.now)
    return any((balance.pending_minor, balance.available_minor, balance.held_minor, balance.debt_minor))


def _arrives(turn: Turn, inbound: Inbound) -> bool:
    """Whether a text comes from where the contact is not known yet: it was found by a code of theirs."""
    known = {(one.channel, one.value) for one in turn.snapshot.addresses}
    return inbound.channel == "sms" and (inbound.channel, inbound.address) not in known


def _use(turn: Turn, invited: Invited) -> None:
    """Let no code of the contact count any more: one was enough."""
    used = invited.invitation.code
    turn.keep("directory", f"{KIND}/{used_mark(used)}", Code(used_mark(used), KIND))
    given = turn.needed("invitations")
    assert isinstance(given, tuple)
    for one in given:
        if one.used_at is None:
            turn.keep(KIND, one.code, replace(one, used_at=turn.now))


def _leave_to(turn: Turn, survivor: str, evidence: Mapping[str, JsonValue]) -> None:
    """Give all that the contact has to the profile that was written to, whose journeys go on."""
    body: dict[str, JsonValue] = {
        "survivor": survivor,
        "loser": turn.contact.id,
        "asked_by": turn.contact.id,
        "evidence": dict(evidence),
    }
    payload: dict[str, JsonValue] = {"operation": LEAVE, "body": body}
    key = f"join/{turn.contact.id}/{hashlib.sha256(turn.trigger.key.encode()).hexdigest()[:16]}"
    turn.tell(turn.contact.id, Trigger(key, TriggerKind.OPERATION, turn.now, payload))


def _tried(turn: Turn) -> int:
    before = turn.needed("standing", TRIES)
    if not isinstance(before, Standing) or before.value != _day(turn):
        return 0
    times = before.facts["times"]
    assert isinstance(times, int), "we count it ourselves"
    return times


def _count(turn: Turn) -> None:
    turn.keep("standing", TRIES, Standing(TRIES, _day(turn), turn.now, facts={"times": _tried(turn) + 1}))


def _day(turn: Turn) -> str:
    return local_date(turn.now, turn.shop.zone).isoformat()
