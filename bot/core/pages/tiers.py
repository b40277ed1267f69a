"""The page of levels: which one a member has, what is missing to each, and what each is good for."""

from bot.core.contact import JsonValue
from bot.core.deeds.tier_turns import standing_in
from bot.core.local_time import local_date
from bot.core.loyalty.tiers import Level, Metric, Progress, Tiers, benefits_of
from bot.core.pages.speech import Phrases, Speech, speech_of
from bot.core.turn import Turn

PHRASES: Phrases = {
    "en": {
        "none": "All our members have the same benefits.",
        "first": "You have no level yet.",
        "have": "You have {name}.",
        "secure": "You have {name}, secure until {day}.",
        "keep": "You have {name}. {missing} more by {day} and you keep it.",
        "to_next": "{missing} to {name}",
        "top": "You have reached the highest level.",
        "order": "1 more order",
        "orders": "{count} more orders",
        "multiplier": "{times} times the credit of every order",
        "early": "Members-only drops open {span} early",
        "gift": "{amount} when you first reach it",
    },
    "es": {
        "none": "Todos nuestros socios tienen las mismas ventajas.",
        "first": "Aún no tienes nivel.",
        "have": "Tienes {name}.",
        "secure": "Tienes {name}, asegurado hasta el {day}.",
        "keep": "Tienes {name}. {missing} más hasta el {day} y lo conservas.",
        "to_next": "{missing} para {name}",
        "top": "Has llegado al nivel más alto.",
        "order": "1 pedido más",
        "orders": "{count} pedidos más",
        "multiplier": "{times} veces el saldo de cada pedido",
        "early": "Las ventas exclusivas se abren {span} antes",
        "gift": "{amount} al alcanzarlo por primera vez",
    },
    "zh_Hans": {
        "none": "所有会员享有同样的权益。",
        "first": "您还没有等级。",
        "have": "您是{name}会员。",
        "secure": "您是{name}会员，有效期至{day}。",
        "keep": "您是{name}会员，{day}前再消费{missing}即可保级。",
        "to_next": "还差{missing}升级{name}",
        "top": "您已达到最高等级。",
        "order": "1单",
        "orders": "{count}单",
        "multiplier": "每单返{times}倍余额",
        "early": "会员限量发售提前{span}开抢",
        "gift": "首次达到即得{amount}",
    },
}


def shown(turn: Turn) -> dict[str, JsonValue]:
    """Show where the contact stands: `progress.share` is how much of the way to the next level is done."""
    speech, tiers, where = speech_of(turn), turn.program.tiers, standing_in(turn)
    if tiers is None or where is None:
        nothing: dict[str, JsonValue] = {"share": 0.0, "missing": None, "says": ""}
        says = speech.say(PHRASES, "none")
        return {"tier": None, "levels": [], "progress": nothing, "keep": None, "says": says}
    today = local_date(turn.now, turn.contact.zone)
    levels = [one for one in tiers.levels if one.lasts(today) or one == where.level]
    return {
        "tier": _tier(turn, where),
        "levels": [_level(turn, tiers, where, level) for level in levels],
        "progress": _progress(turn, tiers, where),
        "keep": _keep(turn, tiers, where),
        "says": _says(turn, tiers, where),
    }


def _tier(turn: Turn, where: Progress) -> dict[str, JsonValue] | None:
    if where.level is None:
        return None
    return {
        "id": where.level.id,
        "name": turn.program.text(where.level.name, turn.contact.locale),
        "until": where.secure_until.isoformat() if where.secure_until else None,
    }


def _level(turn: Turn, tiers: Tiers, where: Progress, level: Level) -> dict[str, JsonValue]:
    is_reached = where.level is not None and level.threshold <= where.level.threshold
    missing = 0 if is_reached else max(0, level.threshold - where.total)
    title = turn.program.text(level.name, turn.contact.locale)
    speech = speech_of(turn)
    to_it = speech.say(PHRASES, "to_next", missing=_counted(speech, tiers, missing), name=title)
    return {
        "id": level.id,
        "title": title,
        "reached": is_reached,
        "current": level == where.level,
        "missing": _amount(speech, tiers, missing) if missing else None,
        "says": to_it if missing else "",
        "perks": list(_perks(turn, tiers, level)),
    }


def _perks(turn: Turn, tiers: Tiers, level: Level) -> list[str]:
    speech = speech_of(turn)
    good_for = benefits_of(tiers, level.id, local_date(turn.now, turn.contact.zone))
    perks = []
    if good_for.multiplier > 1:
        perks.append(speech.say(PHRASES, "multiplier", times=f"{float(good_for.multiplier):g}"))
    if good_for.early_access:
        perks.append(speech.say(PHRASES, "early", span=speech.lasting(good_for.early_access)))
    if level.gift_minor:
        perks.append(speech.say(PHRASES, "gift", amount=speech.money(level.gift_minor)))
    return perks


def _progress(turn: Turn, tiers: Tiers, where: Progress) -> dict[str, JsonValue]:
    speech, following = speech_of(turn), where.next_level
    if following is None:
        return {"share": 1.0, "missing": None, "says": speech.say(PHRASES, "top")}
    name = turn.program.text(following.name, turn.contact.locale)
    return {
        # Rounded down: nothing is full before it is.
        "share": min(where.total * 1000 // following.threshold, 1000) / 1000,
        "missing": _amount(speech, tiers, where.to_next),
        "says": speech.say(PHRASES, "to_next", missing=_counted(speech, tiers, where.to_next), name=name),
    }


def _keep(turn: Turn, tiers: Tiers, where: Progress) -> dict[str, JsonValue] | None:
    """Say by when what has to be bought to keep the level; None where nothing has to be."""
    if not where.to_keep or where.keep_by is None:
        return None
    missing = _amount(speech_of(turn), tiers, where.to_keep)
    return {"missing": missing, "by": where.keep_by.isoformat()}


def _says(turn: Turn, tiers: Tiers, where: Progress) -> str:
    speech = speech_of(turn)
    if where.level is None:
        return speech.say(PHRASES, "first")
    name = turn.program.text(where.level.name, turn.contact.locale)
    if where.to_keep and where.keep_by is not None:
        missing = _counted(speech, tiers, where.to_keep)
        return speech.say(PHRASES, "keep", name=name, missing=missing, day=speech.long_day(where.keep_by))
    if where.secure_until is not None:
        return speech.say(PHRASES, "secure", name=name, day=speech.long_day(where.secure_until))
    return speech.say(PHRASES, "have", name=name)


def _counted(speech: Speech, tiers: Tiers, missing: int) -> str:
    if tiers.metric is not Metric.ORDERS:
        return speech.money(missing)
    return speech.say(PHRASES, "order" if missing == 1 else "orders", count=speech.number(missing))


def _amount(speech: Speech, tiers: Tiers, missing: int) -> dict[str, JsonValue] | None:
    """As money; None where levels are reached by a number of orders: `says` has it."""
    return speech.amount(missing) if tiers.metric is not Metric.ORDERS else None
