"""What the mini program may be asked to allow, and what was answered: one accept is one message."""

from typing import Annotated, Literal

from pydantic import Field

from bot.conversation.pages import grants
from bot.core.contact import JsonValue
from bot.core.flow.context import context
from bot.core.flow.wechat_forms import TemplateText
from bot.core.grants import Grant
from bot.core.turn import Turn
from bot.core.wechat_address import appid_of
from bot.web.mp.asked import Asked, Shopper, house_of, look, operate
from bot.web.rest.asked import Told
from bot.web.rest.fields import Answer, Body, Query
from bot.web.rest.problems import ApiProblem
from bot.web.rest.routes import Route

ASKED_MAX = 5
"""WeChat asks for no more templates at once."""


class OccasionQuery(Query):
    """When it is asked for."""

    occasion: str | None = Field(
        None,
        alias="for",
        pattern=r"^[a-z][a-z0-9_]{0,40}$",
        description="the occasion, as `ask:` of wechat.yaml calls it; everything unless given",
    )


class TemplateAnswer(Answer):
    """Something that the shopper may allow."""

    id: str = Field(description="for wx.requestSubscribeMessage")
    name: str
    title: str
    left: int = Field(description="how many messages of it are allowed already")


class TemplatesAnswer(Answer):
    """What may be asked for, those first of which least is left; at most five."""

    templates: list[TemplateAnswer]


class ReportBody(Body):
    """What wx.requestSubscribeMessage returned."""

    results: Annotated[
        dict[str, Literal["accept", "acceptWithAudio", "reject", "ban", "filter"]],
        Field(min_length=1, max_length=ASKED_MAX, description="by template id"),
    ]


class GrantAnswer(Answer):
    """What is allowed of one template by now."""

    id: str
    left: int


class GrantsAnswer(Answer):
    """What is allowed of those that were answered."""

    grants: list[GrantAnswer]


async def show(asked: Asked) -> Told:
    """Show what may be asked for; nothing outside of the mini program."""
    session, occasion = asked.who.session, asked.query_as(OccasionQuery).occasion
    if not session.is_in_mini_program:
        return Told({"templates": []})
    mini = house_of(asked).mini
    account = mini.account_of(appid_of(session.address)) if mini is not None else None
    named = {"", account.name if account is not None else ""}

    def found(turn: Turn) -> dict[str, JsonValue]:
        granted = turn.needed("grants")
        assert isinstance(granted, dict), "grants are by address and template"
        wanted = [
            one
            for one in turn.shop.wechat.templates.values()
            if one.account in named and (occasion is None or occasion in one.ask)
        ]
        shown = [_template(turn, one, granted.get((session.address, one.template_id))) for one in wanted]
        shown.sort(key=lambda one: int(str(one["left"])))
        templates: list[JsonValue] = [*shown[:ASKED_MAX]]
        return {"templates": templates}

    return await look(asked, found)


async def report(asked: Asked) -> Told:
    """Hear what was answered. What was allowed is neither asked for again nor rewarded."""
    session = asked.who.session
    if not session.is_in_mini_program:
        raise ApiProblem(
            409, "not-in-the-mini-program", "nothing can be allowed here", "ask in the mini program"
        )
    ours = {template.template_id for template in asked.door.shop().wechat.templates.values()}
    told = asked.body_as(ReportBody).results
    results: dict[str, JsonValue] = {template: told[template] for template in told if template in ours}
    return await operate(asked, grants.REPORT, {"address": session.address, "results": results})


def _template(turn: Turn, template: TemplateText, grant: Grant | None) -> dict[str, JsonValue]:
    title = template.title.render(context(turn, {}), turn.contact.locale) if template.title else template.name
    left = grant.left if grant is not None else 0
    return {"id": template.template_id, "name": template.name, "title": title.replace("_", " "), "left": left}


ROUTES: tuple[Route[Shopper], ...] = (
    Route(
        method="GET",
        path="/grants",
        name="showTemplates",
        summary="Which messages the mini program may ask the shopper to allow",
        does=show,
        query=OccasionQuery,
        answer=TemplatesAnswer,
    ),
    Route(
        method="POST",
        path="/grants",
        name="reportGrants",
        summary="Tell what the shopper allowed; counted once with what WeChat tells of it",
        does=report,
        body=ReportBody,
        answer=GrantsAnswer,
        says_no={409: "this is not the mini program"},
    ),
)
