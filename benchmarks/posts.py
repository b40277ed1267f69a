"""The webhooks of one run, made and signed before the clock starts: Twilio's, Telegram's, WeChat's."""

import base64
import hashlib
import hmac
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from benchmarks.members import number

PUBLIC_URL = "https://coffee.example"
TWILIO_PATH = "/twilio/messages"
TELEGRAM_PATH = "/telegram/messages"
ACCOUNT_SID = "AC" + "0" * 32
AUTH_TOKEN = "made-up-for-benchmarks"  # noqa: S105 - as it says
SHOP_NUMBER = "+12025550143"

# The mix: what members of a running programme text. Shares of 100; 5 more are repeats by the provider.
MIX = (("BALANCE", 30), ("REWARDS", 15), ("HELP", 10), ("LOYALTY", 15), ("answer", 25))
REPEATS_PERCENT = 5
FREE_ANSWERS = (
    "Ana",
    "is the shop open on sunday?",
    "two flat whites please",
    "Thank you so much 😊",
    "José María",
    "can I bring my own cup",
    "May 21",
    "9:30 works for me",
    "SKIP",
    "小红",
)
# The whole conversation of joining: afterwards no question is open and no run waits.
JOINING = ("LOYALTY", "Ana", "SKIP")
# A repeat comes at least this many posts after its original, so that the original has been answered.
REPEAT_LAG = 256

Road = Literal["twilio", "telegram", "wechat", "mp", "json"]


@dataclass(frozen=True, slots=True)
class Load:
    """One run: what is posted, by whom, how.

    Attributes:
        run: makes every provider id of this run distinct from those of other runs.
        members: how many, from `first_member` on (the mix is always from the first).
        newcomers: the members [first, last) who were just asked for a name: half of the answers are theirs.
        rate: posts a second whatever the answers take (open loop), or None: as fast as they are answered.
        mix: what is texted and in which shares.
        answers: what an `answer` of the mix says.
        everybody: what every member texts once, instead of the mix; then there is one post per member.
        in_a_row: how many posts come of one member before those of another: pages ask several things at once.
    """

    road: Road
    port: int
    run: str
    members: int
    count: int = 0
    newcomers: tuple[int, int] = (0, 0)
    concurrency: int = 64
    rate: float | None = None
    everybody: str | None = None
    first_member: int = 0
    mix: Sequence[tuple[str, int]] = MIX
    answers: Sequence[str] = FREE_ANSWERS
    in_a_row: int = 1


@dataclass(frozen=True, slots=True)
class Post:
    """One request as it goes over the wire; `repeats` is the index of the post it is a retry of."""

    kind: str
    raw: bytes
    repeats: int | None = None


def signature(url: str, form: dict[str, str], token: str) -> str:
    """Twilio's signature of a form: https://www.twilio.com/docs/usage/security#validating-requests ."""
    signed = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), hashlib.sha1)).decode()


def twilio_post(port: int, member: int, text: str, key: str) -> bytes:
    """An incoming SMS with the parameters Twilio sends for an American long code."""
    sid = "SM" + hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()
    form = {
        "ToCountry": "US",
        "ToState": "DC",
        "SmsMessageSid": sid,
        "NumMedia": "0",
        "ToCity": "WASHINGTON",
        "FromZip": "94103",
        "SmsSid": sid,
        "FromState": "CA",
        "SmsStatus": "received",
        "FromCity": "SAN FRANCISCO",
        "Body": text,
        "FromCountry": "US",
        "To": SHOP_NUMBER,
        "ToZip": "20001",
        "NumSegments": "1",
        "MessageSid": sid,
        "AccountSid": ACCOUNT_SID,
        "From": number(member),
        "ApiVersion": "2010-04-01",
    }
    signed = signature(PUBLIC_URL + TWILIO_PATH, form, AUTH_TOKEN)
    body = urlencode(form).encode()
    head = (
        f"POST {TWILIO_PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: TwilioProxy/1.1\r\n"
        f"Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nAccept: */*\r\n"
        f"X-Twilio-Signature: {signed}\r\nI-Twilio-Idempotency-Token: {sid}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def telegram_post(port: int, member: int, text: str, key: str) -> bytes:
    """A Telegram update that carries a text message: https://core.telegram.org/bots/api#update ."""
    serial = int(hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()[:7], 16)
    person = {"id": 1_000_000 + member, "first_name": "Ana", "username": f"ana{member}"}
    update = {
        "update_id": serial,
        "message": {
            "message_id": serial,
            "from": {**person, "is_bot": False, "language_code": "en"},
            "chat": {**person, "type": "private"},
            "date": 1_795_000_000,
            "text": text,
        },
    }
    body = json.dumps(update).encode()
    head = (
        f"POST {TELEGRAM_PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def wechat_post(port: int, member: int, text: str, key: str) -> bytes:
    """A text message of an official account in safe mode."""
    from benchmarks.sealed import sealed_post  # noqa: PLC0415 - the peers of other roads cannot seal

    return sealed_post(port, member, text, key)


def page_request(port: int, member: int, kind: str, key: str) -> bytes:
    """What a page asks for its shopper."""
    from benchmarks.shoppers import page_request  # noqa: PLC0415 - the peers of other roads have none

    return page_request(port, member, kind, key)


def bare_request(port: int, member: int, kind: str, key: str) -> bytes:
    """The same as a bare handler is asked."""
    from benchmarks.shoppers import bare_request  # noqa: PLC0415 - as above

    return bare_request(port, member, kind, key)


def posts(load: Load) -> list[Post]:
    """All posts of a run, the same for the same load."""
    form = FORMS[load.road]
    if load.everybody is not None:
        return [
            Post(load.everybody, form(load.port, member, load.everybody, f"{load.run}:{member}"))
            for member in range(load.first_member, load.first_member + load.members)
        ]
    dice = random.Random(load.run)
    answerers = _answerers(load, dice)
    kinds = [kind for kind, _ in load.mix]
    shares = [share for _, share in load.mix]
    made: list[Post] = []
    somebody = 0
    for index in range(load.count):
        if index > REPEAT_LAG and dice.randrange(100) < REPEATS_PERCENT:
            original = dice.randrange(index - REPEAT_LAG)
            first = made[original].repeats
            made.append(Post("repeat", made[original].raw, original if first is None else first))
            continue
        kind = dice.choices(kinds, shares)[0]
        answer = kind == "answer"
        if not answer and index % load.in_a_row == 0:
            somebody = dice.randrange(load.members)
        member = next(answerers) if answer else somebody
        text = dice.choice(load.answers) if answer else kind
        made.append(Post(kind, form(load.port, member, text, f"{load.run}:{index}")))
    return made


FORMS: dict[Road, Callable[[int, int, str, str], bytes]] = {
    "twilio": twilio_post,
    "telegram": telegram_post,
    "wechat": wechat_post,
    "mp": page_request,
    "json": bare_request,
}


def _answerers(load: Load, dice: random.Random) -> Iterator[int]:
    """Who sends the free answers: newcomers while there are any, in turn with anybody."""
    for newcomer in range(*load.newcomers):
        yield newcomer
        yield dice.randrange(load.members)
    while True:
        yield dice.randrange(load.members)
