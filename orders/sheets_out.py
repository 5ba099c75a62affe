"""What leaves as a sheet: text that no spreadsheet takes for a formula (reliability C45). Pure."""

import re

LONGEST_CELL = 32_767
# XML 1.0 knows none of these.
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
# Spreadsheets read a cell of a CSV file that begins so as a formula; the full-width forms count in some of them.
_FORMULA = re.compile(r"[=+\-@\t\r＝＋－＠]")


def safe_text(text: str) -> str:
    """Text for a cell of an xlsx file, whose type says that it is text: legal characters, not too long."""
    clean = _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
    return clean if len(clean) <= LONGEST_CELL else clean[: LONGEST_CELL - 1] + "…"


def unguarded(text: str) -> str:
    """The text without the apostrophe that `guarded` writes; any other apostrophe stays."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text, 1) else text


def guarded(text: str) -> str:
    """Text for a cell of a CSV file: an apostrophe before what would be a formula; the import takes it off again."""
    return f"'{text}" if _FORMULA.match(text) else text
