"""What clients of other systems send to: Segment's, Leanplum's, Braze's."""

import os

from aiohttp import web

from bot.app.running import Running
from bot.web.braze import BrazeApi
from bot.web.leanplum import LeanplumApi
from bot.web.track.door import SourceDoor
from bot.web.track.routes import TrackingApi


def add_tracking(server: web.Application, app: Running) -> None:
    """Let a server hear them: one door for all, so that a source has one quota."""
    if app.tracker is None:
        return
    door = SourceDoor(app.database, app.clock, app.tally)
    segment = TrackingApi(door, app.tracker, app.clock, os.urandom, app.settings.public_url)
    server.add_routes(segment.routes())
    leanplum = LeanplumApi(
        door,
        app.tracker,
        lambda: app.decisions.publication.variables,
        lambda: app.decisions.shop.experiments,
        app.clock,
        os.urandom,
    )
    server.add_routes(leanplum.routes())
    braze = BrazeApi(
        door, app.tracker, app.dispatcher, lambda: app.decisions.publication, app.clock, os.urandom
    )
    server.add_routes(braze.routes())
