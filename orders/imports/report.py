"""What an import says: errors, doubtful cells and counts, as one document or as text. A dry run says the same."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

SHOWN_VALUE = 40
MOST_ERRORS = 1000

# Rules that refuse the file; nothing is written.
ERRORS: dict[str, Any] = {
    "ragged": gettext_lazy("the row has %(count)s cells, the header %(expected)s"),
    "missing_column": gettext_lazy("the file lacks this column"),
    "double_column": gettext_lazy("this column stands twice in the header"),
    "nameless_column": gettext_lazy("the column holds values but has no header"),
    "empty": gettext_lazy("a value is needed"),
    "control_character": gettext_lazy("the text holds characters that are none, such as NUL"),
    "not_a_date": gettext_lazy("not a date in a form the profile knows"),
    "ambiguous_date": gettext_lazy(
        "day, month or century cannot be told apart; write 2026-03-04, or declare the format"
    ),
    "no_year": gettext_lazy("the date has no year; say which one is meant"),
    "no_such_day": gettext_lazy("this day does not exist"),
    "implausible_year": gettext_lazy("the year is not plausible"),
    "not_a_number": gettext_lazy("not a number (digits with a decimal point)"),
    "negative": gettext_lazy("must not be negative"),
    "not_positive": gettext_lazy("must be more than zero"),
    "too_precise": gettext_lazy("at most %(places)s decimal places"),
    "too_large": gettext_lazy("the number is too large"),
    "too_long": gettext_lazy("at most %(limit)s characters, here %(length)s"),
    "not_a_code": gettext_lazy("only letters, digits, dot, dash, underscore and #"),
    "unknown_choice": gettext_lazy("not one of: %(known)s"),
    "unknown_country": gettext_lazy("not a country known by name or ISO code"),
    "double_id": gettext_lazy("row %(row)s has the same identifier"),
    "double_position": gettext_lazy("row %(row)s has the same line of this order"),
    "pointer_to_nothing": gettext_lazy("points to a row that is not in the file"),
    "pointer_elsewhere": gettext_lazy("points to row %(row)s, which belongs to another shipment"),
    "differs_in_order": gettext_lazy("row %(row)s says something else for the same order: %(other)s"),
    "differs_in_shipment": gettext_lazy("row %(row)s says something else for the same shipment: %(other)s"),
    "differs_in_company": gettext_lazy("row %(row)s says something else for the same company: %(other)s"),
    "number_taken": gettext_lazy("this number exists already and was not brought by this profile"),
    "company_taken": gettext_lazy("a company with this code belongs to another team"),
    "several_companies": gettext_lazy("several companies have this name; use the code"),
    "changed_here": gettext_lazy("the file differs from the last import, and the order was changed here since"),
    "line_gone": gettext_lazy("the last import had a line “%(line)s” of this order; the file lacks it"),
    "changed_shipment": gettext_lazy("the line was imported with shipment “%(old)s”"),
}
# Rules that only make a cell doubtful; it is taken as the sentence says.
DOUBTS: dict[str, Any] = {
    "serial": gettext_lazy("a spreadsheet's day number, taken as %(now)s"),
    "not_given": gettext_lazy("a text stands instead of a value; taken as not known"),
    "pointer": gettext_lazy("the value stands on row %(row)s for the whole shipment"),
    "pointer_to_text": gettext_lazy("points to row %(row)s, which holds a text and no value; taken as not known"),
    "repaired": gettext_lazy("was encoded twice; read as “%(now)s”"),
    "folded": gettext_lazy("several blanks in a row; read as one"),
    "zero": gettext_lazy("the value is zero"),
    "missing_value": gettext_lazy("empty; taken as not known"),
    "duplicate_row": gettext_lazy("equals row %(row)s but for the identifier; both are taken"),
    "out_of_order": gettext_lazy("lies before “%(earlier)s” (%(date)s); both are taken"),
    "several_dates": gettext_lazy("other lines of the shipment have another date; the latest counts for it: %(date)s"),
    "value_differs": gettext_lazy("not quantity × price (%(expected)s), even with a rounded price; taken as it stands"),
    "similar_name": gettext_lazy("looks like “%(other)s” on row %(row)s; kept as two companies"),
    "unknown_column": gettext_lazy("the profile does not know this column; kept as text with each line"),
    "new_company": gettext_lazy("not known yet; the import creates it"),
    "read_as": gettext_lazy("the file is not UTF-8; read as %(encoding)s"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What is to be said of one cell. `row` counts as a spreadsheet does, `column` is its letter."""

    row: int
    column: str
    header: str
    value: str
    rule: str
    values: dict[str, Any]

    @property
    def message(self) -> str:
        return str(ERRORS.get(self.rule) or DOUBTS[self.rule]) % self.values

    def as_dict(self) -> dict[str, Any]:
        return {
            "row": self.row,
            "column": self.column,
            "header": self.header,
            "value": self.value,
            "rule": self.rule,
            "message": self.message,
        }


