"""Named texts: flows say them by name, and a published flow keeps what it said when the file changes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.conversation.published_files import compiled
from bot.conversation.publishing import compile_folder, read_folder
from bot.core.errors import FlowError
from bot.core.flow import compiled as flows
from bot.storage.revisions import Revision

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
COPY = """
birthday_warm:
  occasion: birthday
  tone: warm
  text: {en: "Happy birthday, {{ member.first_name | default: 'friend' }}!", es: "¡Feliz cumpleaños!"}
hello:
  occasion: welcome
  channel: sms
  text: Hello there
"""
FLOW = """
flow: wishes
language: en
start: [{keyword: WISH}]
steps:
  - say: {copy: birthday_warm}
  - say: {copy: hello}
"""
PO = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "Hello there"
msgstr "你好"
"""


def written(folder: Path, *, copy: str = COPY, flow: str = FLOW) -> list[Revision]:
    """Write the files and compile them."""
    for name, text in {
        "flows/wishes.yaml": flow,
        "flows/copy/cards.yaml": copy,
        "locales/zh_Hans/LC_MESSAGES/messages.po": PO,
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return compile_folder(read_folder(folder / "flows", folder / "locales"), NOW)


def said(revision: Revision, locale: str) -> list[str]:
    """What a published flow says in a language."""
    flow = compiled(revision)
    assert flow is not None
    return [step.wording.render({"member": {}}, locale) for step in flow.steps if isinstance(step, flows.Say)]


def test_a_flow_says_a_text_by_its_name_in_every_language(tmp_path: Path) -> None:
    found = {one.flow: one for one in written(tmp_path)}
    assert found.keys() == {"wishes", "copy/cards"}
    assert said(found["wishes"], "en") == ["Happy birthday, friend!", "Hello there"]
    assert said(found["wishes"], "es_MX") == ["¡Feliz cumpleaños!", "Hello there"]
    assert said(found["wishes"], "zh_Hans") == ["Happy birthday, friend!", "你好"]
    flow = compiled(found["wishes"])
    assert flow is not None
    assert flow.copies == {"birthday_warm", "hello"}


def test_another_text_is_another_revision_of_whoever_says_it(tmp_path: Path) -> None:
    before = {one.flow: one for one in written(tmp_path)}
    after = {one.flow: one for one in written(tmp_path, copy=COPY.replace("Hello there", "Hi"))}
    assert before["wishes"].checksum != after["wishes"].checksum
    assert said(before["wishes"], "en")[1] == "Hello there"
    assert said(after["wishes"], "en")[1] == "Hi"
    with_note = {one.flow: one for one in written(tmp_path, copy=f"# a note\n{COPY}")}
    assert before["wishes"].checksum == with_note["wishes"].checksum


@pytest.mark.parametrize(
    ("copy", "flow", "file", "problem"),
    [
        (COPY, FLOW.replace("hello", "helo"), "flows/wishes.yaml", "no text is called 'helo'"),
        (COPY, FLOW.replace("copy: hello", "copy: hello, channel: wechat"), "flows/wishes.yaml", "for sms"),
        (COPY, FLOW.replace("copy: hello", "copy: hello, text: Hi"), "flows/wishes.yaml", "two things"),
        (COPY, FLOW.replace("copy: hello", "tag: sale"), "flows/wishes.yaml", "nothing is said here"),
        (COPY.replace("text: Hello there", "language: en"), FLOW, "flows/copy/cards.yaml", "`text`"),
        (COPY.replace("{en:", "{fr:"), FLOW, "flows/copy/cards.yaml", "no text in en"),
        (COPY.replace("tone", "tune"), FLOW, "flows/copy/cards.yaml", "`tune` is not known"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(
    tmp_path: Path, copy: str, flow: str, file: str, problem: str
) -> None:
    with pytest.raises(FlowError) as error:
        written(tmp_path, copy=copy, flow=flow)
    found = [(one.file, str(one)) for one in (error.value, *error.value.others)]
    assert any(where == file and problem in what for where, what in found), found


def test_a_name_is_one_text(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "flows/copy/more.yaml").write_text(COPY, encoding="utf-8")
    with pytest.raises(FlowError) as error:
        compile_folder(read_folder(tmp_path / "flows", tmp_path / "locales"), NOW)
    assert "is a text of flows/copy/cards.yaml already" in str(error.value)
