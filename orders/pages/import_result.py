"""The imported sheet given back: each row as it stood, and what became of it."""

from collections import defaultdict
from io import BytesIO

import xlsxwriter
from django.utils.translation import gettext as _

from orders.imports import profile as profiles
from orders.imports.sheets import find_table
from orders.models import ImportRun
from orders.services.imports import choice_of
from orders.sheets_out import safe_text


def result_workbook(run: ImportRun) -> bytes:
    """An xlsx file: row number, result and message in front of the row's own cells; all of them text."""
    messages: dict[int, list[str]] = defaultdict(list)
    for kind in ("errors", "doubtful"):
        for finding in run.report.get(kind, ()):
            messages[finding.get("record", finding["row"])].append(
                f"{finding['column']} {finding['header']}: {finding['message']}".strip()
            )
    wrong = {finding.get("record", finding["row"]) for finding in run.report.get("errors", ())}
    rows: list[tuple[int, list[str]]] = []
    if run.file:
        with run.file.open("rb") as file:
            rows = find_table(file.read(), profiles.load(run.profile), choice_of(run)).table.records
    stream = BytesIO()
    book = xlsxwriter.Workbook(stream, {"constant_memory": True, "in_memory": True})
    sheet = book.add_worksheet()
    head = book.add_format({"bold": True})
    sheet.freeze_panes(1, 0)
    for column, text in enumerate([_("Row"), _("Result"), _("Message"), *run.reading["headers"]]):
        sheet.write_string(0, column, safe_text(text), head)
    for at, (number, cells) in enumerate(rows, start=1):
        sheet.write_number(at, 0, number)
        for column, text in enumerate([_outcome(run, number in wrong), "; ".join(messages[number]), *cells], start=1):
            sheet.write_string(at, column, safe_text(text))
    book.close()
    return stream.getvalue()


def _outcome(run: ImportRun, is_wrong: bool) -> str:
    if is_wrong:
        return _("error")
    if run.status == ImportRun.Status.DONE:
        return _("taken")
    return _("undone") if run.status == ImportRun.Status.UNDONE else _("not taken")
