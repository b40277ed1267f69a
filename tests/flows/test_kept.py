"""What the shop tells of credit, codes and levels is in the inbox of the pages where it can go nowhere else.

On WeChat that is often: nothing may be sent two days after the last message, unless a notice was allowed.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.conversation.chat import FLOWS as FOLDER

ELSEWHERE = {"link_code", "linked"}
"""They prove a phone number, or say that it was proven: they are for that number and that chat."""
FLOWS = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in FOLDER.glob("*.yaml")}
SERVICE = sorted(
    name
    for name, one in FLOWS.items()
    if one.get("class") == "service" and not any("keyword" in start for start in one["start"])
)
"""Those that nobody asked for a word: what answers somebody can go where they wrote."""


def says(told: Any) -> Iterator[Any]:  # noqa: ANN401  # as YAML is read
    """All that the steps of a flow say, however deep."""
    for value in told.values() if isinstance(told, dict) else told if isinstance(told, list) else ():
        yield from says(value)
    if isinstance(told, dict) and "say" in told:
        yield told["say"]


@pytest.mark.parametrize("name", sorted({*SERVICE} - ELSEWHERE))
def test_what_a_service_flow_says_is_kept(name: str) -> None:
    said = [*says(FLOWS[name]["steps"])]
    assert said
    assert [one for one in said if not (isinstance(one, dict) and one.get("inbox") is True)] == []


def test_they_are_found() -> None:
    assert {"card_full", "gift_received", "refund", *ELSEWHERE} <= {*SERVICE}
