"""Charts of groups: a heat map by month, the repurchase of cohorts, and what each person carries."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from kpi import pages
from kpi.asking import ask, frame_of, grouping_of
from kpi.dashboard import months_until
from kpi.dimensions import DIMENSIONS
from kpi.figures import Figure
from kpi.heat import CODES, STEP_DAYS, STEPS, HeatRow, cohorts, heat_map
from kpi.metrics.steps import AGES
from kpi.people import Carried, carried
from kpi.periods import Period
from kpi.registry import METRICS
from kpi.subjects import COMPANIES
from kpi.tables import table_file
from teams.http import PersonRequest

MONTHS = 12


@login_required
@require_safe
def kpi_heat(request: PersonRequest) -> HttpResponseBase:
    """A share by month and group, darker where it is worse; every cell opens its rows."""
    code = request.GET.get("code", "")
    code = code if code in CODES else "K01"
    metric = METRICS[code]
    form, asked = ask(request, metric, now=timezone.now())
    offered = [name for name, each in DIMENSIONS.items() if each.path_from(metric.subject) and name != "reason"]
    by = grouping_of(request, offered)
    spread = asked.within(months_until(asked.period, MONTHS))
    buckets, rows, hidden = heat_map(code, spread, by)
    if "format" in request.GET:
        heads = {"label": DIMENSIONS[by].name, **{bucket.key: bucket.key for bucket in buckets}, "all": _("All")}
        return table_file(request, f"heat-{code}", str(metric.name), heads, [_heat_cells(row, buckets) for row in rows])
    context = {
        **frame_of(request, form, asked, metric),
        "metric": metric,
        "by": by,
        "dimensions": [(name, DIMENSIONS[name].name) for name in offered],
        "figures": [(each, METRICS[each].name) for each in CODES],
        "months": [bucket.key for bucket in buckets],
        "rows": [
            {
                "label": row.label,
                "cells": [_heat_cell(figure, {**form.query(), by: row.key}) for figure in [*row.cells, row.whole]],
            }
            for row in rows
        ],
        "hidden_count": hidden,
        "chart": {
            "kind": "heat",
            "columns": [bucket.key for bucket in buckets],
            "labels": [row.label for row in rows],
            "cells": [
                [x, y, round(float(figure.value), 1), figure.count]
                for y, row in enumerate(rows)
                for x, figure in enumerate(row.cells)
                if figure.value is not None
            ],
            "isGood": metric.is_higher_better,
            "unit": "%",
        },
    }
    return render(request, "kpi/heat.html", context)


def _heat_cells(row: HeatRow, buckets: Any) -> dict[str, Any]:
    values = [None if figure.value is None else round(float(figure.value), 1) for figure in row.cells]
    whole = None if row.whole.value is None else round(float(row.whole.value), 1)
    return {"label": row.label, **dict(zip([bucket.key for bucket in buckets], values, strict=True)), "all": whole}


def _heat_cell(figure: Figure, query: dict[str, str]) -> dict[str, Any]:
    kept = {name: value for name, value in query.items() if name not in {"period", "since", "until"}}
    return {
        "text": pages.value_text(figure.metric, figure.value),
        "is_small": figure.is_small,
        "url": f"{reverse('kpi_members', args=[figure.code])}?{urlencode({**_days(figure.period), **kept})}",
        "count": figure.count,
    }


def _days(period: Period) -> dict[str, str]:
    return {"since": period.first.isoformat(), "until": period.last.isoformat()}


@login_required
@require_safe
def kpi_cohorts(request: PersonRequest) -> HttpResponseBase:
    """Of the customers who first ordered in a month, how many ordered again, and how soon."""
    form, asked = ask(request, now=timezone.now())
    found = cohorts(asked.within(months_until(asked.period, MONTHS)))
    days = [STEP_DAYS * step for step in range(1, STEPS + 1)]
    if "format" in request.GET:
        heads = {"month": _("First order"), "size": _("Customers"), **{str(day): _days_text(day) for day in days}}
        rows = [
            {"month": each.month.key, "size": each.size, **dict(zip(map(str, days), each.again, strict=True))}
            for each in found
        ]
        return table_file(request, "cohorts", _("Repeat customers"), heads, rows)
    context = {
        **frame_of(request, form, asked),
        "metric": None,
        "columns": [_days_text(day) for day in days],
        "rows": [
            {"label": each.month.key, "size": each.size, "cells": [_share(again, each.size) for again in each.again]}
            for each in found
        ],
        "has_customers": any(each.size for each in found),
        "chart": {
            "kind": "heat",
            "columns": [_days_text(day) for day in days],
            "labels": [each.month.key for each in found],
            "cells": [
                [x, y, round(again / each.size * 100, 1), again]
                for y, each in enumerate(found)
                for x, again in enumerate(each.again)
                if again is not None
            ],
            "isGood": True,
            "unit": "%",
        },
        "subject": COMPANIES,
    }
    return render(request, "kpi/cohorts.html", context)


def _days_text(days: int) -> str:
    return pgettext("cohort", "≤ %(days)s d") % {"days": days}


def _share(again: int | None, size: int) -> dict[str, Any]:
    if again is None:
        return {"text": "", "count": ""}
    return {"text": f"{again / size * 100:.0f}%", "count": again}


@login_required
@require_safe
def kpi_people(request: PersonRequest) -> HttpResponseBase:
    """Load and ageing by person."""
    metric = METRICS["K38"]
    form, asked = ask(request, metric, now=timezone.now())
    found, hidden = carried(asked)
    words = {name: _age_text(name) for name in AGES}
    if "format" in request.GET:
        heads = {
            "label": _("Person"),
            "steps": _("Steps due in 10 days"),
            "hours": _("Hours there are"),
            "load": _("Load"),
            **words,
        }
        return table_file(request, "people", _("People"), heads, [_person_cells(each) for each in found])
    context = {
        **frame_of(request, form, asked, metric),
        "metric": metric,
        "at": asked.at,
        "ages": list(words.values()),
        "hidden_count": hidden,
        "rows": [
            {
                "person": each,
                "load": pages.value_text(metric, each.load.value) if each.load else pages.NOTHING,
                "hours": pages.number_text(each.load.denominator) if each.load else pages.NOTHING,
                "is_too_much": bool(each.load and each.load.value and each.load.value > 100),
                "ages": [each.ages[name] for name in AGES],
                "late_url": _rows_url("K21", {**form.query(), "assignee": each.key, "part": "numerator"}),
                "load_url": _rows_url("K38", {**form.query(), "assignee": each.key}),
            }
            for each in found
        ],
        "load_chart": {
            "kind": "load",
            "labels": [each.label for each in found],
            "values": [round(float(each.load.value or 0), 1) if each.load else 0 for each in found],
            "name": str(metric.name),
        },
        "age_chart": {
            "kind": "stages",
            "isRising": True,
            "labels": [each.label for each in found if each.late],
            "series": [
                {"name": words[name], "values": [each.ages[name] for each in found if each.late]} for name in AGES
            ],
            "name": _("steps"),
        },
    }
    return render(request, "kpi/people.html", context)


def _age_text(name: str) -> str:
    if name == "0":
        return pgettext("ageing", "less than 1")
    return name.replace("-", "–")


def _person_cells(each: Carried) -> dict[str, Any]:
    load = each.load
    return {
        "label": each.label,
        "steps": load.count if load else 0,
        "hours": round(float(load.denominator), 1) if load else None,
        "load": round(float(load.value), 1) if load and load.value is not None else None,
        **each.ages,
    }


def _rows_url(code: str, query: dict[str, str]) -> str:
    return f"{reverse('kpi_members', args=[code])}?{urlencode(query)}"
