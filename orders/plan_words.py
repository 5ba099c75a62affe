"""Plans in words: why a date stands where it does, what falls short, and why a network makes no plan."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from orders.cutoffs import CUTOFFS
from orders.models.templates import in_language
from orders.network import Node
from orders.planning import Constraint, PlanningError, Span
from teams.calendar_days import REST, WORKDAY, DayRun
from teams.errors import DomainError
from teams.templatetags.gendan import moment, working_span

Names = Callable[[str], str]  # a step's key to its name
MINUTE = timedelta(minutes=1)


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


def span_words(span: Span | None) -> str:
    """3 working days, 4 working hours, 20 calendar days; empty for none."""
    if span is None or not span.amount:
        return ""
    count = {"count": span.amount}
    match span.unit:
        case "h":
            return ngettext("%(count)s working hour", "%(count)s working hours", span.amount) % count
        case "c":
            return ngettext("%(count)s calendar day", "%(count)s calendar days", span.amount) % count
    return working_days(span.amount)


def working_days(count: int) -> str:
    return ngettext("%(count)s working day", "%(count)s working days", count) % {"count": count}


def float_words(amount: timedelta | None, days: int | None, day_length: timedelta, *, is_named: bool = True) -> str:
    """“3 working days of float”, “short by 4 working days”; within a day in hours. Empty where nothing asks for it.

    `is_named`: the text stands alone; beside the word “float” the span is enough.
    """
    if amount is None:
        return ""
    if abs(amount) < MINUTE and not days:
        return pgettext("plan", "no float")
    span = working_days(abs(days)) if days else working_span(amount, day_length)
    if amount < timedelta(0) or (days or 0) < 0:
        return _("short by %(span)s") % {"span": span}
    return _("%(span)s of float") % {"span": span} if is_named else span


def exact_float(minutes: int | None, day_length: timedelta) -> str:
    """+3 days 2 h, −4 days, 0; to be read one below the other."""
    if minutes is None:
        return "—"
    if not minutes:
        return "0"
    sign = "−" if minutes < 0 else "+"
    return sign + working_span(timedelta(minutes=abs(minutes)), day_length)


def limit_name(name: str) -> str:
    """What a limit or an anchor is called."""
    cutoffs = {cutoff.code: cutoff.name for cutoff in CUTOFFS}
    if name in cutoffs:
        return _("%(name)s cut-off") % {"name": cutoffs[name]}
    return {
        "promise": pgettext("limit", "promised delivery"),
        "etd": pgettext("limit", "ETD of the shipment"),
        "lc_latest_shipment": pgettext("limit", "L/C latest shipment"),
        "lc_expiry": pgettext("limit", "L/C expiry"),
        "within": pgettext("limit", "presentation period"),
        "latest": pgettext("limit", "cut-off"),
    }.get(name, name)


def binding_words(
    constraint: Constraint, name: Names, *, at: datetime | None = None, calendar: str = "", buffer: Span | None = None
) -> str:
    """The constraint as a sentence. `at` is when the other step starts, or is finished; `calendar` whose days count.

    `buffer` is what the plan keeps free before that step.
    """
    values = {
        "step": name(constraint.step) if constraint.step else "",
        "at": moment(at or constraint.at),
        "lag": span_words(constraint.lag),
        "limit": limit_name(constraint.name),
        "calendar": calendar,
        "buffer": span_words(buffer),
    }
    said = _sentence(constraint, is_dated=at is not None, has_calendar=bool(calendar)) % values
    return said + _("; %(buffer)s are kept free before it") % values if values["buffer"] else said


def _sentence(constraint: Constraint, *, is_dated: bool, has_calendar: bool) -> str:
    match constraint.kind, bool(constraint.lag and constraint.lag.amount):
        case "before", False:
            if is_dated and has_calendar:
                return _("Has to be done before “%(step)s” starts: %(at)s (%(calendar)s)")
            return _("Has to be done before “%(step)s” starts: %(at)s") if is_dated else _("Before “%(step)s” starts")
        case "before", True:
            if is_dated:
                return _("Has to be done %(lag)s before “%(step)s” starts: %(at)s")
            return _("%(lag)s before “%(step)s” starts")
        case "after", False:
            return _("Follows “%(step)s”: %(at)s") if is_dated else _("Follows “%(step)s”")
        case "after", True:
            return _("Follows “%(step)s” by %(lag)s: %(at)s") if is_dated else _("Follows “%(step)s” by %(lag)s")
        case "latest", _lag:
            if is_dated:
                return _("Has to be done %(lag)s before “%(step)s”: %(at)s")
            return _("%(lag)s before “%(step)s”")
        case "within", _lag:
            return _("Within %(lag)s after “%(step)s”: %(at)s") if is_dated else _("Within %(lag)s after “%(step)s”")
    return {
        "anchor": _("The plan hangs from this date: it is given by the promise or by the ETD"),
        "start": _("Counts from the order: %(at)s"),
        "limit": _("Has to be done by the %(limit)s: %(at)s"),
        "now": _("It runs, and cannot be finished in the past"),
        "expected": _("Its owner does not expect it before %(at)s"),
        "pause": _("Its clock stood: that working time is added"),
        "actual": _("It happened: %(at)s"),
    }[constraint.kind]


def passed_words(runs: Iterable[DayRun]) -> list[str]:
    """The days that a calendar skipped (放假) or counted (补班), one by one, and its rest days as a number."""
    found, rest = [], 0
    for run in runs:
        if run.kind == REST:
            rest += run.day_count
            continue
        values = {"dates": short_dates(run.first, run.last), "name": run.name}
        if run.kind == WORKDAY:
            found.append(_("%(dates)s make-up workday (补班) counted") % values)
        elif run.name:
            found.append(_("%(dates)s %(name)s (放假) skipped") % values)
        else:
            found.append(_("%(dates)s day off (放假) skipped") % values)
    if rest:
        found.append(ngettext("%(count)s rest day skipped", "%(count)s rest days skipped", rest) % {"count": rest})
    return found


def calculation_words(span: Span, runs: Sequence[DayRun]) -> str:
    """“48 working hours = 10-01…10-07 国庆节 放假, 10-10 补班 counted”."""
    if not span.amount:
        return _("It takes no working time of its own")
    passed = passed_words(runs)
    if not passed:
        return _("%(span)s, no day off in between") % {"span": span_words(span)}
    return _("%(span)s = %(days)s") % {"span": span_words(span), "days": pgettext("between names", ", ").join(passed)}


def provisional_words(until: date | None) -> str:
    """The note beside a date that a calendar without announced days gave."""
    if until is None:
        return _("calendar not final")
    return _("calendar not final after %(day)s") % {"day": short_date(until)}


def short_dates(first: date, last: date) -> str:
    """10-01…10-07."""
    return short_date(first) if first == last else f"{short_date(first)}…{short_date(last)}"


def short_date(day: date) -> str:
    """10-01, with the year where it is not the current one."""
    return date_format(day, "m-d" if day.year == timezone.localdate().year else "Y-m-d")
