"""The order's time axis as plain numbers: the template draws them as SVG, classes give the colours.

A row for each step, grouped by stage and by shipment. Each row is shaded where its own calendar does not work.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from orders.models import Milestone
from orders.pages.plan import LivePlan, in_reading_order
from orders.plan_words import float_words, limit_name, short_date, short_dates
from orders.planning import clock_for
from orders.words import Stage
from orders.workflow import MilestoneStatus
from teams.calendar_content import OFF
from teams.calendar_days import REST, WORKDAY, DayRun, day_runs
from teams.models import WorkCalendar
from teams.templatetags.gendan import day, moment

ROW = 22
GROUP = 20  # the line with a stage's name
LANE = 14
BAND_LANES = 3  # names of days off
MARK_LANES = 3  # names of vertical lines
BANDS_AT = 32
MARKS_AT = BANDS_AT + BAND_LANES * LANE
TOP = MARKS_AT + MARK_LANES * LANE + 4
FULL_WIDTH = 620  # a shorter plan is stretched to it
DAY_WIDTHS = (5.0, 60.0)
MOST_WIDTH = 4000.0  # a plan of many years is drawn together
WEEK_NAME = 34  # what a date in the head needs
PRINTED_NAMES = 190
WEEKS_FROM = 4.0  # below that width of a day, weeks and rest days are left out
MARGIN = timedelta(days=3)
ONE_DAY = timedelta(days=1)


class Scale(NamedTuple):
    """Instants and dates to x; a date begins at its midnight in the reader's zone."""

    first: date
    last: date
    day_width: float
    zone: tzinfo

    @classmethod
    def over(cls, first: date, last: date, zone: tzinfo) -> "Scale":
        days = (last - first).days + 1
        widest = min(max(FULL_WIDTH / days, DAY_WIDTHS[0]), DAY_WIDTHS[1])
        return cls(first, last, min(widest, MOST_WIDTH / days), zone)

    @property
    def width(self) -> float:
        return round(((self.last - self.first).days + 1) * self.day_width, 1)

    def at(self, instant: datetime) -> float:
        begin = datetime.combine(self.first, time(), self.zone)
        return round(min(max((instant - begin) / ONE_DAY * self.day_width, 0), self.width), 1)

    def on(self, day_: date) -> float:
        return round((day_ - self.first).days * self.day_width, 1)


@dataclass(frozen=True)
class Cut:
    """A hard date of a row that planning never moves."""

    x: float
    label: str


@dataclass(frozen=True)
class Row:
    """One step: planned from `x1` over `width`; `tail` is where its float ends, `late_from` where a delay begins."""

    milestone: Milestone
    name: str
    tone: str
    y: int
    x1: float
    due: float
    shade: int | None = None
    baseline: float | None = None
    actual: float | None = None
    forecast: float | None = None
    tail: float | None = None
    is_late: bool = False
    is_critical: bool = False
    forecast_at: datetime | None = None
    float_text: str = ""
    float_span: str = ""
    cuts: list[Cut] = field(default_factory=list)

    @property
    def width(self) -> float:
        return round(max(self.due - self.x1, 3), 1)

    @property
    def middle(self) -> int:
        return self.y + ROW // 2

    @cached_property
    def label(self) -> str:
        """The bar in words."""
        milestone = self.milestone
        parts = [f"{self.name}: {moment(milestone.planned_start_at)} – {moment(milestone.due_at)}"]
        if milestone.actual_finish_at:
            parts.append(_("done %(at)s") % {"at": moment(milestone.actual_finish_at)})
        elif self.forecast_at:
            parts.append(_("expected %(at)s") % {"at": moment(self.forecast_at)})
        parts += [self.float_text] if self.float_text else []
        parts += [_("critical chain")] if self.is_critical else []
        return "; ".join(parts)


@dataclass(frozen=True)
class Group:
    name: str
    y: int
    rows: list[Row]


@dataclass(frozen=True)
class Shade:
    """What a row of one calendar has behind it, as SVG paths of a row's height."""

    id: int
    off: str
    rest: str
    workdays: str


