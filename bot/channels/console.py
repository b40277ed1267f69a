"""The console channel: a message leaves by being printed, for `regulars chat`."""

from collections.abc import Callable

from bot.channels.channel import Sent
from bot.core.gate import Cleared
from bot.core.messages import OutboxState


class ConsoleChannel:
    """Writes every message with `write`, one call each, media links on lines of their own."""

    name = "console"

    def __init__(self, write: Callable[[str], None] = print) -> None:
        self._write = write

    async def send(self, cleared: Cleared) -> Sent:
        """Print the message; it is delivered at once."""
        outgoing = cleared.message
        self._write("\n".join(part for part in (outgoing.body, *outgoing.media) if part))
        return Sent(provider_id=f"console:{outgoing.id}", state=OutboxState.DELIVERED)

    async def close(self) -> None:
        """Nothing to let go of."""
