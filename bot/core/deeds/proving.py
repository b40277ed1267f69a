"""Proving in a turn that an address is one's own: asked for, tried, and shown by a text from there.

What is answered never says whether anybody is known at an address that was named.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.codes import Code
from bot.core.contact import JsonValue
from bot.core.deeds.joining import identify
from bot.core.errors import TellMember
from bot.core.local_time import local_date
from bot.core.loyalty.standing import Standing
from bot.core.messages import Inbound
from bot.core.phone import NotAContact, parse_number, region_of
from bot.core.proofs import (
    A_DAY_FOR_ADDRESS,
    A_DAY_FOR_ASKER,
    A_DAY_FOR_NETWORK,
    GOOD_FOR,
    KIND,
    TRIES_MAX,
    Proof,
    ProofState,
    Tried,
    Way,
    begun,
    code_of,
    counter_of,
    is_texted_code,
    names_of,
    network_of,
    read_code,
    typed,
)
from bot.core.triggers import Trigger, TriggerKind
from bot.core.turn import Turn
from bot.core.wechat_address import WECHAT

CODE_FLOW = "link_code"
"""The flow that texts a code to whoever is known at the address."""
TEXTED = "proof.texted"
"""The operation by which whoever was shown a code hears that it came from the address."""
TRIES = "proof_tries"
"""The kind of standing that counts what was texted for a code and was none: its value is the shop's day."""

_CHINESE = re.compile(r"1[3-9]\d{9}")


