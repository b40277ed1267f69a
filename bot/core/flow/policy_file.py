"""`flows/policy.yaml`: subscription groups, quiet hours, frequency caps, sender pools, short links.

Everything in it is optional: without a word about quiet hours, nights are quiet (`bot.core.quiet_hours`).
"""

import re
from collections.abc import Iterable, Mapping
from datetime import time, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, field_validator, model_validator

from bot.core.caps import Cap
from bot.core.compliance import DEFAULT, LegalWords
from bot.core.errors import FlowError
from bot.core.flow.fields import Duration, Locale, Name, Part, Word, Words, listed, wrong
from bot.core.flow.parse import validated
from bot.core.flow.policy_control import ControlPart
from bot.core.flow.reader import Document, Path, together
from bot.core.gate import Policy
from bot.core.groups import Group
from bot.core.links import LIFETIME, ShortLinks, host_of
from bot.core.local_time import parse_clock
from bot.core.messages import MessageClass
from bot.core.public_holidays import check_calendar
from bot.core.quiet_hours import NIGHT, Late, QuietHours
from bot.core.senders import MAIN, SenderPool

DAYS_MAX = 30
"""How far back a frequency cap looks at most."""
_QUIET_MAX = timedelta(hours=20)
_WITHIN = timedelta(hours=12)
_DAY = timedelta(days=1)


def _clock(value: object) -> object:
    if isinstance(value, time):
        return value
    try:
        return parse_clock(str(value))
    except ValueError as error:
        problem, _, remedy = str(error).partition("; ")
        raise wrong(problem, remedy) from error


Clock = Annotated[
    time, BeforeValidator(_clock, json_schema_input_type=str), Field(examples=["21:00", "9:00"])
]


