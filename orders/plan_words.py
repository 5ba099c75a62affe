"""Plans in words: why a date stands where it does, what falls short, and why a network makes no plan."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from orders.models.templates import in_language
from orders.network import Node
from orders.planning import PlanningError
from teams.errors import DomainError


class NoPlan(DomainError):
    """The steps, the calendars or the dates make no plan; `fields` names the step at fault."""

    code = "no_plan"


def refusal_of(error: PlanningError, nodes: Mapping[str, Node]) -> NoPlan:
    """What the engine refuses, in the reader's words."""
    step = step_name(error.step, nodes)
    details: dict[str, Any] = {**error.details, "step": step}
    if "names" in details:
        details["names"] = step_name(details["names"], nodes)
    if "codes" in details:
        details["codes"] = " → ".join(step_name(code, nodes) for code in details["codes"].split(", "))
    message = _reason(error.reason) % details
    return NoPlan(message, fields={error.step: message})


def step_name(key: str, nodes: Mapping[str, Node]) -> str:
    """The name of a step in the reader's language; its key where the order has no such step."""
    node = nodes.get(key)
    return in_language(node.spec.name_zh, node.spec.name_en) if node else key


def _reason(reason: str) -> str:
    return {
        "circle": _("The steps wait for each other in a circle: %(codes)s."),
        "unknown_step": _("Step “%(step)s” names a step that is not there: %(names)s."),
        "duplicate_step": _("Step “%(step)s” stands twice."),
        "unknown_calendar": _("Step “%(step)s”: there is no work calendar %(calendar)s."),
        "no_open_time": _("Step “%(step)s”: its work calendar has no working time at all."),
        "too_long": _("Step “%(step)s”: %(span)s is longer than a step or a wait may be (400 days)."),
        "no_start": _("The order has no date from which to plan."),
        "naive_instant": _("Step “%(step)s”: its instant has no time zone."),
        "unknown_anchor": _("The plan hangs from step “%(step)s”, which is not there."),
        "out_of_calendar": _("Step “%(step)s”: its work calendar has no working time that far away."),
    }[reason]
