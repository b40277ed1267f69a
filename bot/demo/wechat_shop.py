"""The demo shop on WeChat: its official account and its mini program, as their consoles are set up."""

import sys

from bot.channels.wechat.menu import menu_of
from bot.core.errors import NeverRetry
from bot.core.flow.wechat_forms import TemplateText, WechatForms
from bot.demo.wechat.account import Account, Template
from bot.demo.wechat.errors import PlatformError
from bot.demo.wechat.loopback import LoopbackWechat
from bot.demo.wechat.menu import checked_menu

OFFICIAL_APPID, MINI_APPID = "wxdec0ffee00000001", "wxdec0ffee00000002"
"""Always the same, so that who wrote once is known after a restart."""
OFFICIAL, MINI = "shop", "mini"
_LABELS = {
    "thing": "内容",
    "number": "数量",
    "character_string": "编号",
    "time": "时间",
    "date": "日期",
    "amount": "金额",
    "phrase": "状态",
    "name": "姓名",
}


def accounts(base: str) -> list[Account]:
    """Return both accounts, whose pushes go to a server at this URL."""
    return [
        Account(name=OFFICIAL, appid=OFFICIAL_APPID, kind="official", push_url=f"{base}/wechat/{OFFICIAL}"),
        Account(name=MINI, appid=MINI_APPID, kind="mini", format="json", push_url=f"{base}/wechat/{MINI}"),
    ]


def set_up(loopback: LoopbackWechat, title: str, forms: WechatForms) -> None:
    """Have in the consoles what the shop's `wechat.yaml` needs there: templates and the menu."""
    for account in loopback.platform.accounts.values():
        account.title = title
        account.templates = tuple(
            _template(text) for text in forms.templates.values() if text.account in ("", account.name)
        )
    buttons = forms.menu(OFFICIAL)
    if not buttons:
        return
    try:
        loopback.platform.menus[OFFICIAL] = checked_menu(menu_of(buttons, {MINI: MINI_APPID}))
    except (NeverRetry, PlatformError) as error:
        sys.stderr.write(f"No menu: {error}\n")


def _template(text: TemplateText) -> Template:
    fields: dict[str, str] = {}
    for key, _ in text.fields:
        label = _LABELS.get(key.rstrip("0123456789"), key)
        same = sum(one.startswith(label) for one in fields.values())
        fields[key] = f"{label}{same + 1}" if same else label
    return Template(text.template_id, text.name.replace("_", " "), fields)
