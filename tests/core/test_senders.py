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
