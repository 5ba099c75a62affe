"""Container numbers by ISO 6346."""

import pytest
from django.utils import translation

from orders.containers import ContainerRefused, check_digit, normal_numbers


# Published examples: CSQU3054383 (BIC), MSCU6639870, TGHU7599330, HLXU2008419, TRLU1717700 (a remainder of 10 gives 0).
@pytest.mark.parametrize("number", ["CSQU3054383", "TGHU7599330", "HLXU2008419", "MSKU9070323", "TEXU3070079"])
def test_known_numbers_keep_their_digit(number):
    assert check_digit(number[:10]) == int(number[10])


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("csqu 305438-3", "CSQU3054383"),
        ("CSQU3054383、tghu7599330", "CSQU3054383, TGHU7599330"),
        (" CSQU3054383 ;; CSQU3054383\n", "CSQU3054383"),
        ("", ""),
    ],
)
def test_numbers_are_written_alike(text, normal):
    assert normal_numbers(text) == normal


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("CSQU3054384", "it would be 3"),
        ("CSQU3504383", "it would be"),  # two digits swapped
        ("CSQX3054383", "three letters"),
        ("CSQU305438", "three letters"),
        ("ＣＳＱＵ3054383", "three letters"),
        ("CSQU3054383, ABC", "“ABC”"),
    ],
)
def test_a_wrong_number_is_named_with_what_it_should_be(text, says):
    with translation.override("en"), pytest.raises(ContainerRefused, match=says) as refusal:
        normal_numbers(text)
    assert list(refusal.value.fields) == ["container_no"]


def test_every_single_mistyped_digit_is_found():
    good = "CSQU3054383"
    for place in range(4, 10):
        for digit in "0123456789":
            if digit != good[place]:
                assert check_digit(good[:place] + digit + good[place + 1 : 10]) != 3
