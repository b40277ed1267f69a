"""Surveys on the pages: which there are, and that one begins; it is answered in the inbox."""

from typing import Annotated

from pydantic import Field

from bot.core.gestures import Gesture, GestureKind
from bot.core.pages import surveys
from bot.web.mp.asked import Asked, Shopper, look
from bot.web.mp.inbox import MessagesAnswer, answered
from bot.web.mp.parts import ONLY_MEMBERS
from bot.web.rest.asked import Told
from bot.web.rest.fields import Answer
from bot.web.rest.problems import one_field
from bot.web.rest.routes import Route

FlowName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$", description="the survey's id")]


class SurveyAnswer(Answer):
    """A survey."""

    id: str
    title: str
    says: str = Field(description="what answering brings, or that it is done")
    done: bool


class SurveysAnswer(Answer):
    """What one may answer."""

    surveys: list[SurveyAnswer]


async def show(asked: Asked) -> Told:
    """Show the surveys that there are for the shopper."""
    return await look(asked, surveys.surveys)


async def start(asked: Asked) -> Told:
    """Begin a survey: its first question comes back, and is answered by POST /say."""
    name = asked.path["survey"]
    found = await look(asked, lambda turn: {"is_there": surveys.may_start(turn, name)})
    if not found.body["is_there"]:
        raise one_field(404, "no-such-survey", "path/survey", "is no survey", "see GET /mp/surveys")
    return await answered(asked, gesture=Gesture(GestureKind.SURVEY, name))


ROUTES: tuple[Route[Shopper], ...] = (
    Route(
        method="GET",
        path="/surveys",
        name="showSurveys",
        summary="What the shopper may answer, and has answered",
        does=show,
        answer=SurveysAnswer,
    ),
    Route(
        method="POST",
        path="/surveys/{survey}/start",
        name="startSurvey",
        summary="Begin a survey; its questions are answered by POST /mp/say",
        does=start,
        answer=MessagesAnswer,
        fields={"survey": FlowName},
        says_no={**ONLY_MEMBERS, 404: "there is no such survey", 409: "it was answered before"},
    ),
)
