"""Process templates: a change makes the next version, a new process begins as a copy, open orders move by choice."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from orders.grammar import Known, StepSpec, parse_template, read_amount, write_span
from orders.lead_times import Figures, figures_of
from orders.models import DocumentKind, Order, PlanJob, ProcessTemplate
from orders.network import lay_nodes
from orders.plan_words import refusal_of
from orders.planning import PlanningError
from orders.process import steps_of, write_steps
from orders.services.plans.jobs import PLANNED_ORDER, start_template_job
from orders.template_diff import Diff, Head, diff_of
from teams.errors import DomainError, InvalidInput
from teams.models import User, WorkCalendar

MAX_CODE, MAX_NAME = 40, 120
_CODE = re.compile(r"[A-Z0-9_]+\Z")


class TemplateMovedOn(DomainError):
    """Somebody saved a version since this one was read; `current` is theirs."""

    code = "template_moved_on"

    def __init__(self, current: ProcessTemplate) -> None:
        who = current.made_by.name if current.made_by else "—"
        super().__init__(
            _("%(who)s saved version %(version)s meanwhile. Compare both, then save again to keep yours.")
            % {"who": who, "version": current.version}
        )
        self.current = current


class TemplateUnchanged(DomainError):
    """What is to be saved is what is there already."""

    code = "template_unchanged"


class BadTemplate(InvalidInput):
    """Code, names or buffer are impossible; `fields` names which."""

    code = "template_invalid"


class NothingToMove(DomainError):
    """None of the chosen orders is open and on an older version."""

    code = "nothing_to_move"


@dataclass(frozen=True)
class Draft:
    """A version that could be saved: it can be read and planned."""

    head: Head
    specs: tuple[StepSpec, ...]
    figures: Figures


def check_draft(*, rows: Sequence[Mapping[str, str]], buffer: str, names: tuple[str, str]) -> Draft:
    """Read a version as written and plan it once on a plain calendar.

    Raises:
        BadTemplate: the names or the buffer.
        GrammarError: the rows, with every cell at fault.
        NoPlan: the steps can be read, and yet make no plan.
    """
    head = _read_head(names, buffer)
    calendars = set(WorkCalendar.objects.values_list("code", flat=True))
    specs = parse_template(rows, Known(documents=DocumentKind.values, calendars=calendars))
    try:
        figures = figures_of(specs, read_amount(head.buffer))
    except PlanningError as error:
        raise refusal_of(error, lay_nodes(specs)) from error
    return Draft(head, specs, figures)


@transaction.atomic
def save_version(
    *,
    code: str,
    rows: Sequence[Mapping[str, str]],
    buffer: str,
    names: tuple[str, str],
    by: User,
    now: datetime,
    base_version: int,
) -> ProcessTemplate:
    """Make the next version of a process; new orders get it, open ones keep theirs. `names` are Chinese and English.

    Raises:
        TemplateMovedOn: the current version is no longer `base_version`.
        TemplateUnchanged: nothing differs from it.
        BadTemplate, GrammarError, NoPlan: see `check_draft`.
    """
    draft = check_draft(rows=rows, buffer=buffer, names=names)
    current = _lock_current(code)
    if current.version != base_version:
        raise TemplateMovedOn(current)
    if not diff_from(current, draft):
        raise TemplateUnchanged(_("Nothing is changed yet."))
    ProcessTemplate.objects.filter(pk=current.pk).update(is_current=False)
    return _write(code, current.version + 1, current.kind, draft.head, draft.specs, by=by, now=now)


@transaction.atomic
def copy_template(*, code: str, copy_of: int, names: tuple[str, str], by: User, now: datetime) -> ProcessTemplate:
    """Version 1 of a new process, with the steps of version `copy_of` of another one.

    Raises:
        BadTemplate: the code is taken or no code, or a name is missing.
    """
    faults = {}
    if not _CODE.match(code) or len(code) > MAX_CODE:
        faults["code"] = _("Capital letters A–Z, digits and _, at most %(count)s.") % {"count": MAX_CODE}
    elif ProcessTemplate.objects.filter(code=code).exists():
        faults["code"] = _("There is a process with this code already.")
    if faults:
        raise BadTemplate(" ".join(faults.values()), fields=faults)
    source = ProcessTemplate.objects.get(pk=copy_of)
    head = _read_head(names, source.buffer)
    try:
        with transaction.atomic():
            specs = [spec for _pk, spec in steps_of(source.pk)]
            return _write(code, 1, source.kind, head, specs, by=by, now=now)
    except IntegrityError:  # somebody was faster
        message = _("There is a process with this code already.")
        raise BadTemplate(message, fields={"code": message}) from None


def diff_from(template: ProcessTemplate, draft: Draft) -> Diff:
    """What `draft` changes against a stored version."""
    return diff_of([spec for _pk, spec in steps_of(template.pk)], draft.specs, head_of(template), draft.head)


def head_of(template: ProcessTemplate) -> Head:
    return Head(template.name_zh, template.name_en, template.buffer or "0")


def orders_on_older_versions(template: ProcessTemplate, user: User) -> QuerySet[Order]:
    """The open orders of this process, as the person sees them, that run by another version."""
    open_orders = Order.objects.visible_to(user).filter(status__in=PLANNED_ORDER, template__code=template.code)
    return open_orders.exclude(template=template)


def open_orders_by_version(user: User, code: str | None = None) -> dict[str, dict[int, int]]:
    """Open orders that the person sees, by process and version; one query."""
    orders = Order.objects.visible_to(user).filter(status__in=PLANNED_ORDER, template__isnull=False)
    if code is not None:
        orders = orders.filter(template__code=code)
    found: dict[str, dict[int, int]] = {}
    counted = orders.order_by().values_list("template__code", "template__version").annotate(count=Count("pk"))
    for process, version, count in counted:
        found.setdefault(process, {})[version] = count
    return found


@transaction.atomic
def migrate_orders(*, template: ProcessTemplate, order_ids: Iterable[int] | None, by: User, now: datetime) -> PlanJob:
    """Queue the move of the chosen open orders (None: all of them) to the current version of their process.

    Raises:
        NothingToMove: none of them is open, on an older version, and seen by this person.
        TemplateMovedOn: `template` is no longer the current version.
    """
    current = _lock_current(template.code)
    if current.pk != template.pk:
        raise TemplateMovedOn(current)
    orders = orders_on_older_versions(template, by)
    if order_ids is not None:
        orders = orders.filter(pk__in=list(order_ids))
    ids = list(orders.order_by("pk").values_list("pk", flat=True))
    if not ids:
        raise NothingToMove(_("Choose at least one order that is on an older version."))
    return start_template_job(template=template, order_ids=ids, by=by, now=now)


def _lock_current(code: str) -> ProcessTemplate:
    """The current version, read once nobody else can make another one."""
    # All versions are locked, since the one that waits here finds its own no longer current.
    list(ProcessTemplate.objects.select_for_update().filter(code=code).order_by("pk").values_list("pk"))
    return ProcessTemplate.objects.select_related("made_by").get(code=code, is_current=True)


def _write(
    code: str, version: int, kind: str, head: Head, specs: Sequence[StepSpec], *, by: User, now: datetime
) -> ProcessTemplate:
    template = ProcessTemplate.objects.create(code=code, version=version, kind=kind, made_by=by, **vars(head))
    ProcessTemplate.objects.filter(pk=template.pk).update(created_at=now)
    template.created_at = now
    write_steps(template, specs)
    return template


def _read_head(names: tuple[str, str], buffer: str) -> Head:
    faults = {}
    zh, en = (name.strip() for name in names)
    for field, name in (("name_zh", zh), ("name_en", en)):
        if not name:
            faults[field] = _("Give the process a name.")
        elif len(name) > MAX_NAME:
            faults[field] = _("At most %(count)s characters; these are %(found)s.") % {
                "count": MAX_NAME,
                "found": len(name),
            }
    kept = "0"
    try:
        kept = write_span(read_amount(buffer.strip() or "0"))
    except ValueError as wrong:
        faults["buffer"] = str(wrong)
    if faults:
        raise BadTemplate(" ".join(faults.values()), fields=faults)
    return Head(zh, en, kept)
