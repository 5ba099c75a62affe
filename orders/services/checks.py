"""Sample rounds, inspections and payments of an order, each an event of its timeline."""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from orders import aql
from orders.models import Inspection, Order, Payment, SampleRound
from orders.models.events import EventKind
from orders.services import flow
from orders.workflow import OrderStatus, TransitionNotAllowed
from teams.errors import InvalidInput
from teams.models import Organization, User

_PASSES = frozenset({Inspection.Disposition.RELEASE, Inspection.Disposition.CONCESSION})
EARLIEST = date(2000, 1, 1)


class CheckRefused(InvalidInput):
    """A value that cannot be; `fields` names it."""

    code = "check_refused"


def _lock(order_id: int) -> Order:
    order = flow.lock_order(order_id)
    if order.status == OrderStatus.CANCELLED:
        raise TransitionNotAllowed(_("The order is cancelled."))
    return order


def _check_day(name: str, day: date, now: datetime) -> None:
    today = timezone.localdate(now, Organization.current().zone)
    if not EARLIEST <= day <= today:
        message = _("The day lies in the future, or too long ago.")
        raise CheckRefused(message, fields={name: message})


@transaction.atomic
def send_sample(*, order_id: int, kind: str, sent_on: date, courier_no: str, by: User, now: datetime) -> SampleRound:
    """Note a sample on its way to the customer, as the next round of its kind.

    Raises:
        CheckRefused, TransitionNotAllowed.
    """
    order = _lock(order_id)
    _check_day("sent_on", sent_on, now)
    last = order.samples.filter(kind=kind).aggregate(last=Max("round"))["last"] or 0
    sample = SampleRound.objects.create(
        order=order, kind=kind, round=last + 1, sent_on=sent_on, courier_no=courier_no, by=by, created_at=now
    )
    data = {"kind": kind, "round": sample.round, "verdict": sample.verdict}
    flow.record(order, EventKind.SAMPLE, by=by, now=now, reason=courier_no, data=data)
    return sample


@transaction.atomic
def decide_sample(
    *, sample_id: int, verdict: str, decided_on: date, comments: str, by: User, now: datetime
) -> SampleRound:
    """Note what the customer said of a sample; a refusal says why.

    Raises:
        CheckRefused: the day lies before the sample was sent.
        TransitionNotAllowed: it is decided already.
        ReasonMissing
    """
    order = _lock(SampleRound.objects.values_list("order_id", flat=True).get(pk=sample_id))
    sample = SampleRound.objects.select_for_update().get(pk=sample_id)
    if sample.verdict != SampleRound.Verdict.WAITING:
        raise TransitionNotAllowed(_("This sample is decided already."))
    _check_day("decided_on", decided_on, now)
    if decided_on < sample.sent_on:
        message = _("This lies before the sample was sent.")
        raise CheckRefused(message, fields={"decided_on": message})
    if verdict != SampleRound.Verdict.APPROVED:
        comments = flow.require_reason(comments)
    sample.verdict, sample.decided_on, sample.comments = verdict, decided_on, comments
    sample.save(update_fields=["verdict", "decided_on", "comments"])
    data = {"kind": sample.kind, "round": sample.round, "verdict": verdict}
    flow.record(order, EventKind.SAMPLE, by=by, now=now, reason=comments, data=data)
    return sample


@transaction.atomic
def record_inspection(
    *,
    order_id: int,
    kind: str,
    inspected_on: date,
    lot_size: int,
    level: str,
    aql_major: str,
    aql_minor: str,
    critical: int,
    major: int,
    minor: int,
    disposition: str,
    inspector: str = "",
    note: str = "",
    by: User,
    now: datetime,
) -> Inspection:
    """Note an inspection; whether the lot passes follows from defects and plan, what becomes of it is decided.

    Raises:
        CheckRefused: a lot that fails is released without a concession, a concession without a word why.
        TransitionNotAllowed
    """
    order = _lock(order_id)
    _check_day("inspected_on", inspected_on, now)
    if lot_size < 2:
        message = _("A lot has at least two pieces.")
        raise CheckRefused(message, fields={"lot_size": message})
    major_plan, minor_plan = (aql.plan_for(lot_size, level, each) for each in (aql_major, aql_minor))
    size = max(major_plan.size, minor_plan.size)
    has_passed = critical == 0 and major <= major_plan.accept and minor <= minor_plan.accept
    if not has_passed and disposition == Inspection.Disposition.RELEASE:
        message = _("The lot fails; it can only be released by concession.")
        raise CheckRefused(message, fields={"disposition": message})
    if disposition == Inspection.Disposition.CONCESSION and not note.strip():
        message = _("Say why it is released all the same, and who agreed.")
        raise CheckRefused(message, fields={"note": message})
    inspection = Inspection.objects.create(
        order=order,
        kind=kind,
        inspected_on=inspected_on,
        lot_size=lot_size,
        level=level,
        aql_major=aql_major,
        aql_minor=aql_minor,
        sample_size=size,
        accept_major=major_plan.accept,
        accept_minor=minor_plan.accept,
        critical=critical,
        major=major,
        minor=minor,
        has_passed=has_passed,
        disposition=disposition,
        inspector=inspector,
        note=note,
        by=by,
        created_at=now,
    )
    data = {"kind": kind, "passed": has_passed, "disposition": disposition}
    flow.record(order, EventKind.INSPECTED, by=by, now=now, reason=note, data=data)
    return inspection


@transaction.atomic
def receive_payment(
    *, order_id: int, amount: Decimal, received_on: date, reference: str, by: User, now: datetime
) -> Payment:
    """Note money that came in. The steps that wait for it are completed by finance, with the bank slip.

    Raises:
        CheckRefused, TransitionNotAllowed.
    """
    order = _lock(order_id)
    _check_day("received_on", received_on, now)
    if amount <= 0:
        message = _("More than nothing, please.")
        raise CheckRefused(message, fields={"amount": message})
    payment = Payment.objects.create(
        order=order, amount=amount, received_on=received_on, reference=reference, by=by, created_at=now
    )
    # The timeline is for everybody who sees the order: no amount in it.
    flow.record(order, EventKind.PAID, by=by, now=now, new=received_on.isoformat(), data={"payment": payment.pk})
    return payment