@dataclass
class Report:
    """All that an import says. `counts` hold, per kind of record, how many are new, changed and unchanged."""

    profile: str
    file: str
    rows: int = 0
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    weekends: dict[str, int] = field(default_factory=dict)
    errors: list[Finding] = field(default_factory=list)
    doubts: list[Finding] = field(default_factory=list)
    is_transposed: bool = False  # the sheet's rows are its columns

    def error(self, row: int, column: int, header: str, value: Any, rule: str, /, **values: Any) -> None:
        self.errors.append(_finding(row, column, header, value, rule, values))

    def doubt(self, row: int, column: int, header: str, value: Any, rule: str, /, **values: Any) -> None:
        self.doubts.append(_finding(row, column, header, value, rule, values))

    def sort(self) -> None:
        """By row and column, as one would go through the file."""
        for findings in (self.errors, self.doubts):
            findings.sort(key=lambda finding: (finding.row, len(finding.column), finding.column))

    @property
    def is_clean(self) -> bool:
        """Whether all rows can be taken."""
        return not self.errors

    @property
    def written(self) -> int:
        """How many records are new or changed."""
        return sum(count["new"] + count["changed"] for count in self.counts.values())

    def as_dict(self) -> dict[str, Any]:
        return {
            "profile": self.profile,
            "file": self.file,
            "rows": self.rows,
            "taken": self.rows if self.is_clean else 0,
            "written": self.written if self.is_clean else 0,
            "counts": self.counts,
            "error_count": len(self.errors),
            "errors": [self._placed(finding) for finding in self.errors[:MOST_ERRORS]],
            "doubtful_count": len(self.doubts),
            "doubtful_by_rule": dict(sorted(Counter(finding.rule for finding in self.doubts).items())),
            "doubtful": [self._placed(finding) for finding in self.doubts],
            "weekend_dates": self.weekends,
        }

    def _placed(self, finding: Finding) -> dict[str, Any]:
        """The finding at its cell as the sheet shows it; `record` is the row of the table as it was read."""
        shown = {**finding.as_dict(), "record": finding.row}
        if self.is_transposed and finding.column:
            shown |= {"row": number_of(finding.column), "column": letter(finding.row - 1)}
        return shown

    def lines(self, *, brief: bool = False) -> Iterator[str]:
        """The report as text: doubtful cells first, so that the outcome stands last on a screen."""
        if self.doubts and not brief:
            yield _("Doubtful cells")
            yield from _grouped(self.doubts)
            yield ""
        if self.errors:
            yield _("Errors")
            for finding in self.errors[:MOST_ERRORS]:
                where = f"{finding.column}{finding.row}" if finding.column else str(finding.row)
                yield f"  {where}  {finding.header}  “{finding.value}”: {finding.message}"
            yield ""
        yield from self._summary()

    def _summary(self) -> Iterator[str]:
        yield _("%(file)s, profile %(profile)s: %(rows)s rows") % {
            "file": self.file,
            "profile": self.profile,
            "rows": f"{self.rows:,}",
        }
        if not self.is_clean:
            yield _("%(count)s errors. Nothing is taken; correct the file and try again.") % {
                "count": f"{len(self.errors):,}"
            }
            return
        for name, count in self.counts.items():
            yield "  " + _("%(name)s: %(new)s new, %(changed)s changed, %(unchanged)s unchanged") % {
                "name": NAMES[name],
                **{key: f"{value:,}" for key, value in count.items()},
            }
        for header, amount in self.weekends.items():
            yield "  " + _("%(header)s: %(count)s on a weekend") % {"header": header, "count": f"{amount:,}"}
        by_rule = Counter(finding.rule for finding in self.doubts)
        for rule, amount in by_rule.most_common():
            yield "  " + _("%(count)s doubtful: %(rule)s") % {"count": f"{amount:,}", "rule": _general(rule)}


NAMES = {
    "orders": gettext_lazy("orders"),
    "lines": gettext_lazy("lines"),
    "shipments": gettext_lazy("shipments"),
    "companies": gettext_lazy("companies"),
    "milestones": gettext_lazy("milestones"),
}


def number_of(column: str) -> int:
    """The number of a column from its letters: 1 for A, 28 for AB."""
    number = 0
    for char in column:
        number = number * 26 + ord(char) - ord("A") + 1
    return number


def letter(column: int) -> str:
    """The letter of a column counted from 0: A, B, … Z, AA; empty for -1, the row as a whole."""
    letters = ""
    while column >= 0:
        column, rest = divmod(column, 26)
        letters = chr(65 + rest) + letters
        column -= 1
    return letters


def _finding(row: int, column: int, header: str, value: Any, rule: str, values: dict[str, Any]) -> Finding:
    return Finding(row, letter(column), header, str(value)[:SHOWN_VALUE], rule, values)


def _general(rule: str) -> str:
    """A rule's sentence without its values."""
    sentence = str(DOUBTS[rule])
    for name in ("row", "now", "earlier", "date", "expected", "other", "encoding"):
        sentence = sentence.replace(f"%({name})s", "…")
    return sentence


def _grouped(findings: Iterable[Finding]) -> Iterator[str]:
    """One line per column, value and sentence, with the rows it holds for."""
    groups: dict[tuple[str, str, str, str], list[int]] = {}
    for finding in findings:
        key = (finding.column, finding.header, finding.value, finding.message)
        groups.setdefault(key, []).append(finding.row)
    word = _("rows")
    for (column, header, value, message), rows in groups.items():
        yield f"  {column}  {header}  “{value}”: {message}  [{word} {_ranges(rows)}]"


def _ranges(rows: list[int]) -> str:
    """Row numbers with runs folded: 2–5, 9."""
    parts: list[list[int]] = []
    for row in sorted(set(rows)):
        if parts and parts[-1][1] == row - 1:
            parts[-1][1] = row
        else:
            parts.append([row, row])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in parts)
