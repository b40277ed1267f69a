"""Templates: what is wrong with them is said where it stands, and what they say without HTML."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.email.holes import parted
from bot.core.email.mailbox import masked, read_mailbox
from bot.core.email.markup import as_html, with_hrefs
from bot.core.email.templates import compile_template, usual_template
from bot.core.errors import FlowError

BEGIN, END = "<mjml><mj-body><mj-section><mj-column>", "</mj-column></mj-section></mj-body></mjml>"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (f"{BEGIN}\n<mj-foo>a</mj-foo>{END}", "t.mjml:2:1: MJML has no <mj-foo>"),
        (f"{BEGIN}\n<mj-text>a{END}", "t.mjml:2:11: </mj-column> closes what is not open"),
        ("<mjml>\n<mj-body>", "t.mjml:2:1: <mj-body> is never closed"),
        (f'{BEGIN}<mj-include path="/etc/passwd" />{END}', "a template includes no other"),
        (f"{BEGIN}\n<mj-text>{{{{ b | mony }}}}</mj-text>{END}", "there is no filter 'mony'"),
        (f"{BEGIN}<mj-text>{{% if a %}}</mj-text>{END}", "t.mjml:1:"),
        ("<p>Hi</p>", "this is no MJML"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(source: str, told: str) -> None:
    with pytest.raises(FlowError) as raised:
        compile_template(source, name="t", file="t.mjml")
    assert told in str(raised.value)


def test_it_says_without_html_what_it_says_with_it() -> None:
    inside = (
        "<mj-text>Hi <b>{{ name }}</b> &amp; co<br/>Second line</mj-text>"
        "<mj-raw>{% if offer %}</mj-raw>"
        '<mj-text>See <a href="https://a.example/x">this</a></mj-text>'
        '<mj-button href="https://shop.example/{{ code }}">Go</mj-button>'
        "<mj-raw>{% endif %}</mj-raw><mj-text>{{ footer }}</mj-text>"
    )
    template = compile_template(BEGIN + inside + END, name="t", file="t.mjml")
    said = template.text.render({"name": "Ana", "offer": True, "code": "7"}, "en")
    assert [line for line in said.splitlines() if line] == [
        "Hi Ana & co",
        "Second line",
        "See this (https://a.example/x)",
        "Go: https://shop.example/7",
    ]
    assert template.unsubscribes
    assert template.hosts == {"a.example", "shop.example"}


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("\x02\x030<>&\"'"), max_size=40))
def test_values_never_become_markup(value: str) -> None:
    source = f"{BEGIN}<mj-text>FROM{{{{ v }}}}UNTIL</mj-text>{END}"
    template = compile_template(source, name="t", file="t.mjml")
    html = template.frame.whole(template.fill({"v": value}, "en"))
    inside = html[html.index("FROM") + 4 : html.rindex("UNTIL")]
    assert "<" not in inside
    assert '"' not in inside


def test_a_letter_of_another_frame_is_told_from_it() -> None:
    one, _ = parted("<p>{{ a }}</p>")
    other, _ = parted("<b>{{ a }}</b>")
    assert one.digest != other.digest
    assert one.whole("\x020\x03x\x021\x03\x029\x03") == "<p>x</p>"
    assert usual_template().frame.digest == usual_template().frame.digest


def test_texts_become_paragraphs_and_links_lead_elsewhere() -> None:
    html = as_html("Hi <you>\nthere\n\nSee https://a.example/?x=1&y=2.")
    assert html == (
        "<p>Hi &lt;you&gt;<br>there</p>"
        '<p>See <a href="https://a.example/?x=1&amp;y=2">https://a.example/?x=1&amp;y=2</a>.</p>'
    )
    led = with_hrefs(html, {"https://a.example/?x=1&y=2": "https://b.example/l/1"})
    assert 'href="https://b.example/l/1"' in led


def test_mailboxes_are_read_as_they_are_kept() -> None:
    assert read_mailbox(" Ana.B+x@Mail.Example ") == "ana.b+x@mail.example"
    for wrong in ("ana", "@b.example", "a@b", "a b@c.example", "a@-b.example", ".a@b.example", "a@1.2.3.4"):
        assert read_mailbox(wrong) is None
    assert masked("ana@mail.example") == "a…@mail.example"
