"""WeChat accounts in the environment: what is read, and how wrong ones are told."""

import pytest

from bot.channels.wechat.account import AccountKind, Format, Mode, WechatAccount
from bot.config import SettingsError, load_settings

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
OLDER_KEY = "A" * 43
SHOP = {
    "REGULARS_WECHAT_SHOP_APPID": "wx0123456789abcdef",
    "REGULARS_WECHAT_SHOP_SECRET": "0123456789abcdef0123456789abcdef",
    "REGULARS_WECHAT_SHOP_KIND": "official",
    "REGULARS_WECHAT_SHOP_TOKEN": "AAAAA",
    "REGULARS_WECHAT_SHOP_AES_KEY": KEY,
    "REGULARS_WECHAT_BASE_URL": "http://127.0.0.1:9000",
}


def complaint(environ: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as raised:
        load_settings(environ)
    return str(raised.value)


def test_an_account_needs_five_settings_and_is_safe_and_xml() -> None:
    settings = load_settings(SHOP)
    [account] = settings.wechat
    assert account == WechatAccount(
        name="shop",
        appid="wx0123456789abcdef",
        secret="0123456789abcdef0123456789abcdef",
        kind=AccountKind.OFFICIAL,
        mode=Mode.SAFE,
        format=Format.XML,
        tokens=("AAAAA",),
        aes_keys=account.aes_keys,
    )
    assert [len(key) for key in account.aes_keys] == [32]
    assert settings.wechat_base_url == "http://127.0.0.1:9000"


def test_there_may_be_many_with_names_of_several_words() -> None:
    mini = {
        "REGULARS_WECHAT_TEA_HOUSE_APPID": "wxfedcba9876543210",
        "REGULARS_WECHAT_TEA_HOUSE_SECRET": "abcdef0123456789",
        "REGULARS_WECHAT_TEA_HOUSE_KIND": "mini",
        "REGULARS_WECHAT_TEA_HOUSE_MODE": "compatible",
        "REGULARS_WECHAT_TEA_HOUSE_FORMAT": "JSON",
        "REGULARS_WECHAT_TEA_HOUSE_TOKEN": "newer1, older1",
        "REGULARS_WECHAT_TEA_HOUSE_AES_KEY": f"{KEY},{OLDER_KEY}",
        "REGULARS_WECHAT_TEA_HOUSE_ORIGINAL_ID": "gh_0123456789ab",
    }
    shop, tea_house = load_settings(SHOP | mini).wechat
    assert (shop.name, tea_house.name) == ("shop", "tea_house")
    assert (tea_house.kind, tea_house.mode, tea_house.format) == (
        AccountKind.MINI,
        Mode.COMPATIBLE,
        Format.JSON,
    )
    assert tea_house.tokens == ("newer1", "older1")
    assert tea_house.aes_keys[0] == shop.aes_keys[0] != tea_house.aes_keys[1]
    assert tea_house.original_id == "gh_0123456789ab"


def test_a_wheel_is_played_only_in_a_mini_program_whose_review_allows_it() -> None:
    mini = SHOP | {"REGULARS_WECHAT_SHOP_KIND": "mini"}
    assert not load_settings(mini).wechat[0].plays_wheel
    assert not load_settings(mini | {"REGULARS_WECHAT_SHOP_WHEEL": "no"}).wechat[0].plays_wheel
    assert load_settings(mini | {"REGULARS_WECHAT_SHOP_WHEEL": "Yes"}).wechat[0].plays_wheel
    assert "is none of its values" in complaint(mini | {"REGULARS_WECHAT_SHOP_WHEEL": "1"})
    assert "is for mini programs" in complaint(SHOP | {"REGULARS_WECHAT_SHOP_WHEEL": "yes"})


def test_an_official_account_may_be_bound_to_the_others() -> None:
    assert not load_settings(SHOP).wechat[0].is_bound
    assert load_settings(SHOP | {"REGULARS_WECHAT_SHOP_BOUND": "yes"}).wechat[0].is_bound
    assert "is none of its values" in complaint(SHOP | {"REGULARS_WECHAT_SHOP_BOUND": "open"})
    mini = {"REGULARS_WECHAT_SHOP_KIND": "mini", "REGULARS_WECHAT_SHOP_BOUND": "yes"}
    assert "is for official accounts" in complaint(SHOP | mini)


def test_nothing_secret_is_in_its_repr() -> None:
    told = repr(load_settings(SHOP))
    assert "shop" in told
    assert not any(secret in told for secret in ("0123456789abcdef0123", "AAAAA", KEY))


def test_empty_ones_count_as_not_set() -> None:
    assert load_settings(dict.fromkeys(SHOP, "")).wechat == ()


def test_what_is_missing_is_said_all_at_once() -> None:
    told = complaint({"REGULARS_WECHAT_SHOP_MODE": "safe", "REGULARS_WECHAT_BASE_URL": "http://127.0.0.1:1"})
    for field in ("APPID", "SECRET", "KIND", "TOKEN", "AES_KEY"):
        assert f"REGULARS_WECHAT_SHOP_{field}: missing" in told
    assert len(told.splitlines()) == 5


def test_plain_pushes_need_no_key() -> None:
    plain = {name: text for name, text in SHOP.items() if not name.endswith("_AES_KEY")}
    [account] = load_settings(plain | {"REGULARS_WECHAT_SHOP_MODE": "plain"}).wechat
    assert account.aes_keys == ()


@pytest.mark.parametrize(
    ("field", "text", "fault"),
    [
        ("APPID", "wx 12", "is no appid"),
        ("SECRET", "short", "is no AppSecret"),
        ("KIND", "robot", "'robot' is none of its values"),
        ("MODE", "open", "'open' is none of its values"),
        ("FORMAT", "yaml", "'yaml' is none of its values"),
        ("FORMAT", "json", "official accounts push XML only"),
        ("TOKEN", "x", "is no token"),
        ("AES_KEY", KEY[:-1], "is no EncodingAESKey"),
        ("AES_KEY", f"{KEY},{KEY},{KEY}", "is not one or two"),
        ("ORIGINAL_ID", "gh 1", "is no original id"),
    ],
)
def test_a_wrong_one_is_told_without_its_text_where_that_is_secret(field: str, text: str, fault: str) -> None:
    [line] = complaint(SHOP | {f"REGULARS_WECHAT_SHOP_{field}": text}).splitlines()
    assert line.startswith(f"REGULARS_WECHAT_SHOP_{field}: {fault}")
    if field in {"SECRET", "TOKEN", "AES_KEY"}:
        assert text not in line.removeprefix(f"REGULARS_WECHAT_SHOP_{field}: {fault}").split()


def test_two_names_for_one_account_are_refused() -> None:
    again = {name.replace("SHOP", "AGAIN"): text for name, text in SHOP.items()}
    assert complaint(SHOP | again) == (
        "REGULARS_WECHAT_SHOP_APPID: is the appid of again too; give each account a name once"
    )


def test_pay_is_no_name_of_an_account() -> None:
    pay = {name.replace("SHOP", "PAY"): text for name, text in SHOP.items()}
    assert "pay is no name for an account" in complaint(pay)


def test_a_field_that_there_is_not_is_told() -> None:
    assert complaint(SHOP | {"REGULARS_WECHAT_SHOP_APP_ID": "wx1"}).startswith(
        "REGULARS_WECHAT_SHOP_APP_ID: is no setting; an account has APPID, SECRET, KIND,"
    )


def test_the_real_platform_needs_a_public_address() -> None:
    real = {name: text for name, text in SHOP.items() if not name.endswith("_BASE_URL")}
    assert complaint(real).startswith("REGULARS_PUBLIC_URL: missing")
    assert load_settings(real | {"REGULARS_PUBLIC_URL": "https://bot.example.com"}).wechat
