"""Steps that send a letter."""

from bot.core.email.writing import Parts, written
from bot.core.flow import compiled
from bot.core.flow.take.messages import after, stands
from bot.core.flow.walk import RunFails, Walk


def take_email(walk: Walk, step: compiled.Email) -> str | None:
    """Write the letter, send it and go on as after any message."""
    shop, locale, names = walk.turn.shop, walk.turn.contact.locale, walk.context()
    template = shop.letters.template(step.template, locale)
    if template is None:
        raise RunFails(f"there is no template '{step.template}'")
    body = walk.render(step.wording) if step.wording is not None else template.text.render(names, locale)
    parts = Parts(
        subject=walk.render(step.subject),
        preheader=walk.render(step.preheader) if step.preheader is not None else "",
        button_text=walk.render(step.button[0]) if step.button is not None else "",
        button_url=step.button[1].render(names, locale) if step.button is not None else "",
        picture=step.picture.render(names, locale) if step.picture is not None else "",
    )
    letter = written(parts, body, template, shop.letters, names, locale)
    if parts.button_url and step.wording is not None:
        body = f"{body}\n\n{parts.button_text}: {parts.button_url}"
    wakes = stands(walk, step)
    return after(walk, step, walk.say(body, step.delivery, letter=letter, wakes=wakes))
