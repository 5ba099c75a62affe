"""Words and colours of orders for templates; each colour has its word beside it."""

from datetime import timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from orders.models.templates import in_language
from orders.pages.steps import StepRow, quick_sides
from orders.words import Side, Stage, word_of
from orders.workflow import OPEN_MILESTONE, MilestoneStatus, OrderStatus, ShipmentStatus
from teams.permissions import RoleCode
from teams.templatetags.gendan import working_span

register = template.Library()

TONES: dict[str, str] = {
    OrderStatus.DRAFT: "quiet",
    OrderStatus.CONFIRMED: "soon",
    OrderStatus.ON_HOLD: "wait",
    OrderStatus.SHIPPED: "accent",
    OrderStatus.DELIVERED: "done",
    OrderStatus.CLOSED: "done",
    OrderStatus.CANCELLED: "quiet",
    ShipmentStatus.PLANNED: "quiet",
    ShipmentStatus.BOOKED: "soon",
    ShipmentStatus.LOADED: "soon",
    ShipmentStatus.DEPARTED: "accent",
    ShipmentStatus.ARRIVED: "accent",
    "submitted": "soon",
    "accepted": "done",
    "refused": "late",
}


@register.filter
def tone_of(status: str) -> str:
    """The colour of an order's, shipment's or document's status."""
    return TONES.get(status, "quiet")


@register.filter
def time_left(row: StepRow) -> str:
    """“1 day 3 h over” or “2 h left”, in working time of the step's calendar; empty where it says nothing."""
    if row.left is None:
        return ""
    span = working_span(row.left, row.day_length)
    late = row.is_overdue or row.is_late_waiting or row.left < timedelta(0)
    if abs(row.left) < timedelta(minutes=1):
        # No working time lies between now and then, as on a night or a day off.
        return pgettext("step", "due passed") if late else pgettext("step", "no working time left")
    return _("%(span)s over") % {"span": span} if late else _("%(span)s left") % {"span": span}


@register.filter
def side_name(side: str) -> str:
    return word_of(Side, side)


@register.filter
def stage_name(stage: str) -> str:
    return word_of(Stage, stage)


@register.filter
def role_name(role: str) -> str:
    return word_of(RoleCode, role)


@register.filter
def joined(names: Any) -> str:
    """Names in one line."""
    return pgettext("between names", ", ").join(str(name) for name in names)


class StepState(NamedTuple):
    """All that the buttons of a step depend on, but for the step's key."""

    status: str
    is_open: bool
    actions: frozenset[str]
    is_one_click: bool
    has_gates: bool
    has_missing: bool


# Stands for the step's key while its buttons are put together; no key grows so long.
_ANY_STEP = 987_654_321_987_654_321


@register.simple_tag
def step_actions(row: StepRow, view: str) -> SafeString:
    """What may be done with a step, on the page `view` ("desk" or "order")."""
    step = row.milestone
    state = StepState(
        *(step.status, step.is_open, row.actions, row.is_one_click),
        has_gates=bool(row.gates),
        has_missing=bool(row.missing),
    )
    html = _actions_html(state, "order" if view == "order" else "desk", get_language() or "")
    return SafeString(html.replace(str(_ANY_STEP), str(step.pk)))


@lru_cache(maxsize=512)
def _actions_html(state: StepState, view: str, language: str) -> str:
    """The buttons of hundreds of steps on a page are of a dozen kinds; each is rendered once in a `language`."""
    context = {"state": state, "view": view, "pk": _ANY_STEP, "quick_sides": quick_sides()}
    return render_to_string("orders/_step_actions.html", context)


@register.simple_tag
def strip(row: Any) -> SafeString:
    """The milestones of an order as a segmented bar; each segment is titled, the whole is said in words."""
    words = _("%(done)s of %(all)s steps done, %(late)s overdue") % {
        "done": row.done_count,
        "all": row.wanted_count,
        "late": row.late_count,
    }
    language = get_language() or ""
    segments = SafeString(
        "".join(
            _segment_html(step.status, step.is_late, step.is_stopped, step.name_zh, step.name_en, language)
            for step in row.steps
        )
    )
    return format_html('<span class="strip" role="img" aria-label="{}">{}</span>', words, segments)


@lru_cache(maxsize=8192)
def _segment_html(status: str, is_late: bool, is_stopped: bool, name_zh: str, name_en: str, language: str) -> str:
    """A page shows fifteen hundred segments of a few dozen kinds; each is put together once in a `language`."""
    name = capfirst(in_language(name_zh, name_en))
    return format_html('<i class="strip-step{}" title="{}"></i>', _segment(status, is_late, is_stopped), name)


def _segment(status: str, is_late: bool, is_stopped: bool) -> str:
    if status == MilestoneStatus.DONE:
        return " is-done"
    if status not in OPEN_MILESTONE:
        return " is-skip"
    if is_late:
        return " is-late"
    if is_stopped:
        return " is-wait"
    return " is-soon" if status == MilestoneStatus.ACTIVE else ""
