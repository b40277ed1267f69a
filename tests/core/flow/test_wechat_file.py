"""`wechat.yaml`: what it says, and what it says is wrong with line, column and remedy."""

import pytest

from bot.core.errors import FlowError
from bot.core.flow.reader import read
from bot.core.flow.translations import Translation, Translations
from bot.core.flow.wechat_file import read_wechat
from bot.core.flow.wechat_forms import NO_FORMS, WechatForms
from bot.core.forms import Card, Notice
from bot.core.notices import misfits

FILE = """\
menu:
  - name: 我的积分
    keyword: 余额
  - name: 再来一单
    page: pages/reorder/reorder
    url: https://shop.example/reorder
    account: mini
  - name: 更多
    buttons:
      - {name: 会员规则, keyword: 规则}
      - {name: 网上商城, url: "https://shop.example/"}
templates:
  credit_arrived:
    id: tmpl-1
    account: mini
    page: pages/wallet/wallet?from=notice
    fields:
      amount1: "{{ amount }}"
      date2: "{{ until }}"
      thing3: For order {{ order }}
cards:
  reorder:
    title: Your usual, {{ order }}
    page: pages/reorder/reorder?order={{ order }}
    image: images/reorder.png
"""
SPANISH = Translations({"es": {"For order {{ order }}": Translation("Del pedido {{ order }}", "es.po", 1)}})
FACTS: dict[str, object] = {"amount": "US$1,200.00", "until": "2026-12-24", "order": "7K2P4M"}


def wechat(text: str, translations: Translations | None = None) -> WechatForms:
    return read_wechat(read(text, "flows/wechat.yaml"), translations)


def refusal(text: str) -> FlowError:
    with pytest.raises(FlowError) as caught:
        wechat(text)
    return caught.value


def test_the_menu_has_buttons_that_say_open_and_lead_on() -> None:
    said, opened, more = wechat(FILE).menu("shop")
    assert (said.name, said.key) == ("我的积分", "余额")
    assert (opened.page, opened.url, opened.account) == (
        "pages/reorder/reorder",
        "https://shop.example/reorder",
        "mini",
    )
    assert [button.key or button.url for button in more.buttons] == ["规则", "https://shop.example/"]
    assert [button.name for button in wechat(FILE).buttons()] == [
        "我的积分",
        "再来一单",
        "会员规则",
        "网上商城",
    ]
    assert said.mark == (2, 5)


def test_newcomers_may_be_spoken_to_in_a_language_of_their_own() -> None:
    assert wechat("speaks: zh_Hans").speaks == "zh_Hans"
    assert wechat("cards: {}").speaks is NO_FORMS.speaks is None
    assert refusal("speaks: Chinese").problem == "'Chinese' is not a language"


def test_accounts_may_have_menus_of_their_own() -> None:
    forms = wechat("menu:\n  shop: [{name: A, keyword: A}]\n  events: [{name: B, keyword: B}]\n")
    assert [forms.menu(name)[0].name for name in ("shop", "events")] == ["A", "B"]
    assert forms.menu("other") == ()
    assert NO_FORMS.menu("shop") == ()


def test_a_notice_is_filled_in_as_its_fields_take_it() -> None:
    notice = wechat(FILE).templates["credit_arrived"].notice(FACTS, "en")
    assert notice == Notice(
        template="credit_arrived",
        template_id="tmpl-1",
        fields={"amount1": "$1200.00", "date2": "2026-12-24", "thing3": "For order 7K2P4M"},
        page="pages/wallet/wallet?from=notice",
        account="mini",
    )
    assert misfits(notice.fields) is None


def test_a_thing_that_is_too_long_is_cut_and_nothing_else_is() -> None:
    facts = {**FACTS, "order": "7K2P4M-and-many-more", "until": "soon"}
    notice = wechat(FILE).templates["credit_arrived"].notice(facts, "en")
    assert notice.fields["thing3"] == "For order 7K2P4M-an…"
    assert (misfits(notice.fields) or "").startswith("date2: 'soon' does not fit; it takes a date like")


def test_words_are_translated_and_figures_are_not() -> None:
    forms = wechat(FILE, SPANISH)
    assert forms.templates["credit_arrived"].notice(FACTS, "es").fields["thing3"] == "Del pedido 7K2P4M"
    assert [message.source for message in forms.messages] == [
        "For order {{ order }}",
        "Your usual, {{ order }}",
    ]


def test_a_card_is_written_for_its_contact() -> None:
    card = wechat(FILE).cards["reorder"].card(FACTS, "en")
    assert card == Card(
        "Your usual, 7K2P4M", "pages/reorder/reorder?order=7K2P4M", image="images/reorder.png"
    )


@pytest.mark.parametrize(
    ("text", "place", "problem", "remedy"),
    [
        (
            "menu:\n  - {name: 我的会员积分, keyword: 余额}\n",
            (2, 5),
            "the button's name '我的会员积分' has 18 bytes",
            "16 are the most: 5 Chinese characters",
        ),
        (
            "menu:\n  - name: More\n    buttons:\n      - {name: A, keyword: A, url: 'https://a.example'}\n",
            (4, 9),
            "the button 'A' does not do one thing",
            "give it one of `keyword`, `url`, `page` (with `url`)",
        ),
        (
            "menu:\n  - {name: A}\n",
            (2, 5),
            "the button 'A' does not do one thing",
            "give it one of `keyword`, `url`, `page` (with `url`), `buttons`",
        ),
        (
            "menu:\n  - {name: A, page: pages/a}\n",
            (2, 5),
            "the button 'A' opens a mini program, and old versions of WeChat cannot",
            "add `url:` with the web page they open instead",
        ),
        (
            "menu:\n  - {name: A, keywrd: B}\n",
            (2, 15),
            "`keywrd` is not known here",
            "did you mean `keyword`?",
        ),
        (
            f"menu: [{', '.join(['{name: A, keyword: A}'] * 4)}]\n",
            (1, 7),
            "this is too long (at most 3)",
            "make it shorter",
        ),
        (
            "menu:\n  - {name: A, url: shop.example}\n",
            (2, 20),
            "'shop.example' is no address of a web page",
            "begin it with https://",
        ),
        (
            "templates:\n  paid:\n    id: t1\n    fields: {price1: '{{ x }}'}\n",
            (4, 13),
            "'price1' is no field of a template",
            None,
        ),
        ("templates:\n  paid:\n    fields: {thing1: x}\n", (3, 5), "`id` is missing", "add `id:`"),
        (
            "templates:\n  paid:\n    id: t1\n    fields: {thing1: '{{ x | monney }}'}\n",
            (4, 30),
            None,
            None,
        ),
        (
            "cards:\n  a: {title: A, page: /pages/a}\n",
            (2, 23),
            "'/pages/a' is no page of a mini program",
            "write it like pages/reorder/reorder?order=1",
        ),
        (
            "menu:\n  - {name: A, page: 'pages/a?m={{ member.id }}', url: 'https://a.example'}\n",
            (2, 5),
            "a menu is the same for everybody: no {{ }} in it",
            "write the page out",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    text: str, place: tuple[int, int], problem: str | None, remedy: str | None
) -> None:
    error = refusal(text)
    assert (error.file, error.line, error.column) == ("flows/wechat.yaml", *place)
    assert problem is None or error.problem == problem
    assert remedy is None or error.remedy == remedy


def test_every_mistake_is_told() -> None:
    text = "menu:\n  - {name: A}\n  - {name: B}\ncards:\n  c: {title: C, page: /c}\n"
    assert len(refusal(text).others) == 2
