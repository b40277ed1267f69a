"""A shopper's week is what `docs/wechat-week.md` says, on WeChat and by text, in English and in Chinese."""

from pathlib import Path

import pytest

from tests.wechat.week import CHINESE, ENGLISH, LANGUAGES, PAGE, WEEK, Language, section, week

LOOP = (
    *("Your order has earned you", "expiring Friday", "Cheaper together this week", "Not much Jasmine tea"),
    *("The price has changed", "Your order is on its way", "You've reached Silver"),
    *("您的订单获得", "将于星期五到期", "本周套装更优惠", "快卖完了", "价格有变动", "您的订单已发出"),
    "已升级为银卡",
)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.locale)
@pytest.mark.parametrize("where", ["WeChat", "text"])
async def test_the_week_goes_as_the_page_says(tmp_path: Path, language: Language, where: str) -> None:
    moments = await week(tmp_path, language, is_on_wechat=where == "WeChat")
    page = PAGE.read_text(encoding="utf-8")
    for (when, _, _), lines in zip(WEEK, moments, strict=True):
        (told,) = [part for part in page.split("\n## ") if part.startswith(f"{when}\n")]
        assert section(language.name, where, lines) in told, when


def test_every_message_of_the_loop_is_on_the_page_in_both_languages() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for begins in LOOP:
        assert begins in page, begins
    assert {ENGLISH.name, CHINESE.name} == {"English", "中文"}