class Tick(NamedTuple):
    """A line of the head; the label is empty where it has no room."""

    x: float
    label: str

    @property
    def text_x(self) -> float:
        return round(self.x + 3, 1)


@dataclass(frozen=True)
class Band:
    """A named run of days in the head: 放假, or a day of 补班."""

    kind: str
    x: float
    width: float
    y: int
    text: str
    title: str

    @property
    def text_x(self) -> float:
        return round(self.x + 1, 1)


@dataclass(frozen=True)
class Mark:
    """A vertical line; its name stands at `text_x`."""

    kind: str
    x: float
    y: int
    text: str
    text_x: float
    is_left: bool = False  # the name ends at the line


@dataclass(frozen=True)
class Axis:
    width: float
    height: int
    groups: list[Group]
    shades: list[Shade]
    months: list[Tick]
    weeks: list[Tick]
    bands: list[Band]
    marks: list[Mark]
    links: list[str]
    now: float | None
    has_forecast: bool

    @property
    def print_width(self) -> float:
        """With the names, which stand left of zero."""
        return self.width + PRINTED_NAMES

    @property
    def rows(self) -> list[Row]:
        return [row for group in self.groups for row in group.rows]


def draw_axis(
    milestones: Sequence[Milestone],
    tones: Mapping[int, str],
    promised: date | None,
    now: datetime,
    *,
    live: LivePlan | None = None,
    shipments: Mapping[int, str] | None = None,
) -> Axis | None:
    """Lay the steps out between the first start and the last finish; None where there is nothing to draw.

    `live` gives forecast, float, critical chain, anchors and cut-offs; `shipments` the numbers by id.
    """
    left_out = {MilestoneStatus.SKIPPED, MilestoneStatus.CANCELLED}
    steps = in_reading_order([m for m in milestones if m.due_at and m.status not in left_out])
    if len(steps) < 2:
        return None
    zone = timezone.get_current_timezone()
    promise_ends = datetime.combine(promised + ONE_DAY, time(), zone) if promised else None
    is_running = live is not None or any(m.is_open for m in steps)
    scale = _scale(steps, live, [at for at in (promise_ends, now if is_running else None) if at], zone)
    groups = _groups(steps, tones, scale, live, shipments or {})
    height = TOP + len(groups) * GROUP + len(steps) * ROW + 4
    calendars = {m.calendar_id: m.calendar for m in steps}
    versions = live.inputs.basis.calendars if live else {}
    runs = {pk: _runs(calendar, scale, versions.get(pk)) for pk, calendar in calendars.items()}
    marks = _marks(scale, live, promise_ends, now if is_running else None)
    return Axis(
        width=scale.width,
        height=height,
        groups=groups,
        shades=[_shade(pk, own, scale) for pk, own in runs.items()],
        months=_months(scale),
        weeks=_weeks(scale),
        bands=_bands([run for own in runs.values() for run in own], scale),
        marks=marks,
        links=_links([row for group in groups for row in group.rows], live),
        now=scale.at(now) if is_running else None,
        has_forecast=live is not None,
    )


def _scale(steps: Iterable[Milestone], live: LivePlan | None, further: list[datetime], zone: tzinfo) -> Scale:
    instants = list(further)
    for m in steps:
        instants += [at for at in (m.planned_start_at, m.due_at, m.baseline_finish_at, m.actual_finish_at) if at]
        if live and m.is_open and (step := live.plan.steps.get(m.key)):
            instants += [at for at in (live.forecast_at(m.key), step.latest_finish_at) if at]
    first, last = min(instants) - MARGIN, max(instants) + MARGIN
    return Scale.over(first.astimezone(zone).date(), last.astimezone(zone).date(), zone)


def _groups(
    steps: Sequence[Milestone],
    tones: Mapping[int, str],
    scale: Scale,
    live: LivePlan | None,
    shipments: Mapping[int, str],
) -> list[Group]:
    groups, y = [], TOP
    for (stage, shipment), part in groupby(steps, key=lambda m: (m.stage, m.shipment_id)):
        name = str(Stage(stage).label)
        if shipment in shipments:
            name = f"{name} · {shipments[shipment]}"
        head, rows = y, []
        y += GROUP
        for milestone in part:
            rows.append(_row(milestone, tones[milestone.pk], y, scale, live))
            y += ROW
        groups.append(Group(name, head, rows))
    return groups


