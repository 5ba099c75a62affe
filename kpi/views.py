"""The dashboard, a figure's own page, and the rows behind it; everything over what the reader may see (R14)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from kpi import figures, pages
from kpi.asking import ask, frame_of, grouping_of, metric_or_404, query_of
from kpi.board_views import board_url
from kpi.boards import boards_of, codes_of, standard_codes
from kpi.change import explain
from kpi.closing import closed_figure, stored_figures
from kpi.control import is_charted
from kpi.dashboard import by_family
from kpi.dashboard import dashboard as dashboard_of
from kpi.dimensions import DIMENSIONS, is_filtered_by
from kpi.effects import effect_lists
from kpi.figures import PARTS, Group
from kpi.goals import visible_goals
from kpi.keeping import kept_cards, kept_figure
from kpi.member_rows import MEMBER_COLUMNS, columns_of, measures_of, member_of
from kpi.metrics.base import Metric
from kpi.models import Goal, KpiBoard
from kpi.questions import Question
from kpi.registry import METRICS, offered_to
from kpi.subjects import STEPS
from kpi.tables import figure_cells, figure_heads, table_file
from kpi.targets import goals_in_force, target_line
from orders.models import DelayReason, Milestone
from orders.services.delays import MOST_AT_ONCE, explain_delays
from orders.views.exports import asked_format, file_response
from teams.errors import DomainError
from teams.http import PersonRequest
from teams.permissions import Permission

PAGE_SIZE = 50
SHOWN_GROUPS = 30
TREND_MONTHS = 12
# Figures whose rows are late steps: there a reason can be given to many at once.
EXPLAINED = ("K23", "K37")


@login_required
@require_safe
def dashboard(request: PersonRequest) -> HttpResponse:
    """The board in force, then the whole catalogue in parts; the page asks for what takes longer once it stands."""
    form, asked = ask(request, now=timezone.now())
    query = query_of(form)
    if "cards" in request.GET:
        return _cards(request, query, asked)
    themes = pages.themes(request.user)
    asked_for = request.GET.get("theme", "")
    number = int(asked_for) if asked_for.isascii() and asked_for.isdigit() and len(asked_for) < 3 else 0
    if number >= len(themes):
        raise Http404
    if asked_for:
        name, codes = themes[number]
        section = _section(query, asked, codes, with_trends=request.GET.get("trends") == "1")
        return render(request, "kpi/_theme.html", {**section, "theme_name": name, "theme": number})
    boards = boards_of(request.user)
    board = _board(request, boards)
    if board is not None and board.query and not request.GET:
        return redirect(board_url(board))
    codes = codes_of(board, request.user) if board else standard_codes(request.user)
    context = {**frame_of(request, form, asked), **_section(query, asked, codes, in_parts=True)}
    is_empty = all(card.figure.value is None for card in context["cards"]) and not _has_steps(asked)
    span = pages.promised_span(request.user) if is_empty else (None, None)
    further = [(index, f"{query or '?'}&theme={index}") for index in range(len(themes))]
    context |= {
        "further": further,
        "is_empty": is_empty,
        "first_promise": span[0],
        "last_promise": span[1],
        "boards": [(each, board_url(each)) for each in boards],
        "board": board,
        "is_own": board is not None and board.by_id == request.user.pk,
        "codes": codes,
    }
    return render(request, "kpi/dashboard.html", context)


def _has_steps(asked: Question) -> bool:
    """Whether steps are due in the period, which the figures still to be asked for will count."""
    metric = METRICS["K20"]
    return is_filtered_by(metric.subject, asked.filters) and metric.rows(asked).exists()


def _board(request: PersonRequest, boards: list[KpiBoard]) -> KpiBoard | None:
    """The board that the address names, else the one the person's dashboard opens with; `board=0` is the standard."""
    wanted = request.GET.get("board", "")
    if wanted:
        return next((each for each in boards if str(each.pk) == wanted), None)
    return next((each for each in boards if each.is_first and each.by_id == request.user.pk), None)


