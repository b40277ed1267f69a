"""The demo shop on WeChat: what its consoles show of the shop's templates."""

from pathlib import Path

from bot.core.flow.reader import read
from bot.core.flow.wechat_file import read_wechat
from bot.demo.wechat_shop import MINI, set_up
from tests.conversation.chat import FLOWS, Clock
from tests.wechat.wechat_chat import loopback_wechat


def test_fields_of_one_kind_are_told_apart_by_their_number() -> None:
    loopback = loopback_wechat(Clock())
    wechat: Path = FLOWS / "wechat.yaml"
    set_up(loopback, "Corner Leaf", read_wechat(read(wechat.read_text("utf-8"), "flows/wechat.yaml")))
    (bundle,) = [one for one in loopback.platform.accounts[MINI].templates if one.title == "bundle week"]
    assert list(bundle.fields.values()) == ["内容", "金额", "金额2"]
