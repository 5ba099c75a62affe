"""Why steps were late, said after the fact: what Pareto and explanations of figures are made of."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from orders.models import DelayReason, Milestone, Order
from orders.models.events import EventKind
from orders.services import flow
from orders.services.milestones import require_on
from teams.errors import DomainError
from teams.models import User
from teams.permissions import Permission

MOST_AT_ONCE = 500


class NotLate(DomainError):
    """A step that is not late has no delay to explain."""

    code = "not_late"


@transaction.atomic
def explain_delays(*, milestone_ids: Iterable[int], delay_reason: DelayReason, by: User, now: datetime) -> int:
    """Give late steps, open or finished, a delay reason; returns how many had another one before.

    Whoever may complete a step may say why it is late. All of them or none.

    Raises:
        NotPermitted
        NotLate: naming the step.
    """
    wanted = sorted(set(milestone_ids))
    orders = Order.objects.filter(milestones__in=wanted).order_by("pk").distinct()
    locked = {pk: flow.lock_order(pk) for pk in orders.values_list("pk", flat=True)}
    steps = Milestone.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk")
    changed = 0
    for milestone in steps.select_related("delay_reason"):
        milestone.order = locked[milestone.order_id]
        require_on(by, Permission.MILESTONE_COMPLETE, milestone)
        finished_late = milestone.due_at and milestone.closed_at and milestone.closed_at > milestone.due_at
        if not (finished_late or milestone.is_past_due(now)):
            raise NotLate(_("%(step)s of %(order)s is not late.") % {"step": milestone.name, "order": milestone.order})
        if milestone.delay_reason_id == delay_reason.pk:
            continue
        old, milestone.delay_reason = milestone.delay_reason, delay_reason
        milestone.save(update_fields=["delay_reason"])
        flow.record(
            milestone.order,
            EventKind.EDITED,
            by=by,
            now=now,
            milestone=milestone,
            side=delay_reason.side,
            data={"fields": {"delay_reason": [old.code if old else "", delay_reason.code]}},
        )
        changed += 1
    return changed
