"""A running application: what its parts are asked for."""

from dataclasses import dataclass

from bot.app.databases import Clock
from bot.config import Settings
from bot.conversation.cashier import Cashier
from bot.conversation.conversation import Conversation
from bot.conversation.current import CurrentPublication
from bot.conversation.decide import Decisions
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.receipts import Receipts
from bot.conversation.shown import Shown
from bot.jobs.clockwork import Clockwork
from bot.storage import revisions
from bot.storage.driver import Database
from bot.storage.tally import Tally
from bot.web.metrics import Metrics
from bot.web.track.door import Tracker


@dataclass(slots=True)
class Running:
    """A running application."""

    settings: Settings
    database: Database
    behind: Database
    """The same, for jobs: whoever writes to us never waits for them."""
    conversation: Conversation
    dispatcher: Dispatcher
    receipts: Receipts
    shown: Shown
    """What was shown in inboxes on our pages and is not recorded yet."""
    clockwork: Clockwork
    current: CurrentPublication
    metrics: Metrics
    clock: Clock
    tally: Tally
    """What this process counted and is not in the database yet."""
    cashier: Cashier | None = None
    """By which cash is paid; None where no merchant is set up."""
    tracker: Tracker | None = None
    """What puts tracked messages into the books."""

    @property
    def decisions(self) -> Decisions:
        """What decides turns now."""
        assert isinstance(self.conversation.decider, Decisions)
        return self.conversation.decider

    async def reload(self) -> int:
        """Use what was published since; 1 when something was."""
        newer = await self.current.load_if_new(self.decisions)
        if newer is None:
            return 0
        self.conversation.decider = newer
        return 1

    async def problem(self) -> str | None:
        """Say why messages cannot be handled now; None when they can."""
        if not self.dispatcher.is_running:
            return "turns are not taken any more"
        try:
            await self.database.query(revisions.generation)
        except Exception as error:  # noqa: BLE001  # whatever the database says, the answer is: not ready
            return f"the database does not answer: {type(error).__name__}"
        return None
