"""A letter as mail servers take it: headers, a text part, an HTML part.

https://www.rfc-editor.org/rfc/rfc5322, one-click unsubscribing by https://www.rfc-editor.org/rfc/rfc8058.
"""

import unicodedata
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from bot.core.email.letters import Whole

_UNFOLDED = SMTP.clone(max_line_length=998)
"""Folded at 78 characters, the long address in List-Unsubscribe would be encoded; no mailbox reads that."""


SEAL = "X-Regulars-Letter"
"""The header that a server's report of the letter quotes, and no mail program shows."""


def written(whole: Whole, *, sender: str, to: str, name: str, seal: str, at: datetime) -> bytes:
    """Write a letter; `sender` is as it stands in From, `name` what servers call the letter."""
    domain = domain_of(sender)
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(sender)
    message["To"] = _address(to)
    message["Subject"] = _one_line(whole.subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{name}@{domain}>"
    message[SEAL] = seal
    if whole.reply_to:
        message["Reply-To"] = _address(whole.reply_to)
    if whole.unsubscribe is not None:
        # The one address is left at by a machine's POST, and shows a page to who follows it.
        message["List-Unsubscribe"] = f"<{whole.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's "I am on holiday" comes back
    message.set_content(whole.text, cte="quoted-printable")
    if whole.html is not None:
        message.add_alternative(whole.html, subtype="html", cte="quoted-printable")
    return message.as_bytes(policy=_UNFOLDED.clone(utf8=not to.isascii()))


def _one_line(text: str) -> str:
    """Return a text without line ends and control characters, which would end a header or garble it."""
    return "".join(letter for letter in " ".join(text.split()) if unicodedata.category(letter) != "Cc")


def domain_of(sender: str) -> str:
    """Return the domain of who a letter is from, as DNS knows it."""
    return _idna(parseaddr(sender)[1].rpartition("@")[2])


def bare(mailbox: str) -> str:
    """Return a mailbox as the envelope has it: without a name, its domain as DNS knows it."""
    local, _, domain = parseaddr(mailbox)[1].rpartition("@")
    return f"{local}@{_idna(domain)}"


def _address(mailbox: str) -> Address:
    shown, _ = parseaddr(mailbox)
    local, _, domain = bare(mailbox).rpartition("@")
    return Address(shown, local, domain)


def _idna(domain: str) -> str:
    return domain if domain.isascii() else domain.encode("idna").decode("ascii")
