"""Sheets from the browser and the API: kept, looked at, taken by a worker as a whole, undone."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from orders.imports import profile as profiles
from orders.imports.report import MOST_ERRORS
from orders.imports.run import Source, import_orders
from orders.imports.sheets import Choice, Found, find_table
from orders.merging.sheets import is_key_header
from orders.models import ImportRun, Order, OrderEvent
from orders.models.events import EventKind
from orders.progress import Told, telling
from orders.services import flow, saved_profiles
from orders.services import orders as order_services
from orders.services.documents import clean_filename
from orders.words import Side
from orders.workflow import OrderStatus, TransitionNotAllowed
from teams.errors import DomainError
from teams.models import Organization, Team, User

KEPT = timedelta(days=30)
Status = ImportRun.Status


class ExportedSheet(DomainError):
    """A list of this product: its rows are orders that exist."""

    code = "exported_sheet"


@transaction.atomic
def start_import(*, content: bytes, filename: str, profile: str, team: Team, by: User, now: datetime) -> ImportRun:
    """Keep the sheet and look at it, by a shipped profile or by one that somebody saved.

    A sheet with the headers of an earlier one is read as the person corrected that, else as a saved profile has it.

    Raises:
        FileRefused, ProfileError.
        ExportedSheet: it is a list that was exported here; it is merged instead.
    """
    chosen = saved_profiles.find(profile, by)
    base = chosen.base if chosen else profile
    found = find_table(content, saved_profiles.profile_of(chosen) if chosen else profiles.load(base), Choice())
    header = found.table.header
    if any(is_key_header(text) for text in header):
        raise ExportedSheet(_("This list was exported here; send it back as an edited sheet."))
    fingerprint = saved_profiles.fingerprint_of(header)
    before = ImportRun.objects.filter(by=by, profile=base, fingerprint=fingerprint, status=Status.DONE)
    last = None if chosen else before.order_by("-pk").first()
    if not chosen and not last:
        chosen = saved_profiles.matching(fingerprint, base, by)
    run = ImportRun(
        team=team,
        by=by,
        profile=base,
        saved_profile=chosen.name if chosen else "",
        filename=clean_filename(filename),
        fingerprint=fingerprint,
        created_at=now,
    )
    run.file.save("sheet", ContentFile(content), save=False)
    choice = Choice()
    if chosen:
        choice = saved_profiles.choice_for(chosen, found)
    elif last:
        mapping = {int(index): name for index, name in last.reading["mapping"].items()}
        choice = Choice(mapping=mapping, date_order=last.reading["date_order"])
    _look(run, content, choice, now=now)
    run.save()
    return run


@transaction.atomic
def look_again(*, run_id: int, choice: Choice, now: datetime) -> ImportRun:
    """Read the sheet as a person has corrected it.

    Raises:
        TransitionNotAllowed: it is taken already.
        FileRefused
    """
    run = _locked(run_id, Status.PREVIEW, Status.FAILED)
    with run.file.open("rb") as file:
        _look(run, file.read(), choice, now=now)
    run.status = Status.PREVIEW
    run.save()
    return run


@transaction.atomic
def apply_import(*, run_id: int) -> ImportRun:
    """Say yes to the preview: a worker takes the sheet.

    Raises:
        TransitionNotAllowed: it is taken already.
        DomainError: the preview has errors.
    """
    run = _locked(run_id, Status.PREVIEW)
    if run.report["error_count"]:
        raise DomainError(_("The sheet has errors; nothing of it can be taken."), code="import_has_errors")
    run.status = Status.QUEUED
    run.save(update_fields=["status"])
    return run


def work_on_runs(*, clock: Callable[[], datetime], is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Take the sheets that wait, oldest first; returns how many. Several workers share them."""
    forget_old_files(clock())
    done = 0
    while not is_stopping() and _take_next(clock()):
        done += 1
    return done


@transaction.atomic
def _take_next(now: datetime) -> bool:
    run = ImportRun.objects.queued().select_for_update(skip_locked=True).order_by("pk").first()
    if run is None:
        return False
    language = run.by.language or Organization.current().language
    with override(language), run.file.open("rb") as file, telling(f"import:{run.pk}") as told:
        _take(run, file.read(), now, told)
    return True


def _take(run: ImportRun, content: bytes, now: datetime, told: Told) -> None:
    """Write the orders and the outcome, both or neither."""
    try:
        with transaction.atomic():
            report = import_orders(
                Source(run.filename, content),
                profiles.load(run.profile),
                team_code=run.team.code,
                by=run.by,
                now=now,
                dry_run=False,
                choice=choice_of(run),
                told=told,
            )
    except DomainError as refusal:
        run.status, run.report = Status.FAILED, {**run.report, "refused": str(refusal)}
    else:
        run.status, run.report = Status.DONE if report.is_clean else Status.FAILED, _shown(report.as_dict())
        made = OrderEvent.objects.filter(kind=EventKind.IMPORTED, at=now, by=run.by, order__team=run.team)
        run.order_ids = sorted(made.values_list("order_id", flat=True))
    run.applied_at = now
    run.save()


