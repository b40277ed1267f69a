"""What shoppers allowed in the mini program: told by the page, counted once whoever else tells of it."""

from collections.abc import Mapping

from bot.conversation.grants import record
from bot.core.contact import JsonValue
from bot.core.errors import Refused
from bot.core.grants import Source, answer_of
from bot.core.turn import Turn
from bot.core.wechat_address import WECHAT

REPORT = "grants.report"

Body = Mapping[str, JsonValue]


def report(turn: Turn, body: Body) -> Body:
    """Hear what was answered to a popup, by template; what is no template of ours is left out.

    Raises:
        Refused: the shopper did not come by the mini program.
    """
    address, results = str(body["address"]), body["results"]
    assert isinstance(results, dict), "answers are by template"
    if (WECHAT, address) not in turn.addresses:
        raise Refused("nothing can be allowed here", "ask in the mini program", 409)
    ours = {template.template_id for template in turn.shop.wechat.templates.values()}
    answers = [
        (template, answer)
        for template, word in results.items()
        if template in ours and (answer := answer_of(str(word))) is not None
    ]
    left = record(turn, address, Source.CLIENT, answers)
    grants: list[JsonValue] = [
        {"id": template, "left": left[address, template].left if (address, template) in left else 0}
        for template, _ in answers
    ]
    return {"grants": grants}
