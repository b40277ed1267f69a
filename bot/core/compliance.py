"""The legal words STOP, START, HELP and YES in every language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.core.keywords import Keyword, normalise, without_courtesy


class LegalCategory(StrEnum):
    """What a message says that consists of legal words alone."""

    OPT_OUT = "opt-out"
    OPT_IN = "opt-in"
    HELP = "help"
    YES = "yes"  # an opt-in only from a stopped contact, or where a double opt-in waits; else an answer


@dataclass(frozen=True, slots=True)
class LegalWord:
    """A legal word as it was met; `language` is the first that has it."""

    word: str
    category: LegalCategory
    language: str


# English: the words of 47 CFR 64.1200(a)(10) and those Twilio hears. They can be added to, never taken away.
# Left out of the other languages: what is a name or an everyday answer elsewhere (FIN, PARA, TD).
# https://www.ecfr.gov/current/title-47/section-64.1200
# https://help.twilio.com/articles/223134027-Twilio-support-for-opt-out-keywords-SMS-STOP-filtering-
DEFAULT_WORDS: Mapping[LegalCategory, Mapping[str, tuple[str, ...]]] = {
    LegalCategory.OPT_OUT: {
        "en": (
            *("STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE"),
            *("OPTOUT", "OPT OUT", "🛑"),
        ),
        "es": (
            *("ALTO", "PARAR", "PARE", "BAJA", "DAR DE BAJA", "DARME DE BAJA", "DARSE DE BAJA", "CANCELAR"),
            *("SALIR", "DETENER", "TERMINAR", "NO MÁS", "REVOCAR", "DESUSCRIBIR", "DESUSCRIBIRME"),
        ),
        "fr": (
            *("ARRÊT", "ARRÊTER", "ARRÊTEZ", "DÉSABONNER", "SE DÉSABONNER", "ME DÉSABONNER", "DÉSINSCRIRE"),
            *("DÉSINSCRIPTION", "ANNULER", "QUITTER", "RÉSILIER", "RÉVOQUER"),
        ),
        "de": (
            *("STOPP", "STOPPEN", "ABMELDEN", "ABBESTELLEN", "AUSTRAGEN", "BEENDEN", "ENDE", "KÜNDIGEN"),
            *("KUENDIGEN", "WIDERRUF", "WIDERRUFEN", "ABBRECHEN"),
        ),
        "pt": (
            *("PARAR", "PARE", "SAIR", "CANCELAR", "DESCADASTRAR", "DESINSCREVER", "REMOVER", "ENCERRAR"),
            *("CANCELAR INSCRIÇÃO", "REVOGAR", "NÃO MAIS"),
        ),
        "zh_Hans": (
            *("停止", "退订", "取消", "取消订阅", "结束", "退出", "终止", "撤销"),
            *(
                "回复退订",
                "回T退订",
                "回TD退订",
                "退订回T",
                "退订回TD",
                "退订回复T",
            ),  # as others' texts end with
        ),
        "zh_Hant": ("停止", "退訂", "取消", "取消訂閱", "結束", "退出", "終止", "撤銷"),
        "ja": (
            *("停止", "配信停止", "解除", "配信解除", "登録解除", "退会", "中止", "終了", "解約", "取消"),
            *("ストップ", "キャンセル", "オプトアウト"),
        ),
    },
    LegalCategory.OPT_IN: {
        "en": ("START", "UNSTOP"),
        "es": ("INICIAR", "COMENZAR", "EMPEZAR", "REANUDAR", "ALTA"),
        "fr": ("DÉMARRER", "COMMENCER", "REPRENDRE"),
        "de": ("STARTEN", "ANMELDEN"),
        "pt": ("INICIAR", "COMEÇAR", "RETOMAR"),
        "zh_Hans": ("开始", "订阅", "恢复"),
        "zh_Hant": ("開始", "訂閱", "恢復"),
        "ja": ("開始", "再開", "スタート"),
    },
    LegalCategory.HELP: {
        "en": ("HELP", "INFO"),
        "es": ("AYUDA", "INFORMACIÓN"),
        "fr": ("AIDE", "INFOS"),
        "de": ("HILFE",),
        "pt": ("AJUDA", "INFORMAÇÃO"),
        "zh_Hans": ("帮助",),
        "zh_Hant": ("幫助", "說明"),
        "ja": ("ヘルプ",),
    },
    LegalCategory.YES: {
        "en": ("YES",),
        "es": ("SÍ",),
        "fr": ("OUI",),
        "de": ("JA",),
        "pt": ("SIM",),
        "zh_Hans": ("是",),
        "zh_Hant": ("是",),
        "ja": ("はい",),
    },
}

_PLAIN_MAX = 60  # characters, normalised: longer than any legal word with all its courtesies


class LegalWords:
    """The legal words of all languages together: a contact may say STOP in any of them, always."""

    def __init__(self, more: Mapping[LegalCategory, Mapping[str, Iterable[str]]] | None = None) -> None:
        """Take the defaults and the shop's `more` (category → language → words)."""
        self._words: dict[str, LegalWord] = {}
        for words in (DEFAULT_WORDS, more or {}):
            for category, languages in words.items():
                for language, spellings in languages.items():
                    for spelling in spellings:
                        self._add(LegalWord(spelling, category, language))

    def _add(self, word: LegalWord) -> None:
        normalised = normalise(word.word)
        if not normalised:
            raise ValueError(f"the {word.category} word {word.word!r} has no letters")
        known = self._words.setdefault(normalised, word)
        if known.category is not word.category:
            raise ValueError(f"{word.word!r} is an {known.category} word already ({known.language})")

    def find(self, text: str) -> LegalWord | None:
        """Return the legal word that `text` is, from the whole message only.

        "STOP.", "stop!!", "S.T.O.P", "STOP STOP", "Stop. Thank you" and 🛑 are plain; "can't stop
        shopping" is not, nor is "STOP 12345".
        """
        normalised = normalise(text)
        word = self._words.get(normalised)
        if word is not None or not normalised or len(normalised) > _PLAIN_MAX:
            return word
        return self._words.get(_plain(normalised))

    def category(self, text: str) -> LegalCategory | None:
        """Return the category of the legal word that `text` is, in whatever language."""
        word = self.find(text)
        return None if word is None else word.category

    def keywords(self) -> tuple[Keyword, ...]:
        """All of them as keywords, so that a flow which claims one collides with it."""
        return tuple(
            Keyword(word.word, target=word.category, language=word.language, place="the legal words")
            for word in self._words.values()
            if word.category is not LegalCategory.YES
        )


def _plain(normalised: str) -> str:
    bare = without_courtesy(normalised)
    words = bare.split(" ")
    if len(words) == 1:
        return bare[0] if len(set(bare)) == 1 else bare  # 🛑🛑🛑
    if all(len(word) == 1 for word in words):
        return "".join(words)
    return words[0] if len(set(words)) == 1 else bare


DEFAULT = LegalWords()
"""The defaults alone; a shop that adds words has its own."""


def legal_category(text: str, words: LegalWords = DEFAULT) -> LegalCategory | None:
    """Return the category of the legal word that a message is, in whatever language."""
    return words.category(text)


# https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
_OF_OPT_OUT_TYPE = {"STOP": LegalCategory.OPT_OUT, "START": LegalCategory.OPT_IN, "HELP": LegalCategory.HELP}


def category_of_opt_out_type(opt_out_type: str | None) -> LegalCategory | None:
    """Return what the provider took a message for: it has acted on that, so it comes before our reading."""
    return _OF_OPT_OUT_TYPE.get((opt_out_type or "").upper())
