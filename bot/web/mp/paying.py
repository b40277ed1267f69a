"""Who can pay through WeChat Pay."""

from bot.web.mp.asked import Asked, house_of


def payer_of(asked: Asked) -> str:
    """The shopper's WeChat address, where they can pay: in a mini program of ours, in the program's money."""
    session, cashier = asked.who.session, house_of(asked).cashier
    if cashier is None or not session.is_in_mini_program:
        return ""
    return session.address if cashier.takes(asked.door.shop().program.currency.code) else ""
