"""The analytical charts: causes of delay, control charts, and where the time went; each with its table and export."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from kpi import pages
from kpi.asking import ask, frame_of, metric_or_404, query_of
from kpi.causes import AMOUNT, DAYS, WEIGHTS, Causes, causes
from kpi.control import Control, control, is_charted
from kpi.figures import figure
from kpi.forms import ChangeForm
from kpi.models import ProcessChange
from kpi.registry import METRICS, offered_to
from kpi.rules import rule_name
from kpi.spc import FIRM, PROVISIONAL
from kpi.stages import StageTime, stage_times
from kpi.tables import table_file
from teams.errors import NotPermitted
from teams.http import PersonRequest
from teams.permissions import Permission


@login_required
@require_safe
def kpi_causes(request: PersonRequest) -> HttpResponseBase:
    """Pareto of delay reasons; kept back while too few late steps have one."""
    metric = METRICS["K23"]
    form, asked = ask(request, metric, now=timezone.now())
    weight = request.GET.get("weight", DAYS)
    shows_money = request.user.access.sees_any_money
    offered = {key: name for key, name in WEIGHTS.items() if key != AMOUNT or shows_money}
    weight = weight if weight in offered else DAYS
    found = causes(asked, weight, sees_money=request.user.access.sees_money)
    if "format" in request.GET:
        heads = {
            "label": _("Delay reason"),
            "value": WEIGHTS[weight],
            "count": _("Late steps"),
            "share": _("Share"),
            "cumulative": _("Cumulative"),
        }
        rows = [
            {
                "label": each.label,
                "value": each.row.value,
                "count": each.count,
                "share": each.row.share,
                "cumulative": each.row.cumulative_share,
            }
            for each in found.rows
        ]
        return table_file(request, "causes", _("Causes of delay"), heads, rows)
    context = {
        **frame_of(request, form, asked, metric),
        "weights": list(offered.items()),
        "weight": weight,
        "weight_name": WEIGHTS[weight],
        "causes": found,
        "coded": pages.value_text(found.coded.metric, found.coded.value),
        "rows": [_cause_row(each, form.query()) for each in found.rows],
        "chart": _pareto_chart(found),
        "uncoded_url": f"{reverse('kpi_members', args=['K37'])}?{urlencode({**form.query(), 'part': 'missed'})}",
    }
    return render(request, "kpi/causes.html", context)


def _cause_row(each: Any, query: Mapping[str, str]) -> dict[str, Any]:
    address = reverse("kpi_members", args=["K23"])
    return {
        "label": each.label,
        "value": pages.number_text(each.row.value),
        "count": each.count,
        "share": f"{number_format(each.row.share * 100, 1)}%",
        "cumulative": f"{number_format(each.row.cumulative_share * 100, 1)}%",
        "is_vital": each.row.vital,
        "width": round(each.row.share * 100, 1),
        "url": f"{address}?{urlencode({**query, 'reason': each.row.key})}",
    }


def _pareto_chart(found: Causes) -> dict[str, Any]:
    return {
        "kind": "pareto",
        "labels": [each.label for each in found.rows],
        "values": [round(each.row.value, 2) for each in found.rows],
        "cumulative": [round(each.row.cumulative_share * 100, 1) for each in found.rows],
        "vital": [each.row.vital for each in found.rows],
        "name": str(WEIGHTS[found.weight]),
        "cumulativeName": _("Cumulative"),
    }


@login_required
@require_safe
def kpi_control(request: PersonRequest, code: str) -> HttpResponseBase:
    """The control chart of a figure, with its signals and the changes declared."""
    metric = metric_or_404(code, request.user)
    if not is_charted(metric):
        raise Http404
    form, asked = ask(request, metric, now=timezone.now())
    found = control(code, asked)
    signals = _signals(found)
    if "format" in request.GET:
        return table_file(request, f"control-{code}", str(metric.name), _control_heads(found), _control_rows(found))
    may_steer = request.user.access.allows_somewhere(Permission.KPI_STEER)
    parts = found.chart.segments if found.chart else []
    context = {
        **frame_of(request, form, asked, metric),
        "metric": metric,
        "found": found,
        "chart": _control_chart(found, signals),
        "limits": [
            {
                "since": found.points[first].day,
                "center": pages.value_text(metric, part.center),
                "lcl": pages.value_text(metric, part.lcl),
                "ucl": pages.value_text(metric, part.ucl),
                "count": part.baseline,
                "is_firm": part.is_firm,
                "is_enough": part.baseline >= PROVISIONAL,
            }
            for first, part in parts
        ],
        "signals": [
            {
                "point": found.points[index],
                "value": pages.value_text(metric, found.points[index].value),
                "rules": [rule_name(rule) for rule in rules],
                "url": _point_url(found, index, form.query()),
            }
            for index, rules in sorted(signals.items(), reverse=True)
        ],
        "firm": FIRM,
        "figures": [(each.code, each.name) for each in offered_to(request.user).values() if is_charted(each)],
        "change_form": ChangeForm(initial={"day": timezone.localdate()}) if may_steer else None,
        "may_steer": may_steer,
    }
    return render(request, "kpi/control.html", context)


def _signals(found: Control) -> dict[int, list[str]]:
    signals: dict[int, list[str]] = {}
    for index, rule in found.chart.signals if found.chart else ():
        signals.setdefault(index, []).append(rule)
    return signals


def _point_url(found: Control, index: int, query: Mapping[str, str]) -> str:
    point = found.points[index]
    if point.period is None:
        return reverse("order", args=[point.key])
    kept = {name: value for name, value in query.items() if name not in {"period", "since", "until"}}
    week = {"since": point.period.first.isoformat(), "until": point.period.last.isoformat()}
    return f"{reverse('kpi_members', args=[found.metric.code])}?{urlencode({**kept, **week})}"


def _control_chart(found: Control, signals: Mapping[int, Sequence[str]]) -> dict[str, Any]:
    """Limits as one line of steps each, so that they break where they begin anew."""
    size = len(found.points)
    lines: dict[str, list[float | None]] = {name: [None] * size for name in ("center", "lcl", "ucl")}
    for first, part in found.chart.segments if found.chart else ():
        for name, line in lines.items():
            line[first : first + len(part.values)] = [round(getattr(part, name), 3)] * len(part.values)
    return {
        "kind": "control",
        "labels": [point.key if point.period else f"{point.day:%m-%d} {point.key}" for point in found.points],
        "values": [round(point.value, 3) for point in found.points],
        "signals": {index: [rule_name(rule) for rule in rules] for index, rules in signals.items()},
        "isShare": found.metric.unit == "%",
        "name": str(found.metric.name),
        "lineNames": {"center": _("mean"), "lcl": _("lower limit"), "ucl": _("upper limit")},
        **lines,
    }


def _control_heads(found: Control) -> dict[str, Any]:
    return {
        "day": _("Day"),
        "key": _("Order") if found.of_orders else _("Week"),
        "value": found.metric.unit_name,
        "center": _("mean"),
        "lcl": _("lower limit"),
        "ucl": _("upper limit"),
        "signal": _("Signal"),
    }


def _control_rows(found: Control) -> list[dict[str, Any]]:
    chart, signals = _control_chart(found, {}), _signals(found)
    return [
        {
            "day": point.day,
            "key": point.key,
            "value": round(point.value, 3),
            **{name: chart[name][index] for name in ("center", "lcl", "ucl")},
            "signal": pgettext("between names", ", ").join(rule_name(rule) for rule in signals.get(index, ())),
        }
        for index, point in enumerate(found.points)
    ]


@login_required
@require_POST
def kpi_change(request: PersonRequest, code: str) -> HttpResponse:
    """Declare a change of how work is done; the chart's limits begin anew on its day."""
    metric = metric_or_404(code, request.user)
    if not request.user.access.allows_somewhere(Permission.KPI_STEER):
        raise NotPermitted(_("Your role may not do this."))
    form = ChangeForm(request.POST)
    if not form.is_valid():
        return render(request, "kpi/change.html", {"metric": metric, "change_form": form}, status=422)
    ProcessChange.objects.get_or_create(
        code=metric.code if form.cleaned_data["only_this"] else "",
        day=form.cleaned_data["day"],
        title=form.cleaned_data["title"],
        defaults={"by": request.user, "created_at": timezone.now()},
    )
    return redirect("kpi_control", code=metric.code)