def _row(milestone: Milestone, tone: str, y: int, scale: Scale, live: LivePlan | None) -> Row:
    due_at = milestone.due_at
    assert due_at is not None  # noqa: S101  draw_axis leaves the others out
    start, baseline, actual = milestone.planned_start_at, milestone.baseline_finish_at, milestone.actual_finish_at
    plain = Row(
        milestone,
        name=capfirst(milestone.name),
        tone=tone,
        y=y,
        x1=min(scale.at(start or due_at), scale.at(due_at)),
        due=scale.at(due_at),
        shade=milestone.calendar_id,
        baseline=scale.at(baseline) if baseline and baseline != due_at else None,
        actual=scale.at(actual) if actual else None,
    )
    step = live.plan.steps.get(milestone.key) if live else None
    if live is None or step is None:
        return plain
    cuts = _cuts(milestone.key, live, scale)
    if not milestone.is_open:
        return Row(**{**vars(plain), "cuts": cuts})
    latest = step.latest_finish_at
    clock = clock_for(live.inputs.schedules[live.inputs.calendars[milestone.key]])
    forecast_at = live.forecast_at(milestone.key)
    return Row(
        **{
            **vars(plain),
            "cuts": cuts,
            "forecast": scale.at(forecast_at),
            "forecast_at": forecast_at,
            "is_late": forecast_at > due_at,
            "tail": scale.at(latest) if latest and latest > due_at else None,
            "is_critical": step.is_critical,
            "float_text": float_words(step.float, step.float_days, clock.day_length),
            "float_span": float_words(step.float, step.float_days, clock.day_length, is_named=False),
        }
    )


def _cuts(key: str, live: LivePlan, scale: Scale) -> list[Cut]:
    """The hard limits of a step, and the instant of a cut-off that is set some time before the anchor."""
    limits = live.inputs.basis.limits.get(key, ())
    cuts = [Cut(scale.at(lim.at), f"{limit_name(lim.name)}: {moment(lim.at)}") for lim in limits if lim.is_hard]
    step, node = live.plan[key], live.nodes[key]
    if "H" in node.spec.flags and node.latest and step.latest_finish_at and not step.is_done:
        label = f"{limit_name('latest')}: {moment(step.latest_finish_at)}"
        cuts.append(Cut(scale.at(step.latest_finish_at), label))
    return cuts


def _links(rows: Sequence[Row], live: LivePlan | None) -> list[str]:
    """The critical chain: from the end of a critical step to the start of each critical one that waits for it."""
    if live is None:
        return []
    critical = {row.milestone.key: row for row in rows if row.is_critical}
    return [
        f"M{before.due} {before.middle}H{max(row.x1, before.due)}V{row.middle}"
        for key, row in critical.items()
        for other, _lag in live.nodes[key].dependencies
        if (before := critical.get(other))
    ]


def _runs(calendar: WorkCalendar, scale: Scale, version: int | None) -> list[DayRun]:
    return day_runs(calendar, scale.first, scale.last, version=version)


def _shade(calendar_id: int, runs: Iterable[DayRun], scale: Scale) -> Shade:
    paths: dict[str, list[str]] = {}
    for run in runs:
        if run.kind == REST and scale.day_width < WEEKS_FROM:
            continue
        width = round(run.day_count * scale.day_width, 1)
        paths.setdefault(run.kind, []).append(f"M{scale.on(run.first)} 0h{width}v{ROW}h-{width}z")
    off, rest, workdays = ("".join(paths.get(kind, ())) for kind in (OFF, REST, WORKDAY))
    return Shade(calendar_id, off, rest, workdays)


