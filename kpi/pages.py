"""Figures as the pages show them: formatted, compared with the period before, with a line of the last months."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Max, Min
from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from kpi.closing import Closed
from kpi.dashboard import Card
from kpi.dimensions import DIMENSIONS
from kpi.figures import Figure, Group
from kpi.metrics.base import Metric, Number
from kpi.metrics.steps import AGES
from kpi.periods import Period
from kpi.questions import Question
from kpi.registry import offered_to
from orders.models import Order
from orders.words import Side, word_of
from teams.models import Organization, User

NOTHING = "–"
# What the two parts of a rate are called; durations have one part only.
PART_NAMES: dict[str, tuple[Promise, Promise]] = {
    "K01": (pgettext_lazy("part", "On time"), pgettext_lazy("part", "Late")),
    "K02": (pgettext_lazy("part", "On time"), pgettext_lazy("part", "Late")),
    "K03": (pgettext_lazy("part", "Departed on time"), pgettext_lazy("part", "Departed late or not at all")),
    "K09": (pgettext_lazy("part", "Promise changed"), pgettext_lazy("part", "Promise kept as it was")),
    "K34": (pgettext_lazy("part", "On time"), pgettext_lazy("part", "Late")),
    "K35": (pgettext_lazy("part", "Recorded in time"), pgettext_lazy("part", "Recorded late")),
    "K36": (pgettext_lazy("part", "Accepted at once"), pgettext_lazy("part", "Not at once")),
    "K37": (pgettext_lazy("part", "With a reason"), pgettext_lazy("part", "Without a reason")),
    "K39": (pgettext_lazy("part", "On time"), pgettext_lazy("part", "Late")),
    "K04": (pgettext_lazy("part", "In full"), pgettext_lazy("part", "Not in full")),
    "K05": (pgettext_lazy("part", "On time and in full"), pgettext_lazy("part", "Missed")),
    "K20": (pgettext_lazy("part", "On time"), pgettext_lazy("part", "Late")),
    "K30": (pgettext_lazy("part", "Bought again"), pgettext_lazy("part", "Bought once")),
    "K21": (pgettext_lazy("part", "Overdue"), pgettext_lazy("part", "Not overdue")),
    "K22": (pgettext_lazy("part", "Became overdue"), pgettext_lazy("part", "On time")),
}
_PARTS = (pgettext_lazy("part", "Counted above"), pgettext_lazy("part", "Only below"))


@dataclass(frozen=True)
class Spark:
    """A small line as points of an SVG 100 wide and 28 high; months without a value break it."""

    lines: Sequence[str]


@dataclass(frozen=True)
class CardView:
    """One figure on the dashboard, in words."""

    figure: Figure
    text: str
    number: str  # `text` without its unit
    change: str  # against the period before, with its sign; empty where there is nothing to compare
    change_tone: str  # done: better, late: worse, empty: the same
    before: str
    last_year: str  # empty where that is not closed
    measured: str  # the two sums of a figure that is no rate of rows: “12 of 40 CNY”
    spark: Spark
    url: str


def value_number(metric: Metric, value: Decimal | float | None) -> str:
    """87.4% or 12.3; a dash where nothing was counted (R7)."""
    if value is None:
        return NOTHING
    number = number_format(round(Decimal(value), 1), decimal_pos=1, force_grouping=True)
    return f"{number}%" if metric.unit == "%" else number


def value_text(metric: Metric, value: Decimal | float | None) -> str:
    """87.4% or 12.3 days."""
    number = value_number(metric, value)
    if value is None or metric.unit == "%":
        return number
    return pgettext("figure with unit", "%(number)s %(unit)s") % {"number": number, "unit": metric.unit_name}


def level_text(metric: Metric | None, value: Decimal | None) -> str:
    """What a goal speaks of: a value of its figure, or of a total the sum."""
    if metric is None or value is None:
        return number_text(value)
    return sum_text(metric, value) if metric.is_total else value_text(metric, value)


def sum_text(metric: Metric, value: Any) -> str:
    """12,345 CNY, or a sum of the figure's own unit."""
    if not metric.is_money:
        return number_text(value)
    # Thousands by comma in both languages: Chinese number formats know no groups.
    return f"{round(Decimal(value)):,} {Organization.current().base_currency}"


def measured_text(figure: Figure) -> str:
    """The two sums of a figure that is no rate of rows; the first alone where there is no second."""
    above = f"{sum_text(figure.metric, figure.numerator)} {figure.metric.above_name}"
    if not figure.denominator:
        return above
    return f"{above} · {sum_text(figure.metric, figure.denominator)} {figure.metric.below_name}"


def number_text(value: Any) -> str:
    """A numerator: whole, or with one decimal where it is a sum of days."""
    if value is None:
        return NOTHING
    whole = value == int(value)
    return number_format(
        int(value) if whole else round(Decimal(value), 1), decimal_pos=0 if whole else 1, force_grouping=True
    )


