"""Words that speak of sharing, following and the like: WeChat forbids to give anything for that."""

import re

from bot.core.platform_rules import LEVELS, SHARING, SUBSCRIBING, Rule

MINI_PROGRAM_OPENED, PAGE_OPENED = "Mini Program Opened", "Page Opened"
PAGE_SHARED = "Page Shared"
_OPENING = frozenset({MINI_PROGRAM_OPENED, PAGE_OPENED, "Campaign Opened"})
"""Events of who opened a link or a page: rewards for clicking are forbidden."""
_WORD = re.compile(r"[^\W_]+")
_SHARING = frozenset(
    ("share", "shares", "shared", "sharing", "forward", "forwarded", "repost", "reposted", "moments")
)
_SHARING_CHINESE = ("分享", "转发", "朋友圈")
_FOLLOWING = frozenset(("follow", "follows", "followed", "following", "follower"))
_FOLLOWING_CHINESE = ("關注", "关注")
_SUBSCRIBING = re.compile(
    r"\b(?:subscri(?:be|bes|bed|bing|ption)|click(?:s|ed|ing)?)\b|订阅|訂閱|点击", re.IGNORECASE
)
_LEVELS = re.compile(
    r"\bdownlines?\b|\bfriends? of (?:a )?friends?\b|\bfriend'?s friends?\b|\bmulti[ _-]?level\b"
    r"|多级|下线|分销",
    re.IGNORECASE,
)
_ASKS_TO_FOLLOW = re.compile(
    r"\b(?:follow|subscribe)\b[^.!?]{0,40}\b(?:get|win|earn|receive|free)\b"
    r"|\b(?:get|win|earn|receive)\b[^.!?]{0,40}\b(?:follow|subscribe)\b"
    r"|(?:关注|订阅)[^。！？]{0,12}[领送得赢享奖]|[领送得赢享奖][^。！？]{0,12}(?:关注|订阅)"
    r"|\b(?:s[ií]gue(?:nos)?|suscr[ií]bete)\b[^.!?]{0,40}\b(?:gana|recibe|gratis)\b",
    re.IGNORECASE,
)
_ASKS_TO_SHARE = re.compile(
    r"\b(?:moments|group chats?)\b[^.!?]{0,40}\b(?:get|win|earn|receive|free)\b"
    r"|\b(?:get|win|earn|receive)\b[^.!?]{0,40}\b(?:moments|group chats?)\b"
    r"|(?:朋友圈|转发|群聊)[^。！？]{0,12}[领送得赢享奖]|[领送得赢享奖][^。！？]{0,12}(?:朋友圈|转发|群聊)",
    re.IGNORECASE,
)


def induces(named: str) -> Rule | None:
    """Return the rule against giving something for what a name speaks of: of an event, a rule, a keyword."""
    words = {word.casefold() for word in _WORD.findall(named.replace("_", " "))}
    if _SHARING & words or any(word in named for word in _SHARING_CHINESE):
        return SHARING
    if named in _OPENING or _FOLLOWING & words or any(word in named for word in _FOLLOWING_CHINESE):
        return SUBSCRIBING
    return LEVELS if _LEVELS.search(named.replace("_", " ")) else None


def speaks_of_subscribing(named: str) -> bool:
    """Whether a name speaks of subscribing or clicking, which may be rewarded everywhere but on WeChat."""
    return _SUBSCRIBING.search(named.replace("_", " ").replace("-", " ")) is not None


def invites(text: str) -> Rule | None:
    """Return the rule that a text seems to break: it promises something for following or sharing."""
    if _ASKS_TO_SHARE.search(text):
        return SHARING
    return SUBSCRIBING if _ASKS_TO_FOLLOW.search(text) else None
