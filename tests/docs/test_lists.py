"""The lists and numbers that the pages for outsiders state are those of the code."""

import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from bot.app import HANDLERS, TALLY_SECONDS
from bot.channels.twilio import errors
from bot.conversation.checking import look_over
from bot.conversation.legal import CONFIRM_STOP_WITHIN
from bot.core.compliance import DEFAULT_WORDS, LegalCategory
from bot.core.consent import CONFIRM_WITHIN, ConsentSource
from bot.core.flow.keywords_file import read_keywords
from bot.core.flow.reader import read
from bot.core.gate import HOLD_MAX, OPERATOR_AGAIN_AFTER, RULES, USUAL_POLICY
from bot.core.hearing import CLARIFY_WITHIN
from bot.core.messages import Lane, MessageClass, OutboxState, UnsendableReason
from bot.core.pacing import AHEAD
from bot.core.quiet_hours import NIGHT, PREFERRED_HOURS
from bot.core.replies import DEFAULT_REPLIES, RequiredReply
from bot.core.wording import read as read_wording
from bot.jobs.outbox import BULK
from bot.jobs.reconciliation import Patience
from handlers.snooze import SNOOZE_MAX
from handlers.undo import UNDO_WITHIN

PROJECT = Path(__file__).resolve().parents[2]
LANGUAGES = {
    "English": "en",
    "Spanish": "es",
    "French": "fr",
    "German": "de",
    "Portuguese": "pt",
    "Simplified Chinese": "zh_Hans",
    "Traditional Chinese": "zh_Hant",
    "Japanese": "ja",
}


def page(name: str) -> str:
    return (PROJECT / "docs" / name).read_text(encoding="utf-8")


def table(name: str, heading: str) -> list[list[str]]:
    """The rows of the first table under a heading, without its own heading."""
    section = page(name).split(f"# {heading}\n", 1)[1]
    lines = re.search(r"(?:^\|.*\|\n)+", section, re.MULTILINE)
    assert lines is not None, heading
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[0].splitlines()]
    return rows[2:]


def test_the_legal_words_are_those_of_the_code() -> None:
    written = {
        row[0]: [tuple(cell.split(", ")) for cell in row[1:]] for row in table("consent.md", "Legal words")
    }
    order = (LegalCategory.OPT_OUT, LegalCategory.OPT_IN, LegalCategory.HELP, LegalCategory.YES)
    assert written == {
        name: [DEFAULT_WORDS[category][language] for category in order]
        for name, language in LANGUAGES.items()
    }


def test_every_language_has_every_reply() -> None:
    assert set(DEFAULT_REPLIES) == set(LANGUAGES.values())
    assert {row[0].strip("`") for row in table("consent.md", "Required replies and words of your own")} == {
        str(reply) for reply in RequiredReply
    }


def test_the_words_of_the_law_are_among_the_legal_words() -> None:
    line = re.search(r"any reasonable means; \*([^*]+)\*", page("compliance.md"))
    assert line is not None
    assert {word.upper() for word in line[1].split(", ")} <= set(DEFAULT_WORDS[LegalCategory.OPT_OUT]["en"])


@pytest.mark.parametrize("row", table("consent.md", "What else a contact can say"), ids=lambda row: row[0])
def test_what_a_contact_can_say_starts_the_flow_it_names(row: list[str]) -> None:
    flow = yaml.safe_load((PROJECT / "flows" / f"{row[0].strip('`')}.yaml").read_text(encoding="utf-8"))
    starters = flow["start"]
    known = {word for starter in starters for word in starter.get("keyword", ())}
    patterns = [re.compile(starter["message"], re.IGNORECASE) for starter in starters if "message" in starter]
    words = [
        word
        for words in row[1].removesuffix(", and a group's name").split(" · ")
        for word in words.split(", ")
    ]
    unheard = [word for word in words if word not in known and not any(p.search(word) for p in patterns)]
    assert not unheard


@pytest.mark.parametrize("row", table("consent.md", "STOP in other words"), ids=lambda row: row[0])
def test_the_examples_of_free_wording_are_read_as_it_says(row: list[str]) -> None:
    assert {str(read_wording(text).verdict) for text in row[1].split(" · ")} == {row[0]}


def test_the_reading_that_is_shown_is_what_one_gets() -> None:
    assert f"\n{read_wording('pls stop txting me')}\n" in page("consent.md")


def test_the_category_that_is_shown_can_be_written(tmp_path: Path) -> None:
    shown = re.search(r"^categories:\n(?:  .*\n)+", page("consent.md"), re.MULTILINE)
    assert shown is not None
    shutil.copytree(PROJECT / "flows", tmp_path, dirs_exist_ok=True)
    with (tmp_path / "keywords.yaml").open("a", encoding="utf-8") as keywords:
        keywords.write(shown[0])
    assert not look_over(tmp_path, PROJECT / "locales", HANDLERS).errors
    written = read_keywords(read((tmp_path / "keywords.yaml").read_text(encoding="utf-8"), "keywords.yaml"))
    assert (
        written.category_reply("parking", "es", "Corner Leaf")
        == "Corner Leaf: park behind the shop, two hours are free."
    )


