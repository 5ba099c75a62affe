"""Why a figure changed between two periods: its difference split exactly, in whole fractions, so that parts add up.

For a rate, with r the share of a group and w its part of the denominator, "before" and "now" as A and B, R the rate of
all: groups that are counted in both periods changed by w_B (r_B − r_A) from within and by (w_B − w_A)(r_A − R_A) by
their weight (mix); groups of one period only by their weight times their distance from R_A (denominator). Within, the
change is that of the share of rows that make the figure worse, split by their causes. The parts sum to R_B − R_A.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from kpi.closing import closed_figure
from kpi.dimensions import DIMENSIONS, labels_of
from kpi.figures import Figure, aggregate_by, assemble
from kpi.periods import Period
from kpi.questions import Question
from kpi.registry import metric_of
from kpi.subjects import ORDERS, STEPS

MIX, WITHIN, CAUSE, DENOMINATOR, CORRECTION = "mix", "within", "cause", "denominator", "correction"


@dataclass(frozen=True)
class Part:
    """`effect` is in the figure's unit; `key` and `label` name the group or the cause, empty for all of a kind.

    `rows` of a cause: how many that make the figure worse there were before and are now.
    """

    kind: str
    key: str
    label: str
    effect: Fraction
    rows: tuple[int, int] | None = None


@dataclass(frozen=True)
class Change:
    """`parts` sum to `difference`, None where one of the periods counts nothing (R7).

    Compared is with the value `before` was closed with, where it is: what was corrected since is a part of its own.
    """

    before: Figure
    now: Figure
    difference: Fraction | None
    parts: list[Part]
    closed_value: Decimal | None = None

    @property
    def value_before(self) -> Decimal | None:
        """What is compared with."""
        return self.before.value if self.closed_value is None else self.closed_value


@dataclass
class _Group:
    """What is counted of a group, and by cause the rows that make the figure worse."""

    count: int = 0
    total: Fraction = Fraction(0)
    blamed: dict[Any, int] = field(default_factory=dict)

    def add(self, count: int, total: Fraction) -> None:
        self.count += count
        self.total += total

    def blame(self, cause: Any, count: int) -> None:
        self.blamed[cause] = self.blamed.get(cause, 0) + count


def explain(code: str, asked: Question, by: str, *, before: Period | None = None) -> Change:
    """The change since `before`, the period before by default, with groups by the dimension `by`.

    Causes are told for shares of orders and steps; what is summed, or counted otherwise, is split by groups alone.
    """
    metric = metric_of(code)
    earlier = before or asked.period.previous()
    has_causes = bool(metric.misses) and metric.is_of_rows and metric.subject in (ORDERS, STEPS) and by != "reason"
    names = [by, *(["reason"] if has_causes else [])]
    paths = [DIMENSIONS[name].path_from(metric.subject) for name in names]
    sides = [_read(metric, asked.within(period), paths) for period in (earlier, asked.period)]
    figures = [
        assemble(metric, asked.within(period), rows)
        for period, (rows, _groups) in zip((earlier, asked.period), sides, strict=True)
    ]
    if not (figures[0].denominator and figures[1].denominator):
        return Change(figures[0], figures[1], None, [])
    before_groups, now_groups = (groups for _rows, groups in sides)
    # One row more that makes it worse takes from a figure that should be high and adds to one that should be low.
    sign = 0 if not has_causes else -1 if metric.is_higher_better else 1
    if metric.is_of_rows:
        parts = _split(before_groups, now_groups, sign)
    else:
        parts = _shares(before_groups, now_groups, [Fraction(each.denominator) for each in figures])
    values = [Fraction(figure.numerator) * metric.scale / Fraction(figure.denominator) for figure in figures]
    named = _named(parts, by, metric.scale)
    closed = closed_figure(metric, asked.within(earlier))
    if closed is None or not closed.closed[1]:
        return Change(figures[0], figures[1], values[1] - values[0], named)
    stated = Fraction(closed.closed[0]) * metric.scale / closed.closed[1]
    # What is kept of sums has six decimals; less than that is no correction.
    if abs(values[0] - stated) > Fraction(1, 10**4):
        named.insert(0, Part(CORRECTION, "", "", values[0] - stated))
    else:
        stated = values[0]
    return Change(figures[0], figures[1], values[1] - stated, named, closed.value(metric, current=False))


def _read(metric: Any, asked: Question, paths: list[str]) -> tuple[list[Mapping[str, Any]], dict[Any, _Group]]:
    """The lines of aggregates, and of them the counted ones by group; an empty word is the same as none."""
    rows = aggregate_by(metric, asked, paths)
    groups: dict[Any, _Group] = {}
    for row in rows:
        if row["outcome"] not in metric.counted:
            continue
        group = groups.setdefault(None if row[paths[0]] == "" else row[paths[0]], _Group())
        is_hit = row["outcome"] in metric.hits
        group.add(row["row_count"], Fraction(metric.total(row)) if is_hit else Fraction(0))
        if is_hit != metric.is_higher_better:
            group.blame(row[paths[1]] if len(paths) > 1 else None, row["row_count"])
    return rows, groups


def _split(before: Mapping[Any, _Group], now: Mapping[Any, _Group], sign: int) -> list[tuple[str, Any, Any]]:
    """(kind, key, effect as a share or mean), and for causes (effect, before, now); `sign` 0: without causes."""
    whole = [sum(group.count for group in side.values()) for side in (before, now)]
    rate = sum((group.total for group in before.values()), Fraction(0)) / whole[0]
    parts: list[tuple[str, Any, Any]] = []
    causes: dict[Any, list[Any]] = {}
    for key in sorted({*before, *now}, key=str):
        old, new = before.get(key), now.get(key)
        if new is None or old is None:
            side, comes, total = (old, -1, whole[0]) if old is not None else (now[key], 1, whole[1])
            weight = Fraction(side.count, total)
            parts.append((DENOMINATOR, key, comes * weight * (side.total / side.count - rate)))
            continue
        weights = Fraction(old.count, whole[0]), Fraction(new.count, whole[1])
        parts.append((MIX, key, (weights[1] - weights[0]) * (old.total / old.count - rate)))
        if not sign:
            parts.append((WITHIN, key, weights[1] * (new.total / new.count - old.total / old.count)))
            continue
        for cause in {*old.blamed, *new.blamed}:
            counts = [group.blamed.get(cause, 0) for group in (old, new)]
            shares = Fraction(counts[0], old.count), Fraction(counts[1], new.count)
            found = causes.setdefault(cause, [Fraction(0), 0, 0])
            found[0] += sign * weights[1] * (shares[1] - shares[0])
            found[1] += counts[0]
            found[2] += counts[1]
    return [*parts, *((CAUSE, cause, tuple(found)) for cause, found in causes.items())]


def _shares(
    before: Mapping[Any, _Group], now: Mapping[Any, _Group], wholes: list[Fraction]
) -> list[tuple[str, Any, Any]]:
    """Of a figure that is no rate of rows: what each group adds to it now, less what it added before."""
    nothing = _Group()
    return [
        (WITHIN, key, now.get(key, nothing).total / wholes[1] - before.get(key, nothing).total / wholes[0])
        for key in sorted({*before, *now}, key=str)
    ]


def _named(parts: Iterable[tuple[str, Any, Any]], by: str, scale: int) -> list[Part]:
    found = list(parts)
    groups = labels_of(DIMENSIONS[by], [key for kind, key, _ in found if kind != CAUSE])
    causes = labels_of(DIMENSIONS["reason"], [key for kind, key, _ in found if kind == CAUSE])
    named = []
    for kind, key, effect in found:
        key_text, label = causes[key] if kind == CAUSE else groups[key]
        if kind == CAUSE:
            share, old_count, new_count = effect
            named.append(Part(kind, key_text, label, share * scale, (old_count, new_count)))
        elif effect:
            named.append(Part(kind, key_text, label, effect * scale))
    return sorted(named, key=lambda part: (-abs(part.effect), part.kind, part.key))