@transaction.atomic
def undo_import(*, run_id: int, by: User, now: datetime) -> ImportRun:
    """Take back the orders that the import created, where nobody has worked on them; those are left, and named.

    What happened is never deleted: an order taken back is cancelled and gives its number free.

    Raises:
        TransitionNotAllowed: it is not taken, or undone already.
    """
    run = _locked(run_id, Status.DONE)
    for order_id in run.order_ids:
        why = _withdraw(order_id, run, by=by, now=now)
        if why:
            run.left.append([Order.objects.values_list("number", flat=True).get(pk=order_id), why])
    if changed := run.report["counts"].get("orders", {}).get("changed", 0):
        run.left.append(["", _("%(count)s orders that were there before keep their new values.") % {"count": changed}])
    run.status, run.undone_at = Status.UNDONE, now
    run.save(update_fields=["status", "undone_at", "left"])
    return run


def _withdraw(order_id: int, run: ImportRun, *, by: User, now: datetime) -> str:
    """Cancel an order as it was imported; returns why it is left instead."""
    order = flow.lock_order(order_id)
    if order.events.exclude(kind=EventKind.IMPORTED).exists():
        return _("somebody has worked on it")
    if order.status != OrderStatus.DRAFT:
        return _("it came confirmed")
    end = f".undone{run.pk}"
    number = order.number[: Order._meta.get_field("number").max_length - len(end)] + end  # type: ignore[operator]
    order_services.edit_order(order_id=order.pk, values={"number": number}, seen_version=None, by=by, now=now)
    order_services.cancel_order(order_id=order.pk, side=Side.INTERNAL, reason=_("Import undone"), by=by, now=now)
    return ""


def too_large() -> str:
    return _("The file is larger than 20 MB.")


def no_such_team() -> str:
    return _("There is no such team in which you may create orders.")


def choice_of(run: ImportRun) -> Choice:
    """How the sheet is read, as it was last looked at."""
    reading = run.reading
    mapping = {int(index): name for index, name in reading["mapping"].items()}
    # What is not mapped is kept as text, also where its header would be known.
    mapping |= {index: "" for index in range(len(reading["headers"])) if index not in mapping}
    return Choice(reading["sheet"], reading["header_row"], mapping, reading["date_order"], reading.get("year", 0))


def _look(run: ImportRun, content: bytes, choice: Choice, *, now: datetime) -> None:
    profile = profiles.load(run.profile)
    found = find_table(content, profile, choice)
    run.reading = {**_reading(found), "year": choice.year}
    report = import_orders(
        Source(run.filename, content),
        profile,
        team_code=run.team.code,
        by=run.by,
        now=now,
        dry_run=True,
        choice=choice_of(run),
    )
    run.report = _shown(report.as_dict())


def _reading(found: Found) -> dict[str, Any]:
    reading = {
        "sheets": found.sheets,
        "sheet": found.sheet,
        "header_row": found.table.header_row,
        "headers": found.table.header,
        "mapping": {str(index): name for index, name in found.mapping.items()},
        "guessed": sorted(found.guessed),
        "date_order": found.date_order,
        "asks_date_order": found.asks_date_order,
        "asks_year": found.asks_year,
        "samples": [[cells[at][:60] for cells in found.samples] for at in range(len(found.table.header))],
    }
    return _storable(reading)


def _shown(report: Mapping[str, Any]) -> dict[str, Any]:
    """The report as it is kept: doubts are cut off as errors are."""
    return _storable({**report, "doubtful": report["doubtful"][:MOST_ERRORS]})


def _storable(value: Any) -> Any:
    """Without the characters that Postgres does not store; they stand in cells that the report names."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {key: _storable(item) for key, item in value.items()}
    return value


def forget_old_files(now: datetime) -> int:
    """Delete the uploaded sheets of long ago; what was imported stays, and so does what was said of it."""
    old = ImportRun.objects.filter(created_at__lt=now - KEPT).exclude(file="").order_by("pk")[:100]
    for run in old:
        run.file.delete(save=False)
        ImportRun.objects.filter(pk=run.pk).update(file="")
    return len(old)


def _locked(run_id: int, *allowed: str) -> ImportRun:
    run = ImportRun.objects.select_for_update(of=("self",)).select_related("team", "by").get(pk=run_id)
    if run.status not in allowed:
        raise TransitionNotAllowed(
            _("The import is “%(status)s”; this is not possible any more.") % {"status": run.get_status_display()}
        )
    return run
