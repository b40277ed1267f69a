"""What is said everywhere: emoji, English that everybody knows, and patterns that most languages share."""

from collections.abc import Mapping
from dataclasses import replace

from bot.core.wording.grammar import Page

SIGNS: Mapping[int, str] = str.maketrans(
    {
        "🛑": " stopsign ",
        **dict.fromkeys("🚫⛔📵🔕🔇🙅❌", " nosign "),
        **dict.fromkeys("✋🤚🖐", " handsign "),
        **dict.fromkeys("😂🤣😹", " lol "),
    }
)

_WORDS = {
    "sign": "stopsign nosign handsign",
    "stop": "stop stopsign",
    "nosign": "nosign",
    "handsign": "handsign",
    "message": "sms spam",
    "spam": "spam",
    "please": "please pls plz svp",
    "small": "please pls plz svp sms",
    "lead": (
        "ok okay hi hello hey thanks thank_you thx ty nosign handsign por_favor gracias merci danke bitte "
        "obrigado obrigada"
    ),
    "joke": "lol lmao rofl haha{,ha,haha} hehe{,he} jaja{,ja,jaja} kk{,k,kk,kkk} omg mdr ptdr xd",
}

# Kinds that a page may leave empty.
_KINDS = (
    *(
        "stop",
        "thing",
        "contact",
        "call",
        "send",
        "message",
        "content",
        "me",
        "number",
        "list",
        "remove",
        "cancel",
    ),
    *("subscription", "unsub", "not", "none", "want", "receive", "again", "complaint", "stranger", "consent"),
    *("revoke", "begone", "too_many", "fewer", "block", "account", "only", "source", "small", "lead", "join"),
    *("if", "ask", "limit", "why", "joke", "please", "undo"),
    *(
        "said",
        "rude",
        "gone",
        "isnt",
        "elsewhere",
        "who",
        "subscribe",
        "most",
        "rate",
        "praise",
        "permit",
        "one",
        "still",
        "nobody",
        "asked",
        "wish",
        "end",
        "can",
        "switch_off",
        "calm",
        "program",
        "quit",
        "nth",
        "leave",
        "in_peace",
        "never",
        "enrolled",
        "not_receive",
        "wrong",
        "miss",
        "customer",
        "unsubbed",
        "object",
        "i_am_not",
        "give",
        "tired",
        "enough",
    ),
)

_TRIGGERS = (
    "stop sign not none unsub remove cancel revoke begone complaint stranger too_many fewer spam block "
    "why only source account rude gone isnt who most block permit tired calm nth quit in_peace nobody "
    "switch_off end"
)

_PLAIN = (
    # Stop, quit, basta
    "^ stop thing? $",
    "^ stop again $",
    "^ stop digits $",
    "please stop thing? $",
    "^ stop stranger|complaint",
    "^ stop not want",
    "stranger|complaint stop thing? $",
    "stop contact",
    "stop call me",
    "stop call again? $",
    "stop call contact|number",
    "not call contact",
    "want stop receive thing? message|content|thing|$",
    "not want again? receive? list",
    "not want thing receive",
    "stop send me? $",
    "stop send me? thing? message|content|thing",
    "stop message",
    "stop unsub",
    "stop thing message",
    # do not text me
    "not again? contact me? again? $",
    "not again? contact me? again",
    "not again? contact number|message",
    "not again? send me? again? thing? $",
    "not again? send me? again? thing? message|content",
    "not again? send me? thing again",
    "not want again? receive? me? again? message|content",
    "not want again? receive thing? again? $",
    "none message again? $",
    "^ nosign message $",
    # unsubscribe, take me off, cancel the messages, lose my number, revoke consent
    "^ unsub $",
    "unsub me|message|subscription|number|list|thing",
    "want|please|complaint unsub $",
    "want unsub",
    "^ unsub complaint|stranger",
    "remove me? number $",
    "remove me? number list",
    "remove me list",
    "^ remove me $",
    "want|please|complaint remove me $",
    "alone ^ cancel $",
    "cancel thing? message",
    "cancel thing? subscription $",
    "cancel thing? subscription message|list",
    "alone ^ cancel thing $",
    "not again? consent|permit again? $",
    "not give consent",
    "revoke consent",
    "begone",
    # I said stop; to hell with your texts; we have no permission
    "said me? stop|unsub",
    "said ... stop|unsub $",
    "rude stop|unsub|message|spam|contact",
    "rude ... message|spam",
    "not want|receive|source? consent ... contact|send|message|number",
    "not permit ... contact|send|message|number",
)

