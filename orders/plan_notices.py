"""What the outbox has to know about messages on changed plans: whether they are still true, what they say, where to."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from orders.models import PlanChange, PlanJob
from orders.models.templates import in_language
from orders.notices import order_path
from orders.topics import PLAN
from orders.workflow import OPEN_ORDER
from teams.models import Notification
from teams.notifications import registry, texts


def register() -> None:
    registry.register(
        registry.Kind(
            "plan_changed",
            "notifications/plan_changed.txt",
            changes_still_true,
            change_words,
            order_path,
            topic=lambda payload: PLAN,
        )
    )
    registry.register(
        registry.Kind(
            "plans_changed",
            "notifications/plans_changed.txt",
            jobs_still_true,
            job_words,
            orders_path,
            topic=lambda payload: PLAN,
        )
    )


def changes_still_true(messages: Sequence[Notification], at: datetime) -> dict[int, dict[str, Any]]:
    """Changes not undone, of orders that are still open."""
    wanted = {message.payload["change"] for message in messages}
    open_changes = PlanChange.objects.filter(pk__in=wanted, is_undone=False, order__status__in=OPEN_ORDER)
    found = set(open_changes.values_list("pk", flat=True))
    return {message.pk: {} for message in messages if message.payload["change"] in found}


def jobs_still_true(messages: Sequence[Notification], at: datetime) -> dict[int, dict[str, Any]]:
    """What a job has moved stays moved."""
    found = set(PlanJob.objects.filter(pk__in={m.payload["job"] for m in messages}).values_list("pk", flat=True))
    return {message.pk: {} for message in messages if message.payload["job"] in found}


def change_words(payload: Mapping[str, Any]) -> dict[str, str]:
    shown = [_step(step) for step in payload["steps"]]
    more = payload["count"] - len(shown)
    if more > 0:
        shown.append(ngettext("and %(n)s more step", "and %(n)s more steps", more) % {"n": more})
    count = payload["count"]
    return {
        "order": payload["order"],
        "count": ngettext("%(n)s step of yours", "%(n)s steps of yours", count) % {"n": count},
        "by": payload["by"] or _("the system"),
        "reason": payload["reason"],
        "steps": pgettext("between sentences", "; ").join(shown),
    }


def job_words(payload: Mapping[str, Any]) -> dict[str, str]:
    causes = {
        PlanJob.Kind.CALENDAR: _("the work calendar “%(what)s” was changed"),
        PlanJob.Kind.TEMPLATE: _("they moved to process template “%(what)s”"),
    }
    steps, orders = payload["steps"], payload["orders"]
    numbers = pgettext("between names", ", ").join(payload["numbers"])
    return {
        "cause": causes[payload["cause"]] % {"what": payload["what"]},
        "by": payload["by"] or _("the system"),
        "steps": ngettext("%(n)s step", "%(n)s steps", steps) % {"n": steps},
        "orders": ngettext("%(n)s order", "%(n)s orders", orders) % {"n": orders},
        "numbers": numbers + ("…" if orders > len(payload["numbers"]) else ""),
    }


def orders_path(payload: Mapping[str, Any]) -> str:
    """A job's message leads to the desk: its orders are many."""
    return order_path({"order": payload["numbers"][0]}) if len(payload["numbers"]) == 1 else "/"


def _step(step: Mapping[str, Any]) -> str:
    name = in_language(step["zh"], step["en"])
    if step["new"] is None:
        return _("%(step)s is no longer needed") % {"step": name}
    if step["old"] is None:
        return _("%(step)s is new, due %(new)s") % {"step": name, "new": _instant(step["new"])}
    return _("%(step)s: %(old)s → %(new)s") % {"step": name, "old": _instant(step["old"]), "new": _instant(step["new"])}


def _instant(text: str) -> str:
    return texts.moment(datetime.fromisoformat(text))
