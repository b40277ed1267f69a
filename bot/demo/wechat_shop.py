"""The demo shop on WeChat: its official account and its mini program, as their consoles are set up."""

from collections.abc import Iterator

from bot.core.flow.wechat_forms import MenuButton, TemplateText, WechatForms
from bot.demo.wechat.account import Account, Template
from bot.demo.wechat.loopback import LoopbackWechat
from bot.demo.wechat.shapes import Fields

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
    appids = {account.name: account.appid for account in loopback.platform.accounts.values()}
    for account in loopback.platform.accounts.values():
        account.title = title
        account.templates = tuple(
            _template(text) for text in forms.templates.values() if text.account in ("", account.name)
        )
        menu = forms.menu(account.name)
        if account.is_official and menu:
            loopback.platform.menus[account.name] = {"button": list(_buttons(menu, appids))}


def _template(text: TemplateText) -> Template:
    fields = {key: _LABELS.get(key.rstrip("0123456789"), key) for key, _ in text.fields}
    return Template(text.template_id, text.name.replace("_", " "), fields)


def _buttons(menu: tuple[MenuButton, ...], appids: dict[str, str]) -> Iterator[Fields]:
    for button in menu:
        if button.buttons:
            yield {"name": button.name, "sub_button": list(_buttons(button.buttons, appids))}
        elif button.page:
            appid = appids.get(button.account, appids[MINI])
            yield {"type": "miniprogram", "name": button.name, "appid": appid, "pagepath": button.page}
        elif button.url:
            yield {"type": "view", "name": button.name, "url": button.url}
        else:
            yield {"type": "click", "name": button.name, "key": button.key}
