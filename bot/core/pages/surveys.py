"""What pages show of surveys: which there are for a contact, what answering brings, which are done."""

from bot.core.contact import JsonValue
from bot.core.errors import TellMember
from bot.core.flow.context import context
from bot.core.pages.refusals import only_members, spoken
from bot.core.pages.speech import Phrases, speech_of
from bot.core.surveys import COMPLETED, SURVEY, Survey
from bot.core.turn import Turn

_PHRASES: Phrases = {
    "en": {
        "done": "Done. Thank you!",
        "brings": "{amount} for your answers",
        "short": "It takes a minute",
    },
    "es": {
        "done": "Hecho. ¡Gracias!",
        "brings": "{amount} por tus respuestas",
        "short": "Te toma un minuto",
    },
    "zh_Hans": {
        "done": "已完成，谢谢！",
        "brings": "完成可得{amount}",
        "short": "只需一分钟",
    },
}


def surveys(turn: Turn) -> dict[str, JsonValue]:
    """Show the surveys that a contact may answer, and those it has answered."""
    speech, done = speech_of(turn), _done(turn)
    shown: list[JsonValue] = []
    for survey in turn.shop.surveys.values():
        if survey.members_only and not turn.contact.is_member:
            continue
        is_done, brings = survey.name in done, _brings(turn, survey)
        if is_done:
            says = speech.say(_PHRASES, "done")
        elif brings:
            says = speech.say(_PHRASES, "brings", amount=speech.money(brings))
        else:
            says = speech.say(_PHRASES, "short")
        title = survey.title.render(context(turn, {}), turn.contact.locale)
        shown.append({"id": survey.name, "title": title, "says": says, "done": is_done})
    return {"surveys": shown}


def may_start(turn: Turn, name: str) -> bool:
    """Whether there is such a survey for a contact.

    Raises:
        TellMember: it is for members, or was answered and can be but once.
    """
    survey = turn.shop.surveys.get(name)
    if survey is None:
        return False
    if survey.members_only:
        with spoken(turn):
            only_members(turn)
    if survey.is_once and name in _done(turn):
        raise TellMember("survey_done", says=speech_of(turn).say(_PHRASES, "done"))
    return True


def _done(turn: Turn) -> frozenset[str]:
    done = turn.needed("surveys_done")
    assert isinstance(done, frozenset), "a set of flows"
    return done


def _brings(turn: Turn, survey: Survey) -> int:
    """What the program gives for the answers, in minor units; 0 where that is nothing, or depends on them."""
    if not turn.contact.is_member:
        return 0
    asked = {SURVEY: survey.name}
    rules = [rule for rule in turn.program.earning.rules if rule.event == COMPLETED]
    return max((rule.credit_minor or 0 for rule in rules if rule.where.holds(asked)), default=0)
