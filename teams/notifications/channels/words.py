"""Users' words made harmless for each kind of markup: they show as they were typed, and mean nothing.

WeCom and DingTalk document no escape sign, so characters with a meaning become their full-width twins there.
"""

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote

_OVERRIDES = dict.fromkeys(range(0x202A, 0x202F))  # would turn round what follows them
# At the beginning of a line these make headings, lists, quotes and rules.
_LEADING = re.compile(r"^(?:([#>=+-])(?=[\s#=-]|$)|([0-9]{1,9})([.)])(?=\s|$))")
_MARKS = "*`~"
# Inside of a word an underscore is a letter, as in PO_2026_01.
_LOOSE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_ENTITIES = re.compile(r"[&<>*~`_\[\]()#!|\\]")
_BACKSLASHED = re.compile(r"[\\`*_\[\]()<>#!|~]")


def one_line(words: str) -> str:
    """Without line breaks, control characters and lone surrogates."""
    kept = (" " if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") else char for char in words)
    return " ".join("".join(kept).translate(_OVERRIDES).split())


def twin(char: str) -> str:
    """The full-width form of an ASCII character."""
    return chr(ord(char) + 0xFEE0)


def twinned(words: str) -> str:
    """For markup without an escape sign."""
    return _without_pairs(re.sub(r"[<>\[\]]", lambda found: twin(found[0]), _without_leading(one_line(words))))


def slack(words: str) -> str:
    return slack_signs(_without_pairs(one_line(words)))


def slack_signs(text: str) -> str:
    """The three signs that mean something to Slack wherever they stand, in links too."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def entities(words: str) -> str:
    """For Feishu, which documents HTML's."""
    return _ENTITIES.sub(lambda found: f"&#{ord(found[0])};", _without_leading(one_line(words), "#>"))


def backslashed(words: str) -> str:
    """For the Markdown of Adaptive Cards."""
    return _BACKSLASHED.sub(r"\\\g<0>", _without_leading(one_line(words), "#>"))


def _without_leading(text: str, leave: str = "") -> str:
    def replaced(found: re.Match[str]) -> str:
        if found[1]:
            return found[1] if found[1] in leave else twin(found[1])
        return found[2] + twin(found[3])

    return _LEADING.sub(replaced, text)


def _without_pairs(text: str) -> str:
    """One mark alone means nothing; two of a kind make what is between them bold, struck out or code."""
    for mark in _MARKS:
        if text.count(mark) > 1:
            text = text.replace(mark, twin(mark))
    return _LOOSE_UNDERSCORE.sub(twin("_"), text) if text.count("_") > 1 else text


def href(url: str) -> str:
    """One of our own addresses, without a character that would end a link; anything else gives no link."""
    if not url.startswith(("https://", "http://")):
        return ""
    return quote(url, safe=":/?#@!$&'*+,;=%~")


def joined(parts: Iterable[str], separator: str) -> str:
    return separator.join(part for part in parts if part)
