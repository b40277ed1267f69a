"""The in-app channel: a message leaves by being kept in the inbox on our pages."""

from bot.channels.channel import Sent
from bot.core.gate import Cleared
from bot.core.in_app import APP
from bot.core.messages import OutboxState


class AppChannel:
    """Keeps every message where it is: the pages read the outbox (see `bot.storage.inbox`)."""

    name = APP

    async def send(self, cleared: Cleared) -> Sent:
        """Let the inbox have the message; it is delivered once it was shown."""
        return Sent(provider_id=f"{APP}:{cleared.message.id}", state=OutboxState.SENT, segments=0)

    async def close(self) -> None:
        """Nothing to let go of."""
