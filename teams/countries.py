"""Countries by their ISO 3166-1 alpha-2 code, named in the language in force (Unicode CLDR, by Babel)."""

from functools import lru_cache

from babel import Locale
from django.utils.translation import get_language


def country_name(code: str) -> str:
    """The country's name; a code nobody knows stays as it is."""
    return _names(_locale()).get(code, code)


def country_choices() -> list[tuple[str, str]]:
    """Code and name of every country, by name as far as the characters go."""
    return sorted(_names(_locale()).items(), key=lambda pair: pair[1])


def _locale() -> str:
    return "zh_Hans" if (get_language() or "zh").startswith("zh") else "en"


@lru_cache(maxsize=4)
def _names(locale: str) -> dict[str, str]:
    territories = Locale.parse(locale).territories
    # Regions such as 001, and codes for "unknown" and tests, are no countries.
    outside = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}
    return {code: str(name) for code, name in territories.items() if len(code) == 2 and code not in outside}
