"""The composition root: puts the parts together from the settings, starts and stops them in order."""

from bot.app.channels import address_hashes, mail_server
from bot.app.databases import open_database, prepare_database, publish_folder, push, utc_now
from bot.app.handlers import HANDLERS
from bot.app.jobs import TALLY_SECONDS, due_jobs
from bot.app.running import Running
from bot.app.serving import MESSAGES, serving
from bot.app.starting import Role, decisions, running, take_turn

__all__ = [
    "HANDLERS",
    "MESSAGES",
    "TALLY_SECONDS",
    "Role",
    "Running",
    "address_hashes",
    "decisions",
    "due_jobs",
    "mail_server",
    "open_database",
    "prepare_database",
    "publish_folder",
    "push",
    "running",
    "serving",
    "take_turn",
    "utc_now",
]
