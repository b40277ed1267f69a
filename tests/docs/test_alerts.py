"""The alerts: every metric they name exists, and the runbook has a line for each of them."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bot.core.messages import Lane, OutboxState, UnsendableReason
from bot.core.pacing import SenderState
from bot.storage.figures import Figures
from bot.web.metrics import Metrics

DOCS = Path(__file__).resolve().parents[2] / "docs"
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((DOCS / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
NAME = re.compile(r"\bregulars_[a-z_]+\b")
SELECTOR = re.compile(r'(regulars_[a-z_]+)\{(\w+)(=~|!~|!=|=)"([^"]*)"\}')
NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


async def samples() -> dict[str, list[dict[str, str]]]:
    """Every sample that a process can show, with its labels."""
    metrics = Metrics()
    metrics.inbound.labels("not_stored").inc()
    metrics.refused.labels("403").inc()
    metrics.statuses.labels("sent").inc()
    metrics.visits.labels("person").inc()
    metrics.pay_notices.labels("PaidNotice").inc()
    metrics.api_requests.labels("/api/orders/{reference}", "200").inc()
    metrics.api_seconds.labels("/api/orders/{reference}").observe(0.01)
    kinds = ("operator_needed", "not_registered", "filtered")
    counted = {
        ("provider_error", f"{21606 + n} {''.join(map(str.title, kind.split('_')))}"): 1
        for n, kind in enumerate(kinds)
    }
    counted |= {("prepay_failed", "refused"): 1, ("prepay_failed", "misset"): 1}
    counted |= {("turn", "failed"): 1, ("message", OutboxState.SENT.value): 1, ("refused", "quiet_hours"): 1}
    held = {reason.value: 1 for reason in UnsendableReason}
    shown = Figures(dict.fromkeys(Lane, 1), {}, held, 1, 1, NOW, 1, {}, [SenderState("channel:sms")], counted)

    async def read() -> Figures:
        return shown

    await metrics.of_all.refresh(read, lambda: NOW)
    found: dict[str, list[dict[str, str]]] = {}
    for family in text_string_to_metric_families(metrics.exposition().decode()):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
async def test_every_metric_and_label_of_an_alert_exists(rule: dict[str, Any]) -> None:
    there = await samples()
    named = NAME.findall(rule["expr"])
    assert named or "up{" in rule["expr"]
    assert set(named) <= there.keys()
    for name, label, operator, value in SELECTOR.findall(rule["expr"]):
        values = {labels[label] for labels in there[name]}
        if operator in {"=", "=~"}:
            assert set(value.split("|")) <= values, name


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_the_runbook_has_a_line_for_every_alert(rule: dict[str, Any]) -> None:
    runbook = (DOCS / "operations.md").read_text(encoding="utf-8")
    assert len(re.findall(rf"^\| {rule['alert']} \| [^|]+ \| [^|]+ \|$", runbook, re.MULTILINE)) == 1
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]


def test_the_runbook_names_no_alert_that_is_gone() -> None:
    runbook = (DOCS / "operations.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| (Regulars\w+) \|", runbook, re.MULTILINE)) == {
        rule["alert"] for rule in RULES
    }


async def test_every_metric_there_is_is_explained() -> None:
    page = (DOCS / "operations.md").read_text(encoding="utf-8")
    explained = set(NAME.findall(page))
    families = {re.sub(r"_(bucket|count|sum|created)$", "", name) for name in await samples()}
    assert families - {"regulars_inbound_total_created"} <= explained | {
        name.removesuffix("_total") for name in explained
    }
