"""What every turn knows of the shop."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.audiences.figures import NO_FIGURES, Figures
from bot.core.contact import Product
from bot.core.email.writing import NO_LETTERS, Letters
from bot.core.experiments.experiment import Experiment
from bot.core.feedback import ApprovedQuote
from bot.core.flow.halts import Halts
from bot.core.flow.wechat_forms import NO_FORMS, WechatForms
from bot.core.gate import Policy
from bot.core.groups import Group
from bot.core.links import ShortLinks
from bot.core.loyalty.places import PLAIN, Selling
from bot.core.loyalty.program import Program
from bot.core.page_links import PageLinks
from bot.core.replies import nearest
from bot.core.senders import MAIN, SenderPool
from bot.core.surveys import Survey


@dataclass(frozen=True, slots=True)
class Shop:
    """What every turn knows of the shop: read once per revision, shared by all turns."""

    name: str
    zone: str
    program: Program
    program_policy: str
    """The program's revision as `id@version`: frozen into every lot it grants."""
    policy: Policy
    groups: Mapping[str, Group]
    """Every subscription group by name; START without more opts in to all of them."""
    senders: Mapping[str, SenderPool]
    """The sender pools by name; empty where nothing is set up to send from. Ask `pool`."""
    products: Mapping[str, Product] = field(default_factory=dict)
    links: ShortLinks | None = None
    """How links are shortened; None: they go out as they are written."""
    secrets: tuple[bytes, ...] = field(default=(), repr=False)
    """The server's, newest first: what draws and keyed hashes are made with, each for its own purpose."""
    public_url: str = ""
    """Where our own pages are; empty: nowhere."""
    wechat: WechatForms = NO_FORMS
    """The cards and templates of messages on WeChat, and the menus."""
    surveys: Mapping[str, Survey] = field(default_factory=dict)
    """What is asked on our pages of who likes to answer, by its flow."""
    quotes: tuple[ApprovedQuote, ...] = ()
    """What people wrote and texts may show, newest first."""
    selling: Selling = PLAIN
    """Where orders go and how they are paid."""
    figures: Figures = NO_FIGURES
    """Computed traits and audiences."""
    letters: Letters = NO_LETTERS
    """The brand and the templates of emails."""
    halted: Halts = field(default_factory=dict)
    """The flows that an operator paused, or lets nobody into."""
    experiments: Mapping[str, Experiment] = field(default_factory=dict)
    """What is tried, by name: experiments.yaml's, and those that flows declare."""
    join_words: Mapping[str, str] = field(default_factory=dict)
    """The word that joins by text, by language; the first is of the language that the shop writes first."""

    def join_word(self, locale: str) -> str:
        """Return the word that joins, in the nearest language there is one of; empty where none joins."""
        for spelling in nearest(locale):
            if word := self.join_words.get(spelling):
                return word
        return next(iter(self.join_words.values()), "")

    def pool(self, channel: str, group: str | None = None) -> SenderPool | None:
        """Return the senders of a message; None where the channel has but one way to speak."""
        if channel != "sms":
            return None
        known = self.groups.get(group or "")
        return self.senders.get((known.sender if known else None) or MAIN)

    @property
    def pages(self) -> PageLinks | None:
        """Links to our pages; None where there is nowhere to lead to, or nothing to sign with."""
        return PageLinks(self.public_url, self.secrets) if self.public_url and self.secrets else None

    def owns(self, number: str) -> bool:
        """Whether a number is one of ours."""
        return any(number in pool.numbers for pool in self.senders.values())
