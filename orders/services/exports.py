"""Long lists as workbooks: asked for in the browser, written by a worker, fetched by who asked."""

import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.core.files import File
from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import override

from orders.exports.columns import columns_for
from orders.exports.rows import ids_of, read_rows
from orders.exports.writing import write_xlsx
from orders.filters import OrderFilter
from orders.models import ExportRun, Order
from teams.errors import DomainError
from teams.models import Organization, User

LEASE = timedelta(minutes=2)
KEPT = timedelta(days=7)
AT_ONCE = 2  # of one person
Status = ExportRun.Status


class TooManyExports(DomainError):
    """Two of the person's exports are being written already."""

    code = "too_many_exports"


class FilterRefused(DomainError):
    """The filters in the address are none."""

    code = "filters"


def listed_ids(query: QueryDict, user: User, now: datetime) -> list[int]:
    """The orders of a list by its address: what `user` sees, filtered and sorted as the page does it.

    Raises:
        FilterRefused
    """
    found = OrderFilter(query, Order.objects.visible_to(user), request=Asker(user), now=now)
    if not found.is_valid():
        fields = {name: "; ".join(map(str, texts)) for name, texts in found.form.errors.items()}
        raise FilterRefused(_("These filters cannot be followed."), fields=fields)
    ordering = (found.form.cleaned_data.get("ordering") or ["-ordered_at"])[0]
    sign = "-" if ordering.startswith("-") else ""
    return ids_of(found.qs.order_by(ordering, f"{sign}pk"))


class Asker:
    """A person where a filter expects a request."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.organization = Organization.current()


@transaction.atomic
def start_export(*, shape: str, query: str, total: int, by: User, now: datetime) -> ExportRun:
    """Queue the writing of a long list.

    Raises:
        TooManyExports
    """
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    if ExportRun.objects.visible_to(by).filter(status=Status.QUEUED).count() >= AT_ONCE:
        raise TooManyExports(_("Two of your exports are being written already. Please wait for them."))
    return ExportRun.objects.create(shape=shape, query=query, total=total, by=by, created_at=now)


def work_on_exports(*, clock: Callable[[], datetime], is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Write what waits, oldest first; returns how many. One that a killed worker left is written anew."""
    forget_old_files(clock())
    done = 0
    while not is_stopping() and (run := _claim(clock())) is not None:
        write_export(run, clock)
        done += 1
    return done


@transaction.atomic
def _claim(now: datetime) -> ExportRun | None:
    waiting = ExportRun.objects.waiting(now).select_for_update(skip_locked=True, of=("self",))
    run = waiting.select_related("by").order_by("pk").first()
    if run is not None:
        run.lease_until = now + LEASE
        run.save(update_fields=["lease_until"])
    return run


def write_export(run: ExportRun, clock: Callable[[], datetime]) -> None:
    """Write the workbook and hand it over; the lease is renewed with each chunk."""
    now, organization = clock(), Organization.current()

    def told(count: int) -> None:
        ExportRun.objects.filter(pk=run.pk).update(done=count, lease_until=clock() + LEASE)

    with override(run.by.language or organization.language), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.xlsx"
        try:
            ids = listed_ids(QueryDict(run.query), run.by, now)
        except DomainError:
            ExportRun.objects.filter(pk=run.pk).update(status=Status.FAILED, finished_at=now)
            return
        access = run.by.access
        chunks = read_rows(run.shape, ids, access=access, now=now, zone=organization.zone)
        asked = QueryDict(run.query).get("columns", "")
        columns = columns_for(run.shape, sees_money=access.sees_any_money, asked=str(asked))
        run.done = write_xlsx(path, columns, chunks, title=_("Orders"), told=told)
        with path.open("rb") as file:
            run.file.save("export", File(file), save=False)
    run.status, run.finished_at = Status.DONE, clock()
    run.save(update_fields=["done", "file", "status", "finished_at"])


def forget_old_files(now: datetime) -> int:
    """Delete what was fetched or forgotten long ago."""
    old = ExportRun.objects.filter(created_at__lt=now - KEPT).order_by("pk")[:100]
    for run in old:
        if run.file:
            run.file.delete(save=False)
        run.delete()
    return len(old)
