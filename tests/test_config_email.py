"""The settings of email: one URL for the mail server, and what is wrong with it in words."""

import pytest

from bot.config import SettingsError, load_settings

PUBLIC = {"REGULARS_PUBLIC_URL": "https://bot.shop.example"}


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://u:p%40ss@mail.shop.example", ("mail.shop.example", 587, "starttls", "u", "p@ss")),
        ("smtps://mail.shop.example", ("mail.shop.example", 465, "tls", "", "")),
        ("smtp://127.0.0.1:1025", ("127.0.0.1", 1025, "none", "", "")),
    ],
)
def test_a_server_is_one_url(url: str, server: tuple[object, ...]) -> None:
    email = load_settings({**PUBLIC, "REGULARS_SMTP_URL": url}).email
    assert email is not None
    assert (email.host, email.port, email.security, email.username, email.password) == server
    assert "p@ss" not in repr(email)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"REGULARS_SMTP_URL": "mail.shop.example:587"}, "REGULARS_SMTP_URL: is no mail server"),
        ({"REGULARS_EMAIL_FROM": "a@shop.example"}, "REGULARS_SMTP_URL: missing"),
        ({"REGULARS_SMTP_URL": "smtp://m.shop.example:x"}, "REGULARS_SMTP_URL: cannot be taken apart"),
        (
            {"REGULARS_SMTP_URL": "smtps://m.shop.example", "REGULARS_EMAIL_BOUNCES": "nobody"},
            "REGULARS_EMAIL_BOUNCES: is no mailbox",
        ),
    ],
)
def test_what_is_wrong_is_said(given: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings({**PUBLIC, **given})
    assert told in str(raised.value)


def test_readers_have_to_reach_us() -> None:
    with pytest.raises(SettingsError, match="REGULARS_PUBLIC_URL: missing"):
        load_settings({"REGULARS_SMTP_URL": "smtps://mail.shop.example"})
    assert load_settings({}).email is None