def _section(
    query: str, asked: Question, codes: Sequence[str], *, with_trends: bool = False, in_parts: bool = False
) -> dict[str, Any]:
    """Cards of some figures; what nobody records yet appears with its first row, never as a zero.

    `in_parts` leaves figures over the steps, of which there are thirty to an order, for the page to ask for; those of
    one family are asked for together.
    """
    # Shipments have no customer, say: what cannot be filtered so is named instead of shown unfiltered.
    fitting = [code for code in codes if is_filtered_by(METRICS[code].subject, asked.filters)]
    later = [code for code in fitting if in_parts and METRICS[code].subject is STEPS]
    ready = [code for code in fitting if code not in later]
    # A year of rows for the trends takes far longer than the figures.
    found, counted_at = kept_cards(asked, months=TREND_MONTHS if with_trends else 0, codes=ready)
    cards = {card.figure.code: pages.view_of(card, query) for card in found if card.has_rows}
    return {
        "counted_at": counted_at,
        "cards": list(cards.values()),
        "slots": [(METRICS[code], cards.get(code)) for code in fitting if code in cards or code in later],
        "missing": [card.figure.metric for card in found if not card.has_rows],
        "unfitting": [METRICS[code] for code in codes if code not in fitting],
        "parts": [(f"{query or '?'}&cards={','.join(part)}", part) for part in by_family(later)],
        "trends_url": "" if with_trends or not cards else f"{query or '?'}&cards={','.join(cards)}&trends=1",
    }


def _cards(request: PersonRequest, query: str, asked: Question) -> HttpResponse:
    """The cards of some figures by themselves, for the places that the page keeps for them."""
    offered = offered_to(request.user)
    codes = list(dict.fromkeys(request.GET["cards"].split(",")))
    if not codes or any(code not in offered for code in codes):
        raise Http404
    section = _section(query, asked, codes, with_trends=request.GET.get("trends") == "1")
    section["absent"] = [code for code in codes if code not in {card.figure.code for card in section["cards"]}]
    return render(request, "kpi/_cards.html", section)


@login_required
@require_safe
def kpi_catalogue(request: PersonRequest) -> HttpResponse:
    """Every figure there is for the person: in words, what belongs to it, and the goals set on it."""
    form, asked = ask(request, now=timezone.now())
    goals: dict[str, list[Goal]] = {}
    today = timezone.localdate(asked.now)
    for goal in visible_goals(request.user).filter(dropped_at=None, end__gt=today).select_related("team", "owner"):
        goals.setdefault(goal.code, []).append(goal)
    themes = [
        (name, [(METRICS[code], goals.get(code, [])) for code in codes]) for name, codes in pages.themes(request.user)
    ]
    return render(request, "kpi/catalogue.html", {"themes": themes, "query": query_of(form)})