def change_of(metric: Metric, now: Decimal | None, before: Decimal | None) -> tuple[str, str]:
    """The difference in points or days, and whether that is better."""
    if now is None or before is None:
        return "", ""
    difference = round(now, 1) - round(before, 1)
    sign = "+" if difference > 0 else "−" if difference < 0 else "±"
    number = number_format(abs(difference), decimal_pos=1)
    unit = pgettext("percentage points", "pts") if metric.unit == "%" else str(metric.unit_name)
    tone = "" if not difference else "done" if (difference > 0) == metric.is_higher_better else "late"
    return f"{sign}{number} {unit}", tone


def view_of(card: Card, query: str) -> CardView:
    """`query` is the question of the page, which the figure's own page takes over."""
    metric = card.figure.metric
    change, tone = change_of(metric, card.figure.value, card.previous.value)
    return CardView(
        figure=card.figure,
        text=value_text(metric, card.figure.value),
        number=value_number(metric, card.figure.value),
        change=change,
        change_tone=tone,
        before=value_text(metric, card.previous.value),
        last_year=value_text(metric, card.last_year.value) if card.last_year and card.last_year.count else "",
        measured="" if metric.is_of_rows or not card.figure.count else measured_text(card.figure),
        spark=spark_of([month.figure.value for month in card.trend]),
        url=f"{reverse('kpi_figure', args=[metric.code])}{query}",
    )


# The parts of the catalogue: the last number of each, and its name.
THEMES: tuple[tuple[int, Promise], ...] = (
    (10, pgettext_lazy("figures", "Delivery")),
    (19, pgettext_lazy("figures", "Speed")),
    (24, pgettext_lazy("figures", "Deadlines")),
    (31, pgettext_lazy("figures", "Customers")),
    (33, pgettext_lazy("figures", "Sales and payment")),
    (39, pgettext_lazy("figures", "People, suppliers and quality")),
)


def themes(user: User) -> list[tuple[Promise, list[str]]]:
    """The parts of the catalogue that have figures for this person: name and codes."""
    found: dict[int, list[str]] = {}
    for code in offered_to(user):
        number = int(code.removeprefix("K"))
        found.setdefault(next(index for index, (last, _name) in enumerate(THEMES) if number <= last), []).append(code)
    return [(THEMES[index][1], found[index]) for index in sorted(found)]


