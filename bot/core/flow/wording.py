"""The few sentences a flow says when its author wrote none; translated like the author's own."""

THANKS = "Thanks{% if member.first_name %}, {{ member.first_name }}{% endif %}!"

STILL_OPEN = "Still open: {{ question }}"
"""How a question is put once more after something came between."""

RETRIES = {
    "name": "Please reply with a first name alone, like Ana.",
    "text": "Sorry, that does not help me here.",
    "any": "Sorry, that does not help me here.",
    "number": "Please reply with a number.",
    "date": "Please reply with a date, like 1990-05-21.",
    "birthday": "Please reply with a date, like May 21.",
    "yes_no": "Please reply YES or NO.",
    "email": "Please reply with an email address.",
    "choice": "Please reply with one of the answers.",
    "score": "Please reply with a number from {{ low }} to {{ high }}.",
}
"""What is said before a question is asked again, by what it expects."""

HINTS = {
    "rate": "Reply with a number from {{ low }} to {{ high }}: {{ high }} is best.",
    "nps": "Reply with a number from {{ low }} to {{ high }}: {{ high }} is very likely.",
}
"""How a rating is given where nothing can be tapped, by the kind of step."""

YES_OR_NO = ("Yes", "No")
"""What is tapped to answer such a question, where answers can be tapped."""

LABEL = "{{ option }}"
"""How a thing in a list is shown when the author does not say."""

NOTE = "A standard sentence of the flow."

SKIP = ("skip", "pasar", "omitir", "saltar", "passer", "pular", "uberspringen", "跳过", "跳過", "スキップ")
"""Words, normalised, that leave a question out in any language."""

YES = (
    *("yes", "y", "yep", "yeah", "ok", "okay", "sure", "si", "s", "claro", "oui", "ja", "sim"),
    *("是", "是的", "好", "好的", "对", "要", "はい"),
)
NO = ("no", "n", "nope", "nah", "non", "nein", "nao", "不", "不是", "不要", "否", "没有", "いいえ")
"""Words, normalised, that mean yes or no in any language."""
