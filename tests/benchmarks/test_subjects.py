"""What the benchmarks give to `regulars serve` is what it takes."""

import random

import phonenumbers

from benchmarks.members import number
from benchmarks.posts import PUBLIC_URL, SHOP_NUMBER
from benchmarks.subjects import regulars_settings
from bot.config import load_settings


def test_its_settings_are_accepted() -> None:
    settings = load_settings(regulars_settings("sqlite+aiosqlite:///bench.db", 8123))
    assert settings.port == 8123
    assert settings.public_url == PUBLIC_URL
    assert settings.twilio is not None
    assert settings.twilio.sender == SHOP_NUMBER
    assert "127.0.0.1" in settings.twilio.base_url


def test_its_members_have_real_numbers() -> None:
    dice = random.Random(1)
    numbers = [number(dice.randrange(1_000_000)) for _ in range(300)]
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(text)) for text in [*numbers, SHOP_NUMBER])