def _calendar(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        check_calendar(value)
    except ValueError as error:
        problem, _, remedy = str(error).rpartition("; ")
        raise wrong(problem, remedy) from error
    return value.lower()


Calendar = Annotated[
    str, BeforeValidator(_calendar, json_schema_input_type=str), Field(examples=["us", "us-ca", "de-by"])
]


def _class(value: object) -> object:
    if value in {"reply", "required"}:
        problem = f"{value} messages answer the contact: neither quiet hours nor caps hold them back"
        raise wrong(problem, "name service or marketing")
    return value


MessageKind = Annotated[Literal["service", "marketing"], BeforeValidator(_class)]


class GroupPart(Part):
    """A subscription group: a purpose that contacts opt into and out of by itself."""

    title: dict[Locale, Annotated[str, Field(min_length=1, max_length=60)]] = Field(
        {}, description="What texts call it, by language; its name without one."
    )
    double_opt_in: bool = Field(
        default=False, description="Whether an opt-in counts only once it is confirmed with YES."
    )
    keywords: dict[Locale, Words] = Field(
        {}, description="How a contact names it, as in ONLY REWARDS or STOP REWARDS, by language."
    )
    confirmations: dict[Locale, Words] = Field(
        {}, description="Words that confirm a double opt-in beside YES, by language."
    )
    sender: Name | None = Field(
        None, description=f"The sender pool its messages leave from, otherwise `{MAIN}`."
    )


class QuietPart(Part):
    """When messages of one class do not go out, on the contact's own clock."""

    starts: Clock = Field(alias="from", description="When they begin, like `21:00`.")
    ends: Clock = Field(alias="to", description="When they end, like `9:00`.")
    late: Literal["send", "skip"] = Field(
        "send",
        description="What becomes of a message that has to wait: send it when it may go, or skip it where "
        "that is too late (see `within`).",
    )
    within: Duration | None = Field(
        None, description="With `late: skip`: how long after its time it may still go, otherwise 12h."
    )
    holidays: Annotated[
        list[Calendar], BeforeValidator(listed, json_schema_input_type=Calendar | list[Calendar])
    ] = Field(
        [],
        description="Calendars whose public holidays are quiet all day for who lives there: countries or "
        "parts of them. They do not count to `within`.",
    )

    @model_validator(mode="after")
    def _leaves_some_day(self) -> "QuietPart":
        minutes = (self.ends.hour - self.starts.hour) * 60 + self.ends.minute - self.starts.minute
        length = timedelta(minutes=minutes % (24 * 60))
        if not length:
            raise wrong("quiet hours that begin when they end are none", "write `none`, or other hours")
        if length > _QUIET_MAX:
            raise wrong(f"quiet hours of {length} leave hardly any day", "20 hours are the most")
        if self.within is not None and self.late == "send":
            raise wrong("nothing is too late with `late: send`", "add `late: skip`, or remove `within`")
        return self

    def hours(self) -> QuietHours:
        """Return them as the gate asks them."""
        return QuietHours(
            self.starts, self.ends, Late(self.late), self.within or _WITHIN, tuple(self.holidays)
        )


class CapPart(Part):
    """At most so many messages in so many calendar days; what it names must all fit."""

    message_class: MessageKind | None = Field(None, alias="class", description="Only messages of this class.")
    tag: Name | None = Field(None, description="Only messages that steps gave this tag.")
    channel: Literal["sms", "wechat", "app", "email", "console"] | None = Field(
        None, description="Only messages on this channel."
    )
    most: int = Field(ge=1, le=1000, description="How many may go out.")
    per: Duration = Field(
        description="In how many of the contact's calendar days, today among them: `1d` to `30d`."
    )

    @field_validator("per")
    @classmethod
    def _whole_days(cls, per: timedelta) -> timedelta:
        if per % _DAY or not _DAY <= per <= DAYS_MAX * _DAY:
            raise wrong("caps count calendar days", f"write 1d to {DAYS_MAX}d, or weeks")
        return per

    def cap(self) -> Cap:
        """Return it as the gate asks it."""
        kind = MessageClass(self.message_class) if self.message_class else None
        return Cap(self.most, self.per // _DAY, kind, self.tag, self.channel)


_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}")
_SERVICE = re.compile(r"MG[0-9a-zA-Z_-]{1,62}")


class SenderPart(Part):
    """Our own numbers that may stand for one another, or a messaging service that chooses."""

    numbers: Annotated[list[Word], BeforeValidator(listed, json_schema_input_type=Word | list[Word])] = Field(
        [], description="Numbers as `+12025550100`, or short codes; in quotes."
    )
    messaging_service: str | None = Field(None, description="A messaging service's SID, like `MG…`.")
    segments_per_second: int | float = Field(
        1, gt=0, le=1000, description="How many SMS segments each number may send in a second."
    )
    segments_per_day: int | None = Field(
        None, ge=1, description="How many segments the brand may send from midnight to midnight Pacific."
    )

    @field_validator("numbers", mode="before")
    @classmethod
    def _are_numbers(cls, numbers: object) -> object:
        for number in numbers if isinstance(numbers, list) else (numbers,):
            if not isinstance(number, str) or not _NUMBER.fullmatch(number):
                raise wrong(f"{number} is no number to send from", 'write it in quotes, like "+12025550100"')
        return numbers

    @model_validator(mode="after")
    def _one_kind(self) -> "SenderPart":
        if bool(self.numbers) == (self.messaging_service is not None):
            raise wrong("a pool has `numbers` or a `messaging_service`, and not both", "keep one of them")
        if self.messaging_service is not None and not _SERVICE.fullmatch(self.messaging_service):
            raise wrong(
                f"'{self.messaging_service}' is no messaging service", "copy its SID, MG…, from Twilio"
            )
        return self


def _host(value: object) -> object:
    if isinstance(value, str) and host_of(f"https://{value}") == value.lower() and ":" not in value:
        return value.lower()
    raise wrong(f"'{value}' is no host", "write it without https:// and path, like shop.example")


Host = Annotated[str, BeforeValidator(_host), Field(examples=["shop.example"])]


class LinksPart(Part):
    """Links in SMS: which are shortened, and for how long they lead on."""

    short: Literal["ours", "all", "none"] = Field(
        "ours",
        description="In which messages, where the flow does not say: ours (no answers), all, none.",
    )
    hosts: Annotated[list[Host], BeforeValidator(listed, json_schema_input_type=Host | list[Host])] = Field(
        [], description="Hosts that may be led to, beside those written out in the texts of flows."
    )
    valid: Duration = Field(LIFETIME, description="How long a short link leads on, otherwise 60d.")


class ReadersPart(Part):
    """What is counted of who reads emails."""

    opens: bool = Field(
        default=True, description="Whether letters carry a picture that tells of a look at them."
    )
    clicks: bool = Field(
        default=True, description="Whether links in letters are short and count who opens them."
    )


class PolicyFile(Part):
    """The whole file."""

    groups: dict[Name, GroupPart] = Field({}, description="The subscription groups, by name.")
    quiet_hours: dict[MessageKind, QuietPart | None] = Field(
        {},
        description="Quiet hours by message class, or `none`; a class left out is quiet from 21:00 to 9:00.",
    )
    caps: list[CapPart] = Field([], max_length=20, description="Frequency caps; each must have room.")
    senders: dict[Name, SenderPart] = Field(
        {}, description=f"Sender pools by name; `{MAIN}` is for groups that name none."
    )
    links: LinksPart = Field(LinksPart(), description="Short links.")
    control_group: ControlPart | None = Field(
        None, description="A share of all contacts who enter no flow of `class: marketing` unasked."
    )
    email: ReadersPart = Field(ReadersPart(), description="What is counted of who reads emails.")

    @field_validator("quiet_hours", mode="before")
    @classmethod
    def _none(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        for name, hours in value.items():
            if not isinstance(hours, dict) and hours != "none":
                problem = f"'{hours}' are no quiet hours of {name}"
                raise wrong(problem, 'write {from: "21:00", to: "9:00"} or none')
        return {name: None if hours == "none" else hours for name, hours in value.items()}

    def policy(self, usual: Policy) -> Policy:
        """Return what the gate asks: the file's word where it has one, `usual` elsewhere."""
        quiet = {MessageClass.SERVICE: NIGHT, MessageClass.MARKETING: NIGHT}
        for name, hours in self.quiet_hours.items():
            if hours is None:
                del quiet[MessageClass(name)]
            else:
                quiet[MessageClass(name)] = hours.hours()
        return Policy(
            zone=usual.zone,
            quiet=quiet if self.quiet_hours else usual.quiet,
            caps=tuple(cap.cap() for cap in self.caps),
            held=usual.held,
            control=self.control_group.control() if self.control_group is not None else None,
            body_max=usual.body_max,
        )

    def short_links(self, public_url: str, written: Iterable[str]) -> ShortLinks | None:
        """Return how links are shortened; `written` are the hosts that the texts of flows name.

        None without a public URL: there is nowhere to shorten them to.
        """
        if not public_url:
            return None
        usual = {"ours": None, "all": True, "none": False}[self.links.short]
        return ShortLinks(public_url, frozenset(written) | {*self.links.hosts}, self.links.valid, usual)

    def described(self) -> dict[str, Group]:
        """Return the groups it describes, by name."""
        return {
            name: Group(
                name,
                title=part.title,
                double_opt_in=part.double_opt_in,
                keywords={language: tuple(words) for language, words in part.keywords.items()},
                sender=part.sender,
                confirmations={language: tuple(words) for language, words in part.confirmations.items()},
            )
            for name, part in self.groups.items()
        }

    def pools(self) -> dict[str, SenderPool]:
        """Return the sender pools, by name."""
        return {
            name: SenderPool(
                name,
                tuple(part.numbers),
                part.messaging_service,
                part.segments_per_second,
                part.segments_per_day,
            )
            for name, part in self.senders.items()
        }


def read_policy(document: Document, legal: LegalWords = DEFAULT) -> PolicyFile:
    """Return the policy that a document holds; no word of a group may be one of the legal words.

    Raises:
        FlowError: with one complaint for each mistake (see `others`).
    """
    file = validated(PolicyFile, document, _keys_at)
    complaints_of_all = [*_senders(document, file), *_words(document, file, legal)]
    if complaints_of_all:
        raise together(complaints_of_all)
    return file


_PARTS: Mapping[str, type[BaseModel]] = {
    "groups": GroupPart,
    "quiet_hours": QuietPart,
    "caps": CapPart,
    "senders": SenderPart,
    "links": LinksPart,
    "control_group": ControlPart,
    "email": ReadersPart,
}


def _keys_at(path: Path) -> list[str]:
    model = _PARTS.get(str(path[0]), PolicyFile) if path else PolicyFile
    return [field.alias or name for name, field in model.model_fields.items()]


def _senders(document: Document, file: PolicyFile) -> list[FlowError]:
    known = ", ".join(file.senders)
    found = [
        document.complaint(
            ("groups", name, "sender"),
            f"no sender pool is called '{group.sender}'",
            f"use one of {known}" if known else "describe it under `senders:`",
        )
        for name, group in file.groups.items()
        if group.sender is not None and group.sender not in file.senders
    ]
    if file.senders and MAIN not in file.senders:
        problem = f"there is no pool `{MAIN}`, which sends for whatever names no other"
        found.append(document.complaint(("senders",), problem, f"call one `{MAIN}`", at_key=True))
    numbers: dict[str, str] = {}
    for name, pool in file.senders.items():
        for number in (*pool.numbers, *([pool.messaging_service] if pool.messaging_service else [])):
            other = numbers.setdefault(number, name)
            if other != name:
                problem = f"{number} is in the pool `{other}` already"
                found.append(document.complaint(("senders", name), problem, "keep it in one of them"))
    return found


def _words(document: Document, file: PolicyFile, legal: LegalWords) -> list[FlowError]:
    found, owners = [], dict[str, str]()
    for name, group in file.groups.items():
        for language, words in group.keywords.items():
            for number, word in enumerate(words):
                path: Path = ("groups", name, "keywords", language, number)
                if path not in document.marks.values:
                    path = path[:-1]
                known = legal.find(word)
                owner = owners.setdefault(word.casefold(), name)
                if known is not None:
                    problem = f"'{word}' means {known.category} by itself"
                    found.append(document.complaint(path, problem, "choose another word"))
                elif owner != name:
                    problem = f"'{word}' names the group `{owner}` already"
                    found.append(document.complaint(path, problem, "choose another word"))
    return found