def test_every_reason_has_its_line() -> None:
    section = page("delivery.md").split("## Why a message waits, or never left\n")[1].split("\n## ")[0]
    listed = {row[0].strip("`") for row in table("delivery.md", "Why a message waits, or never left")}
    later = {UnsendableReason.SUPPRESSED.value}
    assert listed | later == {reason.value for reason in UnsendableReason}
    assert not listed & later
    assert all(f"`{reason}`" in section for reason in later)


def test_the_lanes_and_states_are_those_of_the_code() -> None:
    assert [row[0] for row in table("delivery.md", "Lanes and order")] == [
        f"{lane.value} {lane.name.lower()}" for lane in Lane
    ]
    drawn = page("delivery.md").split("```\n")[1]
    beside = "Beside them stand `canceled`, by an operator, and `refused`"
    assert beside in page("delivery.md")
    assert {state.value for state in OutboxState} == set(re.findall(r"[a-z]+", drawn)) & {
        state.value for state in OutboxState
    } | {"canceled", "refused"}


def test_the_classes_are_those_the_gate_knows() -> None:
    listed = [row[0].strip("`") for row in table("compliance.md", "The gate")]
    assert listed == [message_class.value for message_class in MessageClass]
    assert set(RULES) == set(MessageClass)


def test_the_codes_that_are_named_are_known() -> None:
    rows = table("delivery.md", "What Twilio says, and what follows")
    named = {int(code) for row in rows for code in re.findall(r"\b\d{5}\b", row[1])}
    assert named <= {code for codes in errors._REMEDIES.values() for code in codes}  # noqa: SLF001  # the table itself


def test_the_sources_of_consent_are_those_of_the_code() -> None:
    shown = re.search(r"the source \(([^)]+)\)", page("compliance.md"))
    assert shown is not None
    assert re.findall(r"`(\w+)`", shown[1]) == [source.value for source in ConsentSource]


def clock(hours: str) -> str:
    kept = PREFERRED_HOURS[hours]
    return f"{kept.ends.hour}:00 and {kept.starts.hour}:00"


NUMBERS = {
    ("consent.md", f"the group's own `confirmations`, for {CONFIRM_WITHIN.days} days"),
    ("consent.md", f"Without an answer within {CLARIFY_WITHIN // timedelta(hours=1)} hours we stop all."),
    ("consent.md", f"within {CLARIFY_WITHIN // timedelta(hours=1)} hours of our question is stopped"),
    ("consent.md", f"a year ({SNOOZE_MAX.days} days) at most"),
    ("consent.md", f"for {UNDO_WITHIN // timedelta(minutes=1)} minutes: the credit returns"),
    ("consent.md", f"between {clock('mornings')}, {clock('afternoons')}, or {clock('evenings')}"),
    ("consent.md", f"is quiet from {NIGHT.starts.hour}:00 to {NIGHT.ends.hour}:00"),
    ("consent.md", f"({NIGHT.within // timedelta(hours=1)}h unless given)"),
    ("consent.md", f"held for more than {HOLD_MAX.days} days"),
    ("delivery.md", f"more than {USUAL_POLICY.body_max} characters"),
    ("delivery.md", f"looks again every {OPERATOR_AGAIN_AFTER // timedelta(minutes=1)} minutes"),
    ("delivery.md", f"Bulk has {BULK.senders * BULK.at_once} messages in hand"),
    ("delivery.md", "1, 5 and 15 minutes after the doubt"),
    ("delivery.md", "Ten hours after the hand-over"),
    ("delivery.md", "Answers may run a minute ahead of it"),
    ("compliance.md", "It leaves within five minutes of the STOP or not at all"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "sentence"), sorted(NUMBERS))
def test_the_numbers_are_those_of_the_code(name: str, sentence: str) -> None:
    assert sentence in page(name)


def test_the_numbers_written_in_words_are_those_of_the_code() -> None:
    minutes = [after // timedelta(minutes=1) for after in Patience().asks]
    assert minutes == [1, 5, 15]
    assert Patience().too_old == timedelta(hours=10)
    assert AHEAD[Lane.REPLY] == timedelta(minutes=1)
    assert timedelta(minutes=5) == CONFIRM_STOP_WITHIN


def test_the_jobs_are_those_that_are_struck() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (PROJECT / "bot" / "app").glob("*.py")]
    found = re.findall(r'Job\("(\w+)", ([\w.]+),', "".join(sources))
    struck = {name: every.replace("_", "") for name, every in found}
    del struck["outbox_at_once"]  # struck by a turn and not by a clock
    struck["tally"] = struck["learnt"] = str(TALLY_SECONDS)
    rows = table("architecture.md", "Jobs")
    assert {row[0].strip("`"): row[1].removesuffix(" s") for row in rows} == struck


@pytest.mark.parametrize("name", ["architecture.md", "consent.md", "delivery.md", "compliance.md"])
def test_every_file_that_is_named_is_there(name: str) -> None:
    named = set(re.findall(r"`((?:bot|flows|handlers|tests|benchmarks)/[\w./]+)`", page(name)))
    assert not [path for path in named if not (PROJECT / path).exists()]


def test_the_roads_can_be_followed() -> None:
    for heading in ("The life of an inbound SMS", "The life of a message that answers nobody"):
        road = page("architecture.md").split(f"## {heading}\n")[1].split("\n## ")[0]
        assert 1 <= len(re.findall(r"^\d\. ", road, re.MULTILINE)) <= 7
