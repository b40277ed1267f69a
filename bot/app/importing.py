"""What imports are run with, for commands: the publication in force, and what keeps figures current."""

import secrets
from dataclasses import dataclass, replace

from bot.app.channels import address_hashes, shop_settings
from bot.app.databases import Clock, utc_now
from bot.app.handlers import HANDLERS
from bot.config import SECRET_BYTES, Settings
from bot.conversation.batch import Conversation
from bot.conversation.current import CurrentPublication
from bot.conversation.tracking.keeping import KeepCurrent, keep_nothing
from bot.storage.driver import Database
from bot.storage.kept_secret import kept_secret


@dataclass(frozen=True, slots=True)
class Importing:
    """What an import decides by."""

    conversation: Conversation
    keep_current: KeepCurrent


async def importing(settings: Settings, database: Database, clock: Clock = utc_now) -> Importing:
    """Load what an import decides by."""
    if not settings.secrets:
        made = secrets.token_urlsafe(SECRET_BYTES)
        settings = replace(settings, secrets=(await kept_secret(database, made),))
    current = CurrentPublication(database, shop_settings(settings), HANDLERS)
    conversation = Conversation(
        decider=await current.load(),
        clock=clock,
        load_revision=current.load_revision,
        hash_address=address_hashes(settings),
    )
    return Importing(conversation, keep_nothing)
