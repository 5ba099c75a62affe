"""Countries by ISO code or by their English or Chinese name. Pure."""

from functools import lru_cache

from babel import Locale


def code_of(text: str) -> str | None:
    """The ISO 3166-1 alpha-2 code of a country, `None` if the text names none."""
    return _codes().get(_folded(text))


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    codes: dict[str, str] = {}
    for language in ("en", "zh_Hans"):
        for code, name in Locale.parse(language).territories.items():
            # ZZ is "unknown region", EU and UN and the like are no countries one ships to.
            if len(code) == 2 and code.isalpha() and code not in {"ZZ", "EU", "EZ", "UN", "QO", "XA", "XB"}:
                codes[_folded(name)] = codes[_folded(code)] = code
    return codes


def _folded(text: str) -> str:
    return text.strip().casefold().replace("’", "'")