def spark_of(values: Sequence[Decimal | None]) -> Spark:
    known = [float(value) for value in values if value is not None]
    if not known:
        return Spark([])
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    step = 100 / max(len(values) - 1, 1)
    lines: list[list[str]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            lines.append([])
            continue
        # Two units of air above and below; a level line runs in the middle.
        height = 14.0 if high == low else 26 - (float(value) - low) / span * 24
        lines[-1].append(f"{index * step:.1f},{height:.1f}")
    # A point by itself is a line of no length, which a round cap shows as a dot.
    return Spark([" ".join(line if len(line) > 1 else line * 2) for line in lines if line])


# A figure's own page ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bar:
    """A group of a breakdown; `width` is its share of the widest, in percent."""

    group: Group
    text: str
    width: float
    filter_url: str
    members_url: str


def bars_of(groups: Sequence[Group], *, by: str, code: str, query: Mapping[str, str]) -> list[Bar]:
    metric = groups[0].figure.metric if groups else None
    # Where no group has anything to be measured against, such as a target, their sums are compared.
    is_of_sums = bool(metric and not metric.is_of_rows and all(group.figure.value is None for group in groups))
    lengths = [float(_length(group.figure, is_of_sums=is_of_sums) or 0) for group in groups]
    is_share = bool(metric and metric.unit == "%" and not is_of_sums)
    widest = 100.0 if is_share else max(lengths, default=0) or 1.0
    found = []
    for group, length in zip(groups, lengths, strict=True):
        chosen = urlencode({**query, by: group.key})
        figure = group.figure
        found.append(
            Bar(
                group,
                sum_text(figure.metric, figure.numerator) if is_of_sums else value_text(figure.metric, figure.value),
                round(min(max(length, 0) / widest, 1) * 100, 1),
                f"{reverse('kpi_figure', args=[code])}?{chosen}",
                f"{reverse('kpi_members', args=[code])}?{chosen}",
            )
        )
    return found


def _length(figure: Figure, *, is_of_sums: bool) -> Number | None:
    return figure.numerator if is_of_sums else figure.value


def chart_of(
    metric: Metric,
    groups: Sequence[Group],
    *,
    before: Sequence[Decimal | None] = (),
    target: Sequence[Decimal | None] = (),
) -> dict[str, Any]:
    """The trend for the chart: labels, values, how many rows stand behind each; the year before, and the target."""
    return {
        "labels": [group.label for group in groups],
        "values": [round(float(group.figure.value), 2) if group.figure.value is not None else None for group in groups],
        "texts": [
            f"{value_text(metric, each.value)} ({number_text(each.numerator)} ÷ {number_text(each.denominator)})"
            for each in (group.figure for group in groups)
        ],
        "small": [group.figure.is_small for group in groups],
        "isShare": metric.is_share,
        "name": str(metric.name),
        "before": _line_of(before),
        "beforeName": _("a year before"),
        "target": _line_of(target),
        "targetName": _("target"),
    }


def _line_of(values: Sequence[Decimal | None]) -> list[float | None]:
    """A line to compare with; empty where there is nothing of it."""
    found = [None if value is None else round(float(value), 2) for value in values]
    return found if any(value is not None for value in found) else []


def beside_of(figure: Figure) -> list[tuple[str, str]]:
    """What stands beside the figure, in words."""
    found, metric = figure.statistics, figure.metric
    rows: list[tuple[str, str]] = []
    if "p50" in found:
        rows.append((_("Half take at most"), value_text(metric, found["p50"])))
        rows.append((_("Nine in ten take at most"), value_text(metric, found["p90"])))
    if "first_shipment_mean" in found:
        rows.append((_("To the first shipment"), value_text(metric, found["first_shipment_mean"])))
    if "gross_mean" in found:
        rows.append((_("With all waiting"), value_text(metric, found["gross_mean"])))
    if "changes_mean" in found:
        rows.append((_("Changes per order"), number_text(found["changes_mean"])))
        rows.append((_("At the customer's wish"), number_text(found["wished"])))
        for side, days in found.get("slip_days", {}).items():
            words = _("Days moved: %(side)s") % {"side": word_of(Side, side)}
            rows.append((words, number_text(days)))
    if "sd" in found:
        rows.append((_("Standard deviation"), value_text(metric, found["sd"])))
        rows.append((_("Nine in ten deviate by at most"), value_text(metric, found["deviation_p90"])))
    if "prompt" in found:
        rows.append((_("Acknowledged within 4 working hours"), f"{found['prompt']} ÷ {found.get('shown', NOTHING)}"))
        rows.append((_("Nine in ten take at most"), value_text(metric, found["acknowledge_p90"])))
    if "open_count" in found:
        rows.append((_("Still under way"), number_text(found["open_count"])))
        rows.append((_("Their age so far"), value_text(metric, found["open_mean"])))
    if "open_orders" in found:
        rows.append((_("Orders with an overdue step"), f"{found['overdue_orders']} ÷ {found['open_orders']}"))
        rows.append((_("Late, waiting on others (not counted)"), number_text(found["late_waiting"])))
    return rows


def ages_of(figure: Figure) -> list[tuple[str, int, float]]:
    """K23's ageing: working days late, how many steps, and their share of the largest."""
    ages = figure.statistics.get("ages") or {}
    most = max(ages.values(), default=0) or 1
    words = {"0": pgettext("ageing", "less than 1")}
    return [
        (words.get(name, name.replace("-", "–")), ages[name], round(ages[name] / most * 100, 1))
        for name in AGES
        if name in ages
    ]


# What a restatement says of the rows that are counted otherwise.
CHANGES: dict[str, Promise] = {
    "added": pgettext_lazy("restated", "counted now"),
    "removed": pgettext_lazy("restated", "no longer counted"),
    "judged_otherwise": pgettext_lazy("restated", "judged otherwise"),
    "measured_otherwise": pgettext_lazy("restated", "measured otherwise"),
}


def closed_of(metric: Metric, closed: Closed | None) -> dict[str, Any] | None:
    """A closed figure in words: what it was closed with, what it is restated to, and why."""
    if closed is None:
        return None
    return {
        "value": value_text(metric, closed.value(metric, current=False)),
        "current": value_text(metric, closed.value(metric, current=True)) if closed.restated else "",
        "at": closed.closed_at,
        "restated": [
            {
                "at": row.stated_at,
                "month": row.first,
                "team": row.team,
                "changes": [
                    {"words": CHANGES[name], "count": change["count"], "names": change["names"]}
                    for name, change in row.changes.items()
                    if name in CHANGES
                ],
                "formula": row.changes.get("formula"),
            }
            for row in sorted(closed.restated, key=lambda row: (row.stated_at, row.pk), reverse=True)
        ],
    }


def part_names(metric: Metric) -> tuple[Promise, Promise]:
    return PART_NAMES.get(metric.code, _PARTS)


def outcome_text(metric: Metric, outcome: str) -> str:
    """What became of a row: counted as hit or miss, or the rule that left it out."""
    if outcome in metric.rules:
        return str(metric.rules[outcome].label)
    hit, miss = part_names(metric)
    return "" if not metric.misses else str(hit if outcome in metric.hits else miss)


def period_text(period: Period) -> str:
    """2026-11-01 to 2026-11-30, both counted."""
    return _("%(first)s to %(last)s") % {
        "first": date_format(period.first, "Y-m-d"),
        "last": date_format(period.last, "Y-m-d"),
    }


def filters_text(asked: Question) -> list[tuple[str, str, str]]:
    """The filters in force: code, name of the dimension, and what was chosen."""
    chosen = []
    for code, value in asked.filters.items():
        dimension = DIMENSIONS[code]
        label = dimension.labels([value])[value][1] if value not in (None, "") else _("(none)")
        chosen.append((code, str(dimension.name), str(label)))
    return chosen


def promised_span(user: User) -> tuple[date | None, date | None]:
    """The first and last promise among the orders the person sees: where there is something to look at."""
    found = Order.objects.eligible().visible_to(user).aggregate(first=Min("promised_date"), last=Max("promised_date"))
    return found["first"], found["last"]
