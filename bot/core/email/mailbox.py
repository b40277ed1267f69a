"""Mailboxes: the addresses of the email channel, as we write them."""

import re

EMAIL = "email"
"""The channel's name."""
LENGTH_MAX = 254  # https://www.rfc-editor.org/errata/eid1690
_LOCAL_MAX = 64  # RFC 5321, 4.5.3.1.1
_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+")
_LABEL = re.compile(r"[a-z0-9\u0080-\U0010ffff](?:[a-z0-9\u0080-\U0010ffff-]*[a-z0-9\u0080-\U0010ffff])?")


def read_mailbox(text: str) -> str | None:
    """Return a mailbox as it is kept, in lower case; None where nothing can be sent to what it says.

    Strictly, what stands before the @ is its server's to tell apart; no server of today does by case.
    """
    mailbox = text.strip().lower()
    local, at, domain = mailbox.rpartition("@")
    if not at or len(mailbox) > LENGTH_MAX or len(local) > _LOCAL_MAX:
        return None
    if not _LOCAL.fullmatch(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        return None
    labels = domain.split(".")
    is_domain = len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels)
    return mailbox if is_domain and not labels[-1].isdecimal() else None


def masked(mailbox: str) -> str:
    """Return a mailbox so that its owner knows it and nobody else learns it: `a…@example.com`."""
    local, _, domain = mailbox.rpartition("@")
    return f"{local[:1]}…@{domain}"
