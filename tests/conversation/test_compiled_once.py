"""What was compiled in this process is not compiled again, unless its text or its translations changed."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.conversation.published_files import compiled
from bot.conversation.publishing import compile_folder, flow_of, read_folder
from bot.core.errors import FlowError

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HELLO = "flow: hello\nlanguage: en\nstart: [keyword: [HI]]\nsteps: [say: Hello there]\n"
PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Hello there"\nmsgstr "{}"\n'


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with one flow, in two languages."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "hello.yaml").write_text(HELLO)
    (tmp_path / "locales" / "es" / "LC_MESSAGES").mkdir(parents=True)
    translated(tmp_path, "Hola")
    return tmp_path


def translated(shop: Path, text: str) -> None:
    """Write the Spanish of it."""
    (shop / "locales" / "es" / "LC_MESSAGES" / "messages.po").write_text(PO.format(text))


def test_a_folder_is_compiled_again_where_its_text_or_its_words_changed(shop: Path) -> None:
    def flow() -> object:
        folder = read_folder(shop / "flows", shop / "locales")
        return flow_of(folder.files[0], folder)

    first = flow()
    assert flow() is first
    translated(shop, "Buenas")
    second = flow()
    assert second is not first
    translated(shop, "Hola")
    assert flow() is first
    (shop / "flows" / "hello.yaml").write_text(HELLO.replace("there", "you"))
    assert all(flow() is not one for one in (first, second))
    (shop / "flows" / "hello.yaml").write_text(HELLO.replace("say:", "sya:"))
    for _ in range(2):
        with pytest.raises(FlowError):
            flow()


def test_a_revision_is_compiled_once_and_each_revision_by_itself(shop: Path) -> None:
    (revision,) = compile_folder(read_folder(shop / "flows", shop / "locales"), NOW)
    assert revision.translations == {"es": {"Hello there": "Hola"}}
    flow = compiled(revision)
    assert flow is not None
    assert compiled(replace(revision, published_by="somebody")) is flow
    assert compiled(replace(revision, revision=2)) is not flow
    translated(shop, "Buenas")
    (other,) = compile_folder(read_folder(shop / "flows", shop / "locales"), NOW)
    assert compiled(other) is not flow
