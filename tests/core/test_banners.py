"""Banners: until when they stand, and what a flow may say of them."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.core.banners import USUAL, Banner
from bot.core.errors import FlowError
from bot.core.flow.compiled import Say
from bot.core.forms import Form
from tests.core.flow.rig import steps

TUESDAY = datetime(2026, 11, 24, 17, tzinfo=UTC)  # noon in New York
ZONE = "America/New_York"


@pytest.mark.parametrize(
    ("banner", "ends_at"),
    [
        (Banner(), TUESDAY + USUAL),
        (Banner(within=timedelta(hours=3)), TUESDAY + timedelta(hours=3)),
        (Banner(clock=time(22)), datetime(2026, 11, 25, 3, tzinfo=UTC)),
        (Banner(clock=time(11)), datetime(2026, 11, 25, 16, tzinfo=UTC)),
        (Banner(clock=time(22), weekday=6), datetime(2026, 11, 30, 3, tzinfo=UTC)),
        (Banner(clock=time(11), weekday=1), datetime(2026, 12, 1, 16, tzinfo=UTC)),
        (Banner(clock=time(22), weekday=1), datetime(2026, 11, 25, 3, tzinfo=UTC)),
        (Banner(clock=time(22), day=date(2026, 12, 24)), datetime(2026, 12, 25, 3, tzinfo=UTC)),
    ],
)
def test_it_ends_on_the_contacts_own_clock(banner: Banner, ends_at: datetime) -> None:
    assert banner.ends_at(TUESDAY, ZONE) == ends_at


@pytest.mark.parametrize(
    ("written", "banner"),
    [
        ("banner: true", Banner()),
        ("banner: true, until: 3d", Banner(within=timedelta(days=3))),
        ("banner: true, until: sun 22:00", Banner(clock=time(22), weekday=6)),
        ("banner: true, until: 2026-12-24 22:00", Banner(clock=time(22), day=date(2026, 12, 24))),
        ("inbox: true", None),
    ],
)
def test_as_it_is_written(written: str, banner: Banner | None) -> None:
    step = steps(f"- say: {{text: Hi, channel: app, {written}}}").by_id["1"]
    assert isinstance(step, Say)
    assert step.delivery.banner == banner


@pytest.mark.parametrize(
    "written",
    ["banner: true", "channel: app, until: 3d", "channel: app, banner: true, until: soon", "until: 3d"],
)
def test_what_no_page_can_show_is_refused(written: str) -> None:
    with pytest.raises(FlowError):
        steps(f"- say: {{text: Hi, {written}}}")


def test_it_is_kept_with_its_message() -> None:
    form = Form(banner_until=TUESDAY)
    assert Form.from_json(form.to_json()) == form
    assert Form.from_json({}).banner_until is None
