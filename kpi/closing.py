"""Closing months: figures are kept as they stood, with the rows counted; what changes later is restated, with why (R6).

A restatement judges as of the instant of closing, so that time passing changes nothing; what differs then was recorded
or corrected after it. Both jobs do a figure at a time in its own transaction: killed, they go on where they were.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection, models, transaction
from django.db.models import Sum

from kpi.dimensions import DIMENSIONS
from kpi.figures import Figure
from kpi.metrics.base import Metric
from kpi.models import KpiSnapshot
from kpi.periods import Period, month_of, months_before
from kpi.questions import Question
from kpi.registry import METRICS
from kpi.subjects import CHECKS, ORDERS, SHIPMENTS, STEPS
from orders.models import Order
from teams.models import Organization, User, WorkCalendar

CLOSE_AFTER = timedelta(days=5)  # time to record what happened in the month's last days
MONTHS = 25  # so far back is closed and restated: two years to compare, and the month before them
LOCK = 20_261_127  # of pg_advisory_xact_lock: any number that no other job of ours uses
NAMED = 20  # rows that a restatement names
_NAMES = {ORDERS.code: "number", STEPS.code: "order__number", SHIPMENTS.code: "number", CHECKS.code: "order__number"}


@dataclass
class _Count:
    """What is counted of one team."""

    model: type[models.Model]
    numerator: Decimal = Decimal(0)
    hits: list[int] = field(default_factory=list)
    misses: list[int] = field(default_factory=list)
    excluded: dict[str, int] = field(default_factory=dict)

    @property
    def denominator(self) -> int:
        return len(self.hits) + len(self.misses)


@dataclass(frozen=True)
class Closed:
    """A closed figure of the teams somebody sees: as it was closed, and as it stands after restatements."""

    closed: tuple[Decimal, int]
    current: tuple[Decimal, int]
    closed_at: datetime
    restated: tuple[KpiSnapshot, ...]

    def value(self, metric: Metric, *, current: bool) -> Decimal | None:
        numerator, denominator = self.current if current else self.closed
        return numerator * metric.scale / denominator if denominator else None


def months_to_close(now: datetime) -> list[Period]:
    """Whole months that ended long enough ago, oldest first."""
    organization = Organization.current()
    today = now.astimezone(organization.zone).date()
    this_month = month_of(today, organization.timezone)
    months = [
        Period(months_before(this_month.first, back), months_before(this_month.first, back - 1), organization.timezone)
        for back in range(MONTHS, 0, -1)
    ]
    return [month for month in months if month.end_at + CLOSE_AFTER <= now]


def close_months(*, now: datetime, is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Close what is to be closed; returns how many figures were."""
    return _each(months_to_close(now), is_stopping, lambda metric, month: _close(metric, month, now))


