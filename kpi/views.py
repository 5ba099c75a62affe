"""The dashboard, a figure's own page, and the rows behind it; everything over what the reader may see (R14)."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kpi import figures, pages
from kpi.dashboard import dashboard as read_dashboard
from kpi.dashboard import months_until
from kpi.dimensions import DIMENSIONS
from kpi.errors import UnknownMetric
from kpi.figures import PARTS
from kpi.forms import PRESETS, QuestionForm, filter_choices
from kpi.member_rows import MEMBER_COLUMNS, member_of
from kpi.metrics.base import Metric
from kpi.registry import metric_of
from kpi.subjects import ORDERS
from teams.errors import NotPermitted
from teams.http import PersonRequest
from teams.permissions import Permission

PAGE_SIZE = 50
SHOWN_GROUPS = 30
TREND_MONTHS = 12


def _ask(request: PersonRequest, metric: Metric | None = None) -> tuple[QuestionForm, Any]:
    """The question in the address.

    Raises:
        NotPermitted: no role of the person sees figures.
    """
    if not request.user.access.allows_somewhere(Permission.KPI_VIEW):
        raise NotPermitted(_("Your role does not see figures."))
    form = QuestionForm(request.GET, user=request.user, now=timezone.now())
    return form, form.question(subject=metric.subject if metric else ORDERS)


def _metric(code: str) -> Metric:
    try:
        return metric_of(code)
    except UnknownMetric as unknown:
        raise Http404 from unknown


def _frame(request: PersonRequest, form: QuestionForm, asked: Any) -> dict[str, Any]:
    """What every page of figures shows above: period, filters, and what of them could not be read."""
    query = form.query()
    return {
        "form": form,
        "presets": [(name, label) for name, label in PRESETS.items() if name != "custom"],
        "preset": form.preset,
        "period": asked.period,
        "period_text": pages.period_text(asked.period),
        "choices": filter_choices(request.user, query),
        "chosen": pages.filters_text(asked),
        "query": f"?{urlencode(query)}" if query else "",
    }


@login_required
@require_safe
def dashboard(request: PersonRequest) -> HttpResponse:
    form, asked = _ask(request)
    frame = _frame(request, form, asked)
    # A year of rows for the trends takes far longer than the figures: the page asks for them once it stands.
    with_trends = request.GET.get("trends") == "1"
    months = TREND_MONTHS if with_trends else 0
    found = read_dashboard(asked, months=months)
    # What nobody records yet appears with its first row, never as a zero.
    cards = [pages.view_of(card, frame["query"]) for card in found if card.has_rows]
    frame["trends_url"] = "" if with_trends else f"{frame['query'] or '?'}&trends=1"
    is_empty = all(card.figure.value is None for card in found)
    span = pages.promised_span(request.user) if is_empty else (None, None)
    missing = [card.figure.metric for card in found if not card.has_rows]
    context = {
        **frame,
        "missing": missing,
        "sections": pages.sections_of(cards),
        "cards": cards,
        "is_empty": is_empty,
        "first_promise": span[0],
        "last_promise": span[1],
    }
    return render(request, "kpi/dashboard.html", context)


@login_required
@require_safe
def kpi_figure(request: PersonRequest, code: str) -> HttpResponse:
    metric = _metric(code)
    form, asked = _ask(request, metric)
    frame = _frame(request, form, asked)
    figure = figures.figure(code, asked)
    before = figures.figure(code, asked.within(asked.period.previous()))
    months = figures.trend(code, asked.within(months_until(asked.period, TREND_MONTHS)))
    offered = [name for name, each in DIMENSIONS.items() if each.path_from(metric.subject)]
    by = request.GET.get("by", "")
    by = by if by in offered else next(name for name in ("clerk", "assignee") if name in offered)
    groups = figures.breakdown(code, asked, by)
    hit, miss = pages.part_names(metric)
    change, tone = pages.change_of(metric, figure.value, before.value)
    context = {
        **frame,
        "metric": metric,
        "figure": figure,
        "text": pages.value_text(metric, figure.value),
        "numerator": pages.number_text(figure.numerator),
        "before": pages.value_text(metric, before.value),
        "change": change,
        "change_tone": tone,
        "beside": pages.beside_of(figure),
        "ages": pages.ages_of(figure),
        "chart": pages.chart_of(metric, months),
        "months": [(month, pages.value_text(metric, month.figure.value)) for month in months],
        "by": by,
        "dimensions": [(name, DIMENSIONS[name].name) for name in offered],
        "bars": pages.bars_of(groups[:SHOWN_GROUPS], by=by, code=code, query=form.query()),
        "hidden_count": max(len(groups) - SHOWN_GROUPS, 0),
        "hit_name": hit,
        "miss_name": miss,
        "missed": figure.denominator - figure.numerator if metric.misses else None,
    }
    return render(request, "kpi/figure.html", context)


@login_required
@require_safe
def kpi_members(request: PersonRequest, code: str) -> HttpResponse:
    """Exactly the rows that a figure counts, one part of them, or those that a rule leaves out."""
    metric = _metric(code)
    form, asked = _ask(request, metric)
    frame = _frame(request, form, asked)
    part, rule = request.GET.get("part", "denominator"), request.GET.get("rule", "")
    rules = {each.code: each.label for each in metric.rules.values()}
    if part not in PARTS or (rule and rule not in rules):
        raise Http404
    rows = figures.excluded_members(code, asked, rule) if rule else figures.members(code, asked, part)
    paginator = Paginator(rows.select_related(*metric.subject.joined), PAGE_SIZE)
    page = paginator.get_page(request.GET.get("page"))
    hit, miss = pages.part_names(metric)
    context = {
        **frame,
        "metric": metric,
        "figure": figures.figure(code, asked),
        "part": "" if rule else part,
        "rule": rule,
        "rule_name": rules.get(rule, ""),
        "page": page,
        "total": paginator.count,
        "columns": [column.name for column in MEMBER_COLUMNS[metric.subject.code]],
        "rows": [member_of(metric, row) for row in page],
        "tabs": [("denominator", _("All counted")), ("numerator", hit), ("missed", miss)] if metric.misses else [],
    }
    return render(request, "kpi/members.html", context)