@login_required
@require_safe
def kpi_figure(request: PersonRequest, code: str) -> HttpResponseBase:
    """A figure with its trend and its groups; `format` asks for the trend's table, or for the groups', as a file."""
    metric = metric_or_404(code, request.user)
    form, asked = ask(request, metric, now=timezone.now())
    frame = frame_of(request, form, asked, metric)
    offered = [name for name, each in DIMENSIONS.items() if each.path_from(metric.subject)]
    by = grouping_of(request, offered)
    is_file, sheet = "format" in request.GET, request.GET.get("sheet", "months")
    if is_file and sheet not in {"months", "groups"}:
        raise Http404
    if is_file and sheet == "groups":
        heads = figure_heads(metric, str(DIMENSIONS[by].name))
        rows = [figure_cells(group.label, group.figure) for group in figures.breakdown(code, asked, by)]
        return table_file(request, f"{code}-{by}", str(metric.name), heads, rows)
    # Closed months come from their closing; the year before is shown where it is closed.
    card = dashboard_of(asked, months=TREND_MONTHS, codes=[code])[0]
    figure = figures.with_beside(card.figure, asked)
    before, months = card.previous, card.trend
    periods = [month.figure.period for month in months]
    years_before = [period.year_before() for period in periods]
    closed_before = stored_figures([code], asked, years_before)
    year_before = [closed_before.get((code, period)) for period in years_before]
    last_year = card.last_year or figures.figure(code, asked.within(asked.period.year_before()))
    chart = pages.chart_of(
        metric,
        months,
        before=[each.value if each else None for each in year_before],
        target=target_line(metric, asked, periods),
    )
    if is_file:
        return _months_file(request, metric, months, chart)
    groups = figures.breakdown(code, asked, by)
    hit, miss = pages.part_names(metric)
    change, tone = pages.change_of(metric, figure.value, before.value)
    context = {
        **frame,
        "metric": metric,
        "figure": figure,
        "text": pages.value_text(metric, figure.value),
        "numerator": pages.sum_text(metric, figure.numerator),
        "measured": pages.sum_text(metric, figure.denominator),
        "before": pages.value_text(metric, before.value),
        "change": change,
        "change_tone": tone,
        "closed": pages.closed_of(metric, closed_figure(metric, asked)),
        "beside": pages.beside_of(figure),
        "ages": pages.ages_of(figure),
        "last_year": pages.value_text(metric, last_year.value),
        "goals": goals_in_force(metric, asked),
        "chart": chart,
        "months": [(month, pages.value_text(metric, month.figure.value)) for month in months],
        "by": by,
        "dimensions": [(name, DIMENSIONS[name].name) for name in offered],
        "bars": pages.bars_of(groups[:SHOWN_GROUPS], by=by, code=code, query=form.query()),
        "hidden_count": max(len(groups) - SHOWN_GROUPS, 0),
        "is_charted": is_charted(metric),
        "hit_name": hit,
        "miss_name": miss,
        "missed": figure.count - figure.numerator if metric.misses else None,
    }
    return render(request, "kpi/figure.html", context)


def _months_file(
    request: PersonRequest, metric: Metric, months: Sequence[Group], chart: Mapping[str, Any]
) -> HttpResponseBase:
    """The months of the trend, with the lines that stand beside them in the chart."""
    lines = {name: chart[f"{name}Name"] for name in ("before", "target") if chart[name]}
    rows = [
        {**figure_cells(month.label, month.figure), **{name: chart[name][index] for name in lines}}
        for index, month in enumerate(months)
    ]
    heads = {**figure_heads(metric, _("Month")), **lines}
    return table_file(request, f"{metric.code}-months", str(metric.name), heads, rows)


@login_required
@require_safe
def kpi_why(request: PersonRequest, code: str) -> HttpResponse:
    """The change since the period before, in parts that sum to it; each opens its rows."""
    metric = metric_or_404(code, request.user)
    form, asked = ask(request, metric, now=timezone.now())
    offered = [name for name, each in DIMENSIONS.items() if each.path_from(metric.subject)]
    by = grouping_of(request, offered)
    change = explain(code, asked, by)
    shift, tone = pages.change_of(metric, change.now.value, change.value_before)
    context = {
        **frame_of(request, form, asked, metric),
        "metric": metric,
        "change": change,
        "now": pages.value_text(metric, change.now.value),
        "before": pages.value_text(metric, change.value_before),
        "before_period": pages.period_text(change.before.period),
        "shift": shift,
        "shift_tone": tone,
        "by": by,
        "by_name": DIMENSIONS[by].name,
        "dimensions": [(name, DIMENSIONS[name].name) for name in offered],
        "lists": effect_lists(change, by=by, query=form.query()),
    }
    return render(request, "kpi/why.html", context)


