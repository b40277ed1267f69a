"""What is counted: turns by outcome, their time, the backlog; for Prometheus at `/metrics`."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from bot.web.metrics_of_all import OfAll

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """The counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.registry = CollectorRegistry()
        self.inbound = Counter(
            "regulars_inbound_total", "Inbound messages by outcome", ["outcome"], registry=self.registry
        )
        self.refused = Counter(
            "regulars_webhook_refused_total",
            "Webhooks refused, by reason",
            ["reason"],
            registry=self.registry,
        )
        self.statuses = Counter(
            "regulars_status_total", "Status callbacks by state", ["state"], registry=self.registry
        )
        self.pushes = Counter(
            "regulars_wechat_pushes_total",
            "Pushes of WeChat, by what they meant",
            ["meaning"],
            registry=self.registry,
        )
        self.wechat_answers = Counter(
            "regulars_wechat_answers_total",
            "Answers to what contacts say in WeChat: in the response, left to the outbox, or late",
            ["how"],
            registry=self.registry,
        )
        self.pay_notices = Counter(
            "regulars_pay_notices_total",
            "What WeChat Pay told and was believed, by what it was about",
            ["about"],
            registry=self.registry,
        )
        self.visits = Counter(
            "regulars_link_visits_total",
            "Visits to short links: by kind of visitor, or why they led nowhere",
            ["kind"],
            registry=self.registry,
        )
        self.api_requests = Counter(
            "regulars_api_requests_total",
            "Requests to the shop API, by the route's pattern and status",
            ["route", "status"],
            registry=self.registry,
        )
        self.api_seconds = Histogram(
            "regulars_api_seconds",
            "Seconds from a request to the shop API to its answer, by the route's pattern",
            ["route"],
            registry=self.registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )
        self.seconds = Histogram(
            "regulars_inbound_seconds",
            "Seconds from webhook to answer",
            registry=self.registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )
        self.backlog = Gauge("regulars_backlog", "Works that wait for a turn", registry=self.registry)
        self.of_all = OfAll()
        self.registry.register(self.of_all)

    def exposition(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self.registry)
