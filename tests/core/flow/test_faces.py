"""Both faces of a message: what it costs as SMS, and what WeChat makes of it."""

from bot.core.flow.compile import compile_flow
from bot.core.flow.faces import Face, FieldShown, faces
from bot.core.flow.reader import read
from bot.core.flow.translations import Translation, Translations
from bot.core.flow.wechat_file import read_wechat
from bot.core.segments import Encoding
from tests.core.flow.rig import flow, steps

FORMS = read_wechat(
    read(
        "templates:\n  late: {id: t1, fields: {thing1: Late, date2: 'not {{ a }}'}}\n"
        "cards:\n  order: {title: 'Order {{ member.first_name }}', page: pages/order}\n",
        "flows/wechat.yaml",
    )
)


def faces_of(text: str) -> list[Face]:
    return list(faces(steps(text), FORMS))


def test_a_text_is_the_same_on_both() -> None:
    (face,) = faces_of("- say: Hello {{ member.first_name }}, 你好")
    assert face.body == "Hello xxxxxxxx, 你好"
    assert face.segments is not None
    assert (face.segments.segments, face.segments.encoding) == (1, Encoding.UCS_2)
    assert face.wechat is not None
    assert (face.wechat.text, face.wechat.parts, face.wechat.size) == (face.body, 1, 22)


def test_options_are_listed_by_sms_and_tapped_on_wechat() -> None:
    (face,) = faces_of("- choose: Which?\n  options: [Tea, 咖啡]")
    assert face.body == "Which?\n1 Tea\n2 咖啡"
    assert face.wechat is not None
    assert (face.wechat.text, face.wechat.options) == ("Which?", ("Tea", "咖啡"))
    assert face.wechat.size == 6 + 3 + 6


def test_yes_and_no_and_words_are_tapped_and_not_listed() -> None:
    yes_no, words = faces_of("- {ask: Sure?, expect: yes_no, else: end}\n- {ask: Size?, expect: [S, M]}")
    assert (yes_no.body, words.body) == ("Sure?", "Size?")
    assert yes_no.wechat is not None
    assert words.wechat is not None
    assert (yes_no.wechat.options, words.wechat.options) == (("Yes", "No"), ("S", "M"))


def test_what_is_chosen_from_a_list_is_shown_with_usual_things() -> None:
    (face,) = faces_of("- {choose: Which?, from: event.things, label: '{{ option.name }}'}")
    assert face.wechat is not None
    assert face.wechat.options == ("x" * 12,) * 2


def test_cards_and_notices_stand_beside_the_text() -> None:
    (face,) = faces_of("- say: {text: Hi, card: order, notice: late}")
    assert face.wechat is not None
    assert face.wechat.card == ("Order xxxxxxxx", "pages/order")
    assert face.wechat.notice == "late"
    fits, fits_not = face.wechat.fields
    assert fits == FieldShown("thing1", "Late", None)
    assert (fits_not.misfit or "").startswith("date2: 'not ")


def test_a_step_of_one_channel_has_one_face() -> None:
    by_sms, on_wechat = faces_of("- say: {text: A, channel: sms}\n- say: {text: B, channel: wechat}")
    assert by_sms.segments is not None
    assert by_sms.wechat is None
    assert on_wechat.segments is None
    assert on_wechat.wechat is not None


def test_every_language_is_shown() -> None:
    spanish = Translations({"es": {"Hello": Translation("Hola", "es", 1)}})
    found = faces(flow("flow: x\nsteps: [{say: Hello}]", translations=spanish))
    assert [(face.language, face.body) for face in found] == [("en", "Hello"), ("es", "Hola")]


def test_a_long_text_takes_several_on_wechat() -> None:
    (face,) = faces_of(f"- say: {'很长的话。' * 150}")
    assert face.wechat is not None
    assert (face.wechat.parts, face.wechat.size) == (2, 2250)


def test_a_letter_shows_its_subject_and_text() -> None:
    source = """\
flow: x
start: [keyword: X]
steps:
  - email: {subject: Hi, text: "Dear {{ member.first_name }}", button: {text: Go, url: "https://a.example"}}
"""
    (face,) = faces(compile_flow(read(source, "x.yaml")))
    assert (face.subject, face.segments, face.wechat) == ("Hi", None, None)
    assert face.body.startswith("Dear ")
    assert face.body.endswith("\nGo")
