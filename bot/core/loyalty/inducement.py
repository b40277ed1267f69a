"""Words that speak of sharing or following: nothing is given for that, WeChat forbids induced sharing."""

import re

_WORD = re.compile(r"[^\W_]+")
_INDUCES = frozenset(
    (
        *("share", "shares", "shared", "sharing", "follow", "follows", "followed", "following", "follower"),
        *("forward", "forwarded", "repost", "reposted", "moments"),
    )
)
_INDUCES_CHINESE = ("分享", "转发", "關注", "关注", "朋友圈")


def speaks_of_sharing(named: str) -> bool:
    """Whether the name of an event, a rule or a keyword speaks of sharing or following."""
    return bool(_INDUCES & {word.casefold() for word in _WORD.findall(named.replace("_", " "))}) or any(
        word in named for word in _INDUCES_CHINESE
    )