@login_required
@require_safe
def kpi_members(request: PersonRequest, code: str) -> HttpResponseBase:
    """Exactly the rows that a figure counts, one part of them, or those that a rule leaves out."""
    metric = metric_or_404(code, request.user)
    form, asked = ask(request, metric, now=timezone.now())
    frame = frame_of(request, form, asked, metric)
    part, rule = request.GET.get("part", "denominator"), request.GET.get("rule", "")
    rules = {each.code: each.label for each in metric.rules.values()}
    if part not in PARTS or (rule and rule not in rules):
        raise Http404
    rows = figures.excluded_members(code, asked, rule) if rule else figures.members(code, asked, part)
    listed = rows.select_related(*metric.subject.joined)
    if "format" in request.GET:
        return file_response(
            columns_of(metric), _chunks(listed), asked_format(request), name=f"{code}-{part}", title=str(metric.name)
        )
    may_explain = metric.subject is STEPS and request.user.access.allows_somewhere(Permission.MILESTONE_COMPLETE)
    figure, page, found = _page_of_members(request, metric, asked, listed, lambda figure: _count_of(figure, part, rule))
    hit, miss = pages.part_names(metric)
    context = {
        **frame,
        "metric": metric,
        "figure": figure,
        "part": "" if rule else part,
        "rule": rule,
        "rule_name": rules.get(rule, ""),
        "page": page,
        "total": page.paginator.count if page is not None else None,
        "columns": [column.name for column in MEMBER_COLUMNS[metric.subject.code]],
        "rows": [member_of(metric, row) for row in found],
        "measures": list(measures_of(metric).values()),
        "reasons": DelayReason.objects.offered() if may_explain and code in EXPLAINED else [],
        "tabs": [("denominator", _("All counted")), ("numerator", hit), ("missed", miss)] if metric.misses else [],
    }
    return render(request, "kpi/members.html", context)


def _page_of_members(
    request: PersonRequest, metric: Metric, asked: Question, listed: QuerySet, count_of: Callable[[figures.Figure], int]
) -> tuple[figures.Figure | None, Page | None, list[Any]]:
    """The figure, the page and its rows.

    Thirty times as many as orders, steps take long to count: if nobody counted them a moment ago, their rows come
    without figure and page, and the page asks for both with `counts` once it stands.
    """
    figure = kept_figure(asked, metric.code)
    text = request.GET.get("page", "")
    if figure is None and metric.subject is STEPS and settings.KPI_KEPT_SECONDS and "counts" not in request.GET:
        number = int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 9 else 1
        start = max(number - 1, 0) * PAGE_SIZE
        if (rows := list(listed[start : start + PAGE_SIZE])) or not start:
            return None, None, rows
    if figure is None:
        # Kept as the dashboard does; what belongs beside the figure is not asked for.
        [card], _counted_at = kept_cards(asked, months=0, codes=[metric.code])
        figure = card.figure
    paginator = Paginator(listed, PAGE_SIZE)
    paginator.count = count_of(figure)
    page = paginator.get_page(text)
    return figure, page, list(page)


def _count_of(figure: figures.Figure, part: str, rule: str) -> int:
    """How many rows a part of the figure has."""
    if rule:
        return sum(each.count for each in figure.excluded if each.rule == rule)
    # Of a mean every row is a hit, and the numerator is their sum.
    hits = figure.count if figure.metric.amount else int(figure.numerator)
    return {"denominator": figure.count, "numerator": hits, "missed": figure.count - hits}[part]


def _chunks(rows: QuerySet) -> Iterator[list[Any]]:
    """All of them in the list's order, a thousand at a time."""
    chunk: list[Any] = []
    for row in rows.iterator(chunk_size=1000):
        chunk.append(row)
        if len(chunk) == 1000:
            yield chunk
            chunk = []
    yield chunk


@login_required
@require_POST
def kpi_reasons(request: PersonRequest) -> HttpResponse:
    """Give the checked late steps a delay reason, all or none, and go back to the list."""
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith(reverse("dashboard"))
    back = back if is_ours and back.isprintable() else reverse("dashboard")
    found = request.POST.getlist("ids")
    ids = {int(pk) for pk in found if pk.isascii() and pk.isdigit() and len(pk) <= 18}
    offered = {reason.code: reason for reason in DelayReason.objects.offered()}
    reason = offered.get(request.POST.get("reason", ""))
    seen = Milestone.objects.visible_to(request.user).filter(pk__in=ids).count()
    if not ids or len(ids) > MOST_AT_ONCE or reason is None:
        messages.error(request, _("Check the steps, and choose a reason."))
    elif seen != len(ids):
        raise Http404
    else:
        try:
            count = explain_delays(milestone_ids=ids, delay_reason=reason, by=request.user, now=timezone.now())
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            words = ngettext("%(count)s step has its reason now.", "%(count)s steps have their reason now.", count)
            messages.success(request, words % {"count": count})
    return HttpResponseRedirect(back)