@login_required
@require_safe
def kpi_stages(request: PersonRequest) -> HttpResponseBase:
    """Where the time of the delivered orders went."""
    metric = METRICS["K11"]
    form, asked = ask(request, metric, now=timezone.now())
    times, count = stage_times(asked)
    if "format" in request.GET:
        return table_file(request, "stages", _("Stage times"), _stage_heads(), [_stage_cells(time) for time in times])
    context = {
        **frame_of(request, form, asked, metric),
        "times": times,
        "count": count,
        "mean": sum(time.mean for time in times),
        "efficiency": figure("K19", asked).value if count else None,
        "efficiency_url": f"{reverse('kpi_figure', args=['K19'])}{query_of(form)}",
        "has_plan": any(time.planned is not None for time in times),
        "slowest": max(times, key=lambda time: time.mean, default=None),
        "members_url": f"{reverse('kpi_members', args=['K11'])}{query_of(form)}",
        "chart": {
            "kind": "stages",
            "labels": [time.label for time in times],
            "series": [
                {"name": str(name), "values": [round(getattr(time, kind), 2) for time in times]}
                for kind, name in _kind_names().items()
            ],
            "planned": [None if time.planned is None else round(time.planned, 2) for time in times],
            "plannedName": _("Plan"),
            "name": _("days"),
        },
    }
    return render(request, "kpi/stages.html", context)


def _kind_names() -> dict[str, str]:
    return {
        "touch": pgettext("kind of time", "Work"),
        "inside": pgettext("kind of time", "Waiting inside"),
        "customer": pgettext("kind of time", "Waiting on customer"),
        "supplier": pgettext("kind of time", "Waiting on suppliers and others"),
    }


def _stage_heads() -> dict[str, Any]:
    heads = {"stage": _("Stage"), "orders": _("Orders"), "median": _("Median"), "p90": "p90"}
    return {**heads, "mean": _("Mean"), "planned": _("Plan"), **_kind_names()}


def _stage_cells(time: StageTime) -> dict[str, Any]:
    numbers = {name: round(getattr(time, name), 2) for name in ("median", "p90", "mean", *_kind_names())}
    planned = None if time.planned is None else round(time.planned, 2)
    return {"stage": time.label, "orders": time.order_count, "planned": planned, **numbers}