def restate_months(*, now: datetime, is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Look at the closed months again; returns how many figures of teams were restated."""
    return _each(months_to_close(now), is_stopping, lambda metric, month: _restate(metric, month, now))


def _each(months: Iterable[Period], is_stopping: Callable[[], bool], work: Callable[[Metric, Period], int]) -> int:
    done = 0
    for month in months:
        for metric in _closed_metrics():
            if is_stopping():
                return done
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
                done += work(metric, month)
    return done


def _closed_metrics() -> list[Metric]:
    """Rates and means of rows. A target or a capacity is not kept, and sums of money bear their corrections openly."""
    return [metric for metric in METRICS.values() if metric.is_of_rows]


def _close(metric: Metric, month: Period, now: datetime) -> int:
    if KpiSnapshot.objects.filter(code=metric.code, first=month.first, end=month.end).exists():
        return 0
    counts = _count(metric, month, now)
    # A month without rows is closed as well: nothing may fall into it unnoticed.
    counts = counts or {None: _Count(Order)}
    calendars = _calendars()
    KpiSnapshot.objects.bulk_create(
        [_snapshot(metric, month, team, count, calendars, closed_at=now, now=now) for team, count in counts.items()]
    )
    return 1


def _restate(metric: Metric, month: Period, now: datetime) -> int:
    known = {
        each.team_id: each
        for each in KpiSnapshot.objects.current().filter(code=metric.code, first=month.first, end=month.end)
    }
    if not known:
        return 0
    closed_at = min(each.closed_at for each in known.values())
    counts, calendars, done = _count(metric, month, closed_at), _calendars(), 0
    for team in {*known, *counts}:
        before, count = known.get(team), counts.get(team, _Count(metric.rows(Question(month, None, closed_at)).model))
        if before is None and not count.denominator and not count.excluded:
            continue
        changes = _changes(metric, before, count)
        if not changes:
            continue
        if before is not None:
            KpiSnapshot.objects.filter(pk=before.pk).update(is_current=False)
        after = _snapshot(metric, month, team, count, calendars, closed_at=closed_at, now=now)
        after.version = before.version + 1 if before else 2
        after.changes = changes
        after.save()
        done += 1
    return done


def _snapshot(
    metric: Metric,
    month: Period,
    team: int | None,
    count: _Count,
    calendars: Mapping[str, int],
    *,
    closed_at: datetime,
    now: datetime,
) -> KpiSnapshot:
    return KpiSnapshot(
        code=metric.code,
        formula_version=metric.formula_version,
        first=month.first,
        end=month.end,
        team_id=team,
        numerator=round(count.numerator, 6),
        denominator=count.denominator,
        excluded=count.excluded,
        hit_ids=sorted(count.hits),
        miss_ids=sorted(count.misses),
        calendars=dict(calendars),
        closed_at=closed_at,
        stated_at=now,
    )


def _calendars() -> dict[str, int]:
    return dict(WorkCalendar.objects.values_list("code", "version"))


def _count(metric: Metric, month: Period, at: datetime) -> dict[int | None, _Count]:
    """What the month's rows come to as of `at`, by team; one GROUP BY that also collects the keys."""
    path = DIMENSIONS["team"].path_from(metric.subject)
    rows = metric.rows(Question(month, None, at)).order_by()
    grouped = rows.values("outcome", *metric.grain, *([path] if path else [])).annotate(
        **metric.sums(), keys=ArrayAgg("pk", default=[])
    )
    found: dict[int | None, _Count] = {}
    for row in grouped:
        count = found.setdefault(row[path] if path else None, _Count(rows.model))
        if row["outcome"] in metric.hits:
            count.numerator += Decimal(metric.total(row))
            count.hits += row["keys"]
        elif row["outcome"] in metric.misses:
            count.misses += row["keys"]
        elif row["outcome"] in metric.rules:
            rule = metric.rules[row["outcome"]].code
            count.excluded[rule] = count.excluded.get(rule, 0) + len(row["keys"])
    return found


def _changes(metric: Metric, before: KpiSnapshot | None, count: _Count) -> dict[str, Any]:
    """What is counted otherwise than before; empty if nothing is."""
    old_hits, old_misses = (set(before.hit_ids), set(before.miss_ids)) if before else (set(), set())
    hits, misses = set(count.hits), set(count.misses)
    sides = {
        "added": (hits | misses) - (old_hits | old_misses),
        "removed": (old_hits | old_misses) - (hits | misses),
        "judged_otherwise": (hits & old_misses) | (misses & old_hits),
    }
    changes: dict[str, Any] = {
        name: {"count": len(keys), "names": _names(metric, count.model, keys)} for name, keys in sides.items() if keys
    }
    if before and round(count.numerator, 6) != before.numerator and not changes:
        changes["measured_otherwise"] = {"count": len(hits), "names": []}
    if before and changes and before.formula_version != metric.formula_version:
        changes["formula"] = [before.formula_version, metric.formula_version]
    return changes


def _names(metric: Metric, model: type[models.Model], keys: Iterable[int]) -> list[str]:
    some = sorted(keys)[:NAMED]
    if metric.subject.code not in _NAMES:
        return []
    # By key alone: a row that no longer counts is named as well.
    names = model._default_manager.filter(pk__in=some).values_list(_NAMES[metric.subject.code], flat=True)
    return sorted(set(names))


def closed_figure(metric: Metric, asked: Question) -> Closed | None:
    """The closed figure of the asked months over the teams that the viewer sees; None where it is not closed.

    Also None where the viewer sees only their own orders of a team, and for filters other than by team: the rows of a
    team were kept, not the parts of it.
    """
    if not _is_of_whole_teams(asked) or not _is_months(asked.period):
        return None
    teams = _teams_of(asked.viewer)
    rows = list(
        KpiSnapshot.objects.filter(code=metric.code, first__gte=asked.period.first, end__lte=asked.period.end)
        .defer("hit_ids", "miss_ids")
        .order_by("first", "team", "version")
    )
    months = {row.first for row in rows}
    if not rows or len(months) != len(asked.period.buckets("month")):
        return None
    wanted = [row for row in rows if _is_seen(row, teams, asked.filters)]
    closed = [row for row in wanted if row.version == 1]
    current = [row for row in wanted if row.is_current]
    return Closed(
        _sum(closed),
        _sum(current),
        max(row.closed_at for row in rows),
        tuple(row for row in wanted if row.version > 1),
    )


def _is_of_whole_teams(asked: Question) -> bool:
    """Nothing narrower than teams is asked for: neither by a filter nor by what the viewer may see of a team."""
    access = asked.viewer.access if asked.viewer else None
    sees_whole = access is None or access.sees_all or (access.team_ids and not access.own_scope_ids)
    return bool(sees_whole) and not set(asked.filters) - {"team"}


def _teams_of(viewer: User | None) -> frozenset[int] | None:
    """The teams whose rows the viewer sees; None for every team."""
    return None if viewer is None or viewer.access.sees_all else viewer.access.team_scope_ids


def _is_seen(row: KpiSnapshot, teams: frozenset[int] | None, filters: Mapping[str, Any]) -> bool:
    if "team" in filters and row.team_id != filters["team"]:
        return False
    return teams is None or row.team_id in teams


def _is_months(period: Period) -> bool:
    return period.first.day == 1 and period.end.day == 1


def _sum(rows: Iterable[KpiSnapshot]) -> tuple[Decimal, int]:
    found = list(rows)
    return sum((row.numerator for row in found), Decimal(0)), sum(row.denominator for row in found)


def stored_figures(
    codes: Collection[str], asked: Question, periods: Iterable[Period]
) -> dict[tuple[str, Period], Figure]:
    """Of these periods the closed months, as they stand after restatements; for nobody who sees parts of teams only.

    Two statements, however many figures and months.
    """
    teams = _teams_of(asked.viewer)
    wanted = {(each.first, each.end): each for each in periods}
    if not wanted or not _is_of_whole_teams(asked):
        return {}
    rows = KpiSnapshot.objects.current().filter(
        code__in=codes, first__in=[first for first, _ in wanted], end__in=[end for _, end in wanted]
    )
    closed = set(rows.values_list("code", "first", "end").distinct())
    if "team" in asked.filters:
        rows = rows.filter(team=asked.filters["team"])
    if teams is not None:
        rows = rows.filter(team__in=teams)
    sums = {
        (row["code"], row["first"], row["end"]): (row["above"], row["below"])
        for row in rows.values("code", "first", "end").annotate(above=Sum("numerator"), below=Sum("denominator"))
    }
    found: dict[tuple[str, Period], Figure] = {}
    for code, first, end in closed:
        metric, period = METRICS[code], wanted.get((first, end))
        # What belongs to people is closed for the company alone.
        is_whole = teams is None and not asked.filters
        if period is None or not (is_whole or DIMENSIONS["team"].path_from(metric.subject)):
            continue
        numerator, denominator = sums.get((code, first, end), (Decimal(0), 0))
        found[code, period] = Figure(metric, period, numerator, denominator, denominator)
    return found
