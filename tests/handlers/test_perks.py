"""What joining brings, out of the program's own figures."""

from bot.core.loyalty.cash_back import CashBack
from bot.core.loyalty.program import Program
from handlers.perks import perks
from tests.handlers.scene import PROGRAM, Scene
from tests.handlers.test_tier import TIERS, bought


def test_without_levels_and_cash_back_there_is_nothing_to_tell() -> None:
    told = perks(Scene(program=PROGRAM).turn())
    assert told is not None
    assert set(told) == perks.returns
    assert (told["cash"], told["cash_share"], told["early_hours"], told["first"]) == (0, 0, 0, "")
    assert told["is_first"] is False


def test_cash_back_is_told_as_the_program_has_it() -> None:
    for written, cash, share, most in (
        ({"amount": "4.59", "at_least": "20.00", "after": "7d"}, 459, 0, 0),
        ({"rate": "10%", "most": "5.00"}, 0, 10.0, 500),
    ):
        rule = CashBack.model_validate(written)
        program = Program.model_copy(PROGRAM, update={"cash_back": rule})
        told = perks(Scene(program=program).turn())
        assert told is not None
        assert (told["cash"], told["cash_share"], told["cash_most"]) == (cash, share, most)
        assert told["cash_days"] == 7


def test_whose_level_lets_them_in_early_and_is_answered_first() -> None:
    levels = [
        {"id": "silver", "name": {"en": "Silver"}, "spend": "50.00"},
        {"id": "gold", "name": {"en": "Gold", "es": "Oro"}, "spend": "100.00", "early_access": "24h"},
    ]
    tiers = TIERS.model_validate({"per": "year", "levels": levels})
    program = Program.model_copy(PROGRAM, update={"tiers": tiers})
    told = perks(Scene(program=program, past=bought(5_000), locale="es").turn())
    assert told is not None
    assert (told["level"], told["early"], told["is_first"]) == ("Silver", 0, False)
    assert (told["early_level"], told["early_hours"], told["first"]) == ("Oro", 24, "Oro")
    told = perks(Scene(program=program, past=bought(10_000)).turn())
    assert told is not None
    assert (told["level"], told["early"], told["is_first"]) == ("Gold", 24, True)
