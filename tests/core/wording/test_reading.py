"""Free wording: what revokes, what is asked about, what only sounds like it, and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.wording import Verdict, read

PLAIN = (
    *(
        "pls stop txting me",
        "STOP. Thank you",
        "stop 12345",
        "take me off your list",
        "quit sending me these",
    ),
    *(
        "lose my number",
        "wrong number, stop",
        "stahp",
        "st0p texting me",
        "🛑",
        "🛑🛑 no more texts",
        "✋ stop",
    ),
    *("Stop - John", "STOP – Ana", "STOPSTOP", "stop123", "STOPstop stop", "Stop receiving"),
    *("no más", "ya no me manden mensajes", "dejá de escribirme", "denme de baja por favor"),
    *("Stopp bitte", "keine SMS mehr", "melden Sie mich ab", "lasst mi in ruah"),
    *("arrêtez de m'envoyer des sms", "ne m’écrivez plus", "pu de textos svp"),
    *("não me mande mais mensagens", "para de mandar msg", "deixem-me em paz"),
    *("I already told you STOP", "ya les dije STOP", "consent withdrawn", "kitenme de la lista"),
    *("退订", "别再发了", "把我的号码删掉", "別再傳了", "唔好再send嚟啦"),
    *("もう送らないで", "配信を止めてください", "リストから外してください"),
)
UNCLEAR = (
    *("how do i unsubscribe", "too many texts", "wrong number", "stop texting me after 9pm", "🚫", "✋"),
    *("¿cómo me doy de baja?", "comment me désabonner", "wie kann ich mich abmelden", "como faço pra sair"),
    *("怎么退订", "簡訊太多", "配信停止の方法を教えて"),
    *("this number isn't Maria's anymore", "my wife passed away", "who is texting me?", "fuck off"),
    *("no more than one text a week please", "comment on arrête ça", "點樣可以取消", "父は他界しました"),
    "I asked you last month to quit whatever this is with all your many texts",
)
NONE = (
    *("can't stop - love it", "latte2 please", "covid19 hours?", "bus stop2 at noon?"),
    *("can't stop shopping", "weekend", "when does the sale end", "bus stop near you?", "cancel my order"),
    *("stop by the shop tomorrow", "don't stop sending me deals", "I never want to leave"),
    *("END of season sale?", "What happens if I text STOP?", "haha stop, I'm drooling", "no thanks"),
    *('You wrote "Reply STOP to cancel", is that about my order?', "STOP SMS au 36180, c'est quoi ?"),
    *("i want to unsubscribe from my gym", "stop it, so yummy", "解除の仕方がわかりません、ロックの"),
    *("my phone died", "wrong order", "ce n'est pas ma commande", "STOPと送るとポイントは消えますか"),
    *("para dos personas", "fin de semana", "no paro de comer", "Ende der Woche", "keine Zwiebeln bitte"),
    *("arrêt de bus", "j'arrête pas de rire", "plus de fromage svp", "pare de preocupar", "fim de semana"),
    *("取消订单", "停车场在哪", "特别好吃", "不要香菜", "唔好意思", "注文をキャンセル", "止まらない", ""),
)


@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_request_revokes(text: str) -> None:
    assert read(text).verdict is Verdict.PLAIN


@pytest.mark.parametrize("text", UNCLEAR)
def test_what_may_be_meant_is_asked_about(text: str) -> None:
    assert read(text).verdict is Verdict.UNCLEAR


@pytest.mark.parametrize("text", NONE)
def test_tempting_words_are_no_request(text: str) -> None:
    assert read(text).verdict is Verdict.NONE


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("pls stop txting me", ("stop: stop", "contact: txting")),
        ("don't stop", ("not: dont", "stop: stop")),
        ("unless I text STOP", ("if: unless",)),
        ("stop texting me at night", ("stop: stop", "contact: texting", "limit: at night")),
    ],
)
def test_a_reading_names_what_decided(text: str, because: tuple[str, ...]) -> None:
    assert read(text).because == because


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("please remove me from your list", "en"),
        ("bórrenme de su lista", "es"),
        ("désabonnez-moi", "fr"),
        ("keine Werbung mehr", "de"),
        ("parem de mandar mensagens", "pt"),
        ("不要再发短信", "zh_Hans"),
        ("不要再發短訊", "zh_Hant"),
        ("もう送らないで", "ja"),
    ],
)
def test_a_reading_names_its_language(text: str, language: str) -> None:
    assert read(text).language == language


@given(st.text(max_size=1700))
def test_any_text_can_be_read(text: str) -> None:
    assert read(text) == read(text)


@given(
    text=st.sampled_from((*PLAIN, *UNCLEAR, *NONE)),
    before=st.sampled_from(("", " ", "\n", "  \t")),
    after=st.sampled_from(("", " ", "!", "!!!", ".", "...", " 😡", " 🙏🏽", "👍", "\n\n")),
    upper=st.booleans(),
)
def test_case_punctuation_space_and_emoji_around_it_change_nothing(
    text: str, before: str, after: str, *, upper: bool
) -> None:
    written = f"{before}{text.upper() if upper else text}{after}"
    assert read(written).verdict is read(text).verdict


@given(
    text=st.sampled_from((*PLAIN, *UNCLEAR, *NONE)), gap=st.sampled_from(("  ", "\t", " \u200b ", "\u00a0"))
)
def test_the_width_of_spaces_changes_nothing(text: str, gap: str) -> None:
    assert read(text.replace(" ", gap)).verdict is read(text).verdict


@given(
    st.lists(
        st.sampled_from(
            ("stop", "dont", "text", "me", "the", "if", "and", "sms", "no", "list", "my", "5", ",", ".")
        ),
        max_size=300,
    )
)
def test_words_in_any_order_can_be_read(words: list[str]) -> None:
    assert read(" ".join(words)).verdict in Verdict