_UNCLEAR = (
    "^ complaint $",
    "alone not again? call me? again? $",
    "alone not again? call number",
    "stranger $",
    "^ remove $",
    "please remove $",
    "ask unsub $",
    "ask stop thing? message|contact|receive|send",
    "ask stop thing $",
    "contact|send me? fewer",
    "^ fewer $",
    "too_many message",
    "^ spam $",
    "thing 'is'|'ist'|'é'|'es'|'est'? spam $",
    "'é' thing? spam $",
    "stop send me? limit",
    "alone not want thing $",
    "^ nosign $",
    "^ handsign $",
    "fewer message",
    "block $",
    "remove|cancel account",
    "why contact|send",
    "source number",
    "only content",
    "stop ... message",
    "not ... contact me",
    "not send me? thing? message|content ... limit",
    # the wrong person: whoever it was has died, or has another number
    "gone",
    "number|me isnt ... again",
    "number|me isnt ... again? $",
    "block ... if ... contact|send|message",
    "tired again? thing? message|receive|contact",
    "complaint thing? message",
    "most ... message ... rate",
    "most ... rate ... message|contact|send",
    "^ cancel thing please",
    "most one? message? rate",
    "rate most",
    "^ rude $",
    "who ... contact|send me",
    "who contact|send",
    "complaint receive|subscribe? thing? $",
)

# Where no closer pattern says more: what is near enough to be meant, whatever stands between.
_LOOSE = (
    "stop ~ contact|send|message|receive ~ me|number|message|thing",
    "stop ~ message|list",
    "contact|send|message ~ stop $",
    "not ~ contact|send ~ number|again",
    "stop ~ contact|send",
    "contact ~ wrong",
    "remove ~ number",
    "none ~ message 'to'|'a'|'à'|'an'|'para'|'pra' number",
    "ask ~ not again? receive",
    "ask ~ not_receive",
    "not_receive ~ ask",
    "list ~ remove $",
    "nobody ~ asked|want ~ message|contact|consent",
    "nobody ~ asked|want ~ send",
    "nobody ~ consent",
    "wish ~ message ~ end",
    "message ~ wish ~ end",
    "message ~ wish ~ stop",
    "wish ~ stop ~ message|contact|send",
    "can ~ switch_off thing|message",
    "can thing ~ switch_off",
    "message ~ can ~ switch_off|cancel",
    "calm ~ message|contact|send|content",
    "not want ~ program",
    "quit|revoke|unsub ~ program",
    "program ~ unsub|quit|revoke",
    "nth ~ stop|remove|unsub|quit",
    "leave ~ in_peace",
    "still receive thing",
    "stop 'avec'|'with'|'con'|'com'|'mit' ~ content",
    "never enrolled ~ message|send",
    "not want ~ contact|send ~ me|thing",
    "unsubbed ~ still",
    "not|none ~ contact|send|message ~ again",
    "none ~ message ~ please",
    "me ~ not ~ contact|send",
    "not want ~ message",
    "message ~ not|none ~ want|again",
    "remove ~ me|number|list ~ list|message",
    "list ~ me|number ~ remove",
    "me|number ~ list ~ remove",
    "number ~ remove",
    "stranger ~ stop|not|remove",
    "complaint ~ stop|remove|contact|send|message",
    "unsub|unsubbed|stop ~ still ~ receive|message|contact|send",
    "why ~ contact|send|receive ~ me|number|message",
    "customer ~ stop|remove|not",
)

_INNOCENT = (
    *("i_am_not object", "stranger object", "object stranger", "complaint object", "object isnt"),
    "thing isnt object",
    *("why not send|contact", "not stop", "not unsub", "not remove", "not cancel"),
    "stop|unsub 'para'|'pour'|'to'|'um' not? ... receive|unsub|cancel|stop|message",
    # our own words, quoted or forwarded: "STOP to 36111"
    "stop message? 'au'|'al'|'ao'|'an'|'to'|'a' short_code",
)


def completed(page: Page) -> Page:
    """Return a page with what is said everywhere added to it."""
    shared = _WORDS if page.spaced else {kind: line for kind, line in _WORDS.items() if kind != "small"}
    kinds = dict.fromkeys((*_KINDS, *shared, *page.words))
    words = {kind: f"{shared.get(kind, '')} {page.words.get(kind, '')}" for kind in kinds}
    return replace(
        page,
        words=words,
        triggers=f"{_TRIGGERS} {page.triggers}",
        plain=(*_PLAIN, *page.plain),
        unclear=(*_UNCLEAR, *_LOOSE, *page.unclear),
        innocent=(*_INNOCENT, *page.innocent),
    )
