"""In which languages whoever reads one may be spoken to, the nearest first."""

from functools import lru_cache


@lru_cache(maxsize=1024)
def fallbacks(locale: str) -> tuple[str, ...]:
    """Return the locales to try, nearest first: `zh_Hans_CN`, `zh_Hans`, `zh`.

    Chinese without a script is tried as what its region writes; who reads traditional characters reads
    simplified ones rather than another language.
    """
    chain = _spellings(locale)
    if "zh_Hant" in chain:
        chain.insert(chain.index("zh_Hant") + 1, "zh_Hans")
    return tuple(chain)


def _spellings(locale: str) -> list[str]:
    parts = locale.replace("-", "_").split("_")
    chain = ["_".join(parts[:count]) for count in range(len(parts), 0, -1)]
    if parts[0] == "zh" and not {"Hans", "Hant"} & {*parts}:
        chain.insert(len(chain) - 1, "zh_Hant" if {"TW", "HK", "MO"} & {*parts} else "zh_Hans")
    return chain


def is_language(locale: str, language: str) -> bool:
    """Whether a locale speaks a language, whatever its region: `zh_Hans_CN` and `zh_CN` speak `zh_Hans`."""
    spoken = _spellings(locale)
    return language.replace("-", "_") in spoken or _spellings(language)[0] == spoken[0]
