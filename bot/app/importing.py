"""What imports are run with, for commands: the publication in force."""

import secrets
from dataclasses import replace

from bot.app.channels import address_hashes, shop_settings
from bot.app.databases import Clock, utc_now
from bot.app.handlers import HANDLERS
from bot.config import SECRET_BYTES, Settings
from bot.conversation.conversation import Conversation
from bot.conversation.current import CurrentPublication
from bot.storage.driver import Database
from bot.storage.kept_secret import kept_secret


async def importing(settings: Settings, database: Database, clock: Clock = utc_now) -> Conversation:
    """Load what the turns of an import are decided by."""
    if not settings.secrets:
        made = secrets.token_urlsafe(SECRET_BYTES)
        settings = replace(settings, secrets=(await kept_secret(database, made),))
    current = CurrentPublication(database, shop_settings(settings), HANDLERS)
    return Conversation(
        decider=await current.load(),
        clock=clock,
        load_revision=current.load_revision,
        hash_address=address_hashes(settings),
    )