def _months(scale: Scale) -> list[Tick]:
    """The first of each month; a stump too narrow for its name stays without."""
    ticks, at = [], scale.first
    while at <= scale.last:
        following = (at.replace(day=1) + timedelta(days=32)).replace(day=1)
        width = (min(following, scale.last + ONE_DAY) - at).days * scale.day_width
        name = date_format(at, "Y-m") if width >= 46 else ""
        ticks.append(Tick(scale.on(at), name))
        at = following
    return ticks


def _weeks(scale: Scale) -> list[Tick]:
    """Mondays with their dates."""
    if scale.day_width < WEEKS_FROM:
        return []
    monday = scale.first + timedelta(days=-scale.first.weekday() % 7)
    days = range((scale.last - monday).days + 1)
    mondays = [monday + timedelta(days=each) for each in days if each % 7 == 0]
    every = -(-WEEK_NAME // (7 * scale.day_width))  # the n-th Monday that has a name
    return [Tick(scale.on(each), date_format(each, "m-d") if n % every == 0 else "") for n, each in enumerate(mondays)]


def _bands(runs: Iterable[DayRun], scale: Scale) -> list[Band]:
    """Days off by name and make-up days, each once however many calendars have it; no name covers another."""
    named = sorted({run for run in runs if run.kind != REST}, key=lambda run: (run.first, run.kind, run.last, run.name))
    ends = [0.0] * BAND_LANES
    bands = []
    for run in named:
        x, width = scale.on(run.first), round(run.day_count * scale.day_width, 1)
        dates = short_dates(run.first, run.last)
        if run.kind == WORKDAY:
            text = pgettext("one sign for a make-up workday", "W")
            title = _("%(dates)s make-up workday (补班): %(name)s") % {"dates": dates, "name": run.name}
        else:
            text = f"{run.name} {dates}"
            title = _("%(dates)s day off (放假): %(name)s") % {"dates": dates, "name": run.name}
        needed = max(text_width(text) + 4, width)
        lane = next((i for i, end in enumerate(ends) if end <= x), None)
        if lane is not None:
            ends[lane] = x + needed
        bands.append(Band(run.kind, x, width, BANDS_AT + (lane or 0) * LANE, text if lane is not None else "", title))
    return bands


def _marks(scale: Scale, live: LivePlan | None, promise_ends: datetime | None, now: datetime | None) -> list[Mark]:
    """Today, the promise, and the instants that the plan hangs from."""
    found: list[tuple[float, str, str]] = []
    if now:
        found.append((scale.at(now), "now", _("today %(day)s") % {"day": day(now)}))
    if promise_ends:
        text = _("promise %(day)s") % {"day": day(promise_ends - ONE_DAY)}
        found.append((scale.at(promise_ends), "promise", text))
    if live:
        for key, at in live.plan.anchors.items():
            if key in live.milestones:
                found.append((scale.at(at), "anchor", f"{live.name(key)} {short_date(timezone.localdate(at))}"))
    return place_marks(found, scale.width)


def place_marks(found: Iterable[tuple[float, str, str]], width: float) -> list[Mark]:
    """Each name beside its line, on the side where there is room, in the first free lane."""
    taken: list[list[tuple[float, float]]] = [[] for _lane in range(MARK_LANES)]
    marks = []
    for x, kind, text in sorted(found):
        needed = text_width(text) + 8
        spans = [((x, x + needed), False), ((x - needed, x), True)]
        place = next(
            (
                (lane, span, is_left)
                for lane in range(MARK_LANES)
                for span, is_left in spans
                if span[0] >= 0 and span[1] <= width and all(span[1] <= a or b <= span[0] for a, b in taken[lane])
            ),
            None,
        )
        if place is None:
            marks.append(Mark(kind, x, MARKS_AT, "", x))
            continue
        lane, span, is_left = place
        taken[lane].append(span)
        marks.append(Mark(kind, x, MARKS_AT + lane * LANE, text, x - 3 if is_left else x + 3, is_left))
    return marks


def text_width(text: str) -> float:
    """How wide a text of the head is, roughly: letters of Han, and an ellipsis beside them, are as wide as high."""
    return sum(11.0 if ord(sign) > 0x2E80 or sign == "…" else 6.2 for sign in text)
