"""Sender pools: a conversation stays with the number it began with."""

from bot.core.senders import SenderPool


def test_a_known_number_of_the_pool_is_kept() -> None:
    pool = SenderPool("main", ("+12025550100", "+12025550101"))
    assert pool.sender("+12025550101") == "+12025550101"
    assert pool.sender("+19995550100") == "+12025550100"
    assert pool.sender(None) == "+12025550100"


def test_a_messaging_service_chooses_itself() -> None:
    pool = SenderPool("main", messaging_service="MG1")
    assert pool.senders == ("MG1",)
    assert pool.sender("+12025550100") == "MG1"


def test_an_address_is_written_to_from_its_own_area_or_country() -> None:
    pool = SenderPool("main", ("+12025550100", "+14155550100", "+442079460000", "+14165550100"))
    assert pool.sender(None, "+14155550199") == "+14155550100"
    assert pool.sender(None, "+442079461111") == "+442079460000"
    assert pool.sender(None, "+16045550100") == "+14165550100", "Canada is not the United States"
    assert pool.sender("+442079460000", "+14155550199") == "+442079460000", "who heard from one stays with it"


def test_addresses_without_a_near_number_are_spread_and_each_stays() -> None:
    pool = SenderPool("main", ("+12025550100", "+14155550100", "+16465550100"))
    chosen = [pool.sender(None, f"+13055550{line:03}") for line in range(300)]
    assert chosen == [pool.sender(None, f"+13055550{line:03}") for line in range(300)]
    assert all(70 < chosen.count(number) < 130 for number in pool.numbers)
