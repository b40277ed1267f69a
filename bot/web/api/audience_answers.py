"""What is answered of audiences."""

from pydantic import Field, JsonValue

from bot.web.rest.fields import Answer


class AudienceAnswer(Answer):
    """An audience of audiences.yaml."""

    name: str
    title: str
    description: str
    size: int = Field(description="how many are in now")
    built: bool = Field(description="whether all that happened before it was published has been counted")
    sync: list[str] = Field(description="how your webhook is told of members: identify, track, or not at all")


class AudiencesAnswer(Answer):
    """The audiences in force, by name."""

    audiences: list[AudienceAnswer]


class SizeAnswer(Answer):
    """How large an audience was when it was last counted on a day of the shop's calendar."""

    on: str
    size: int


class OneAudienceAnswer(AudienceAnswer):
    """An audience, and how large it was day by day, oldest first."""

    history: list[SizeAnswer]


class AudienceMemberAnswer(Answer):
    """Somebody in an audience."""

    id: str
    since: str


class AudienceMembersAnswer(Answer):
    """A page of those in an audience."""

    members: list[AudienceMemberAnswer]
    next: str | None = Field(description="send it as `cursor` to get the next page; none: this is the last")


class StandsInAnswer(Answer):
    """An audience that a contact is in."""

    name: str
    since: str


class StandsAnswer(Answer):
    """The audiences that a contact is in."""

    id: str
    audiences: list[StandsInAnswer]


class WhyAnswer(Answer):
    """Why a contact is in an audience or not."""

    id: str
    audience: str
    is_in: bool
    since: str | None
    look_at: str | None = Field(description="when time alone may change it")
    why: dict[str, JsonValue] = Field(
        description="the clause as written, whether it holds, the value seen and wanted, its `parts` inside"
    )
