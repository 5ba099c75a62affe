"""Container numbers by ISO 6346: owner code, category, serial number, check digit. Pure.

Three letters of the owner, one of the category (U freight container, J equipment, Z trailer or chassis), six digits,
and a digit that gives a mistyped letter or number away.
"""

import re
from collections.abc import Iterator
from string import ascii_uppercase

from django.utils.translation import gettext as _

from teams.errors import InvalidInput

_NUMBER = re.compile(r"[A-Z]{3}[UJZ]\d{7}", re.ASCII)
_BETWEEN = re.compile(r"[,;，；、/\n]+")
_INSIDE = re.compile(r"[\s\-.]+")
# A is 10, and no letter is a multiple of 11.
_LETTERS = dict(zip(ascii_uppercase, (value for value in range(10, 39) if value % 11), strict=True))


class ContainerRefused(InvalidInput):
    """Not a container number, or its check digit is wrong."""

    code = "container_no"


def check_digit(first_ten: str) -> int:
    """The check digit of owner, category and serial number, such as 3 for CSQU305438 (ISO 6346, annex A)."""
    total = sum(_value(char) * 2**place for place, char in enumerate(first_ten))
    return total % 11 % 10


def _value(char: str) -> int:
    """Digits count as themselves, letters from 10 on, leaving out the multiples of 11."""
    if char.isdigit():
        return int(char)
    return _LETTERS[char]


def normal_numbers(text: str) -> str:
    """The container numbers in `text`, in capitals without blanks, one comma between them.

    Raises:
        ContainerRefused: naming the number at fault, and the digit that it should end with.
    """
    return ", ".join(dict.fromkeys(_numbers(text)))


def _numbers(text: str) -> Iterator[str]:
    for part in _BETWEEN.split(text):
        number = _INSIDE.sub("", part).upper()
        if not number:
            continue
        if not _NUMBER.fullmatch(number):
            raise _refused(
                _("“%(number)s” is no container number: three letters, then U, J or Z, then seven digits.")
                % {"number": part.strip()[:40]}
            )
        digit = check_digit(number[:10])
        if int(number[10]) != digit:
            raise _refused(
                _("The check digit of %(number)s is wrong: with these letters and digits it would be %(digit)s.")
                % {"number": number, "digit": digit}
            )
        yield number


def _refused(message: str) -> ContainerRefused:
    return ContainerRefused(message, fields={"container_no": message})