@dataclass(frozen=True, slots=True)
class Texted:
    """Who was shown the code that somebody texted, and what that contact is still to prove."""

    contact_id: str
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A proof that was begun: the code to text from the address, to which of our numbers, within `minutes`.

    `to` is empty where a messaging service chooses which.
    """

    number: str
    code: str
    to: str
    minutes: int


def ask(turn: Turn, number: str) -> Asked:
    """Begin to prove that a phone number is the contact's.

    Whoever is known there, and may be texted, is texted a code to type here.

    Raises:
        TellMember: `not_here`, `not_a_number`, `yours_already` or `too_often`.
    """
    inbound, secrets = turn.trigger.inbound, turn.shop.secrets
    pool = turn.shop.pool("sms")
    if inbound is None or inbound.channel != WECHAT or not secrets or pool is None:
        raise TellMember("not_here")
    ours = next(iter(pool.numbers), "")
    named = ("sms", _read_number(number, ours))
    if named in turn.addresses:
        raise TellMember("yours_already")
    network = network_of(inbound.address, named[1])
    _count(turn, named[1], network)
    before = _latest(turn)
    if before is not None and before.state is ProofState.OPEN:
        turn.keep(KIND, before.id, before.ended(ProofState.REPLACED, turn.now))
    proof = begun(turn.new_id(), named, network, secrets, turn.now)
    turn.keep(KIND, proof.id, proof)
    code = code_of(secrets[0], proof.id, Way.TEXTED)
    name = Code(names_of(secrets, *named, code)[0], KIND)
    turn.keep("directory", f"{KIND}/{name.value}", name)
    owner = turn.needed("owner_at", f"sms:{named[1]}")
    if isinstance(owner, str):
        variables: dict[str, JsonValue] = {"proof": proof.id}
        payload: dict[str, JsonValue] = {"flow": CODE_FLOW, "variables": variables}
        turn.tell(owner, Trigger(f"proof/{proof.id}/texts", TriggerKind.START, turn.now, payload))
    minutes = int(GOOD_FOR.total_seconds() // 60)
    return Asked(named[1], code, pool.sender(None, named[1]) if ours else "", minutes)


def code_for(turn: Turn, proof_id: str) -> str:
    """Return the code that is texted to an address, for a turn of whoever is known there."""
    if not turn.shop.secrets:
        raise TellMember("not_here")
    return code_of(turn.shop.secrets[0], proof_id, Way.TYPED)


def try_code(turn: Turn, code: str) -> tuple[Tried, int]:
    """Try a code that was typed; returns what it came to, and how many tries are left."""
    before = _latest(turn)
    proof, tried = typed(before, code, turn.shop.secrets, turn.now)
    if proof is not None and proof is not before:
        turn.keep(KIND, proof.id, proof)
        if tried is Tried.PROVEN:
            _proven(turn, proof)
    return tried, TRIES_MAX - proof.tries if proof is not None and tried is Tried.WRONG else 0


def hear(turn: Turn, inbound: Inbound) -> Tried | None:
    """Hear a code that was texted from an address that somebody is to prove; None where it is none.

    It is found by this very address and code together: nobody can find one by trying from elsewhere.
    """
    code = read_code(inbound.text) if inbound.channel == "sms" else None
    if code is None or not turn.shop.secrets or inbound.gesture is not None:
        return None
    day = local_date(turn.now, turn.shop.zone).isoformat()
    before = turn.needed("standing", TRIES)
    counted = before.facts["times"] if isinstance(before, Standing) and before.value == day else 0
    assert isinstance(counted, int), "we count it ourselves"
    if counted >= TRIES_MAX:
        return None
    names = names_of(turn.shop.secrets, inbound.channel, inbound.address, code)
    found = turn.needed("texted", ",".join(names))
    if not isinstance(found, Texted) or found.contact_id == turn.contact.id:
        turn.keep("standing", TRIES, Standing(TRIES, day, turn.now, facts={"times": counted + 1}))
        return None
    named = (inbound.channel, inbound.address)
    for proof in found.proofs:
        if (proof.channel, proof.address) == named and is_texted_code(proof, code, turn.shop.secrets):
            if not proof.is_open(turn.now):
                return Tried.LATE
            body: dict[str, JsonValue] = {"proof": proof.id}
            payload: dict[str, JsonValue] = {"operation": TEXTED, "body": body}
            trigger = Trigger(f"proof/{proof.id}/texted", TriggerKind.OPERATION, turn.now, payload)
            turn.tell(found.contact_id, trigger)
            return Tried.PROVEN
    return Tried.LATE


def heard(turn: Turn, body: Mapping[str, JsonValue]) -> None:
    """Hear that the code that was shown came from the address, in time."""
    proof = _latest(turn)
    if proof is None or proof.id != body["proof"] or not proof.is_open(turn.trigger.at):
        return
    proven = proof.ended(ProofState.PROVEN, turn.now, Way.TEXTED)
    turn.keep(KIND, proven.id, proven)
    _proven(turn, proven)


def _proven(turn: Turn, proof: Proof) -> None:
    assert proof.way is not None, "it was proven by one of its codes"
    evidence: dict[str, JsonValue] = {"proof": proof.id, "way": proof.way.value}
    identify(turn, proof.channel, proof.address, evidence)


def _latest(turn: Turn) -> Proof | None:
    """The contact's last proof, as it is by now in this turn."""
    kept = [one for (table, _), one in turn.effects.kept.items() if table == KIND]
    found = kept[-1] if kept else turn.needed(KIND)
    assert found is None or isinstance(found, Proof)
    return found


def _read_number(number: str, ours: str) -> str:
    """Read a number: without a country code it is a Chinese mobile one, or of where we text from."""
    digits = re.sub(r"[\s()-]", "", number)
    region = "CN" if _CHINESE.fullmatch(digits) else region_of(ours) or "US"
    try:
        return parse_number(number, region).e164
    except NotAContact as error:
        raise TellMember("not_a_number") from error


def _count(turn: Turn, number: str, network: str) -> None:
    """Count an attempt toward those of the day: of this number, of this contact, of what it comes from."""
    day, secret = local_date(turn.now, turn.shop.zone).isoformat(), turn.shop.secrets[0]
    limits = {
        f"address/{number}": A_DAY_FOR_ADDRESS,
        f"asker/{turn.contact.id}": A_DAY_FOR_ASKER,
        f"network/{network}": A_DAY_FOR_NETWORK,
    }
    for what, most in limits.items():
        if not turn.take(counter_of(secret, what, day), 1, of=most):
            raise TellMember("too_often")
