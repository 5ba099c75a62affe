"""What every page of figures does first: who asks, what is asked, and what stands above the answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404
from django.utils.translation import gettext as _

from kpi import pages
from kpi.forms import PRESETS, QuestionForm, filters_of
from kpi.metrics.base import Metric
from kpi.registry import metric_of, offered_to
from kpi.subjects import ORDERS
from teams.errors import NotPermitted
from teams.http import PersonRequest
from teams.models import User
from teams.permissions import Permission


def check_reader(user: User) -> None:
    """Refuse whose roles see no figures."""
    if not user.access.allows_somewhere(Permission.KPI_VIEW):
        raise NotPermitted(_("Your role does not see figures."))


def ask(request: PersonRequest, metric: Metric | None = None, *, now: datetime) -> tuple[QuestionForm, Any]:
    """The question in the address.

    Raises:
        NotPermitted: no role of the person sees figures.
    """
    check_reader(request.user)
    form = QuestionForm(request.GET, user=request.user, now=now)
    return form, form.question(subject=metric.subject if metric else ORDERS)


def metric_or_404(code: str, user: User) -> Metric:
    if code not in offered_to(user):
        raise Http404
    return metric_of(code)


def grouping_of(request: PersonRequest, offered: Sequence[str]) -> str:
    """The dimension asked for; else people, else whatever there is."""
    wanted = (request.GET.get("by", ""), "clerk", "assignee", *offered)
    return next(name for name in wanted if name in offered)


def query_of(form: QuestionForm) -> str:
    """The same question for a link; empty for the default one."""
    query = form.query()
    return f"?{urlencode(query)}" if query else ""


def frame_of(request: PersonRequest, form: QuestionForm, asked: Any, metric: Metric | None = None) -> dict[str, Any]:
    """What every page of figures shows above: period, filters, and what of them could not be read."""
    filters = filters_of(request.user, form.query(), metric.subject if metric else ORDERS)
    return {
        "form": form,
        "presets": [(name, label) for name, label in PRESETS.items() if name != "custom"],
        "preset": form.preset,
        "period": asked.period,
        "period_text": pages.period_text(asked.period),
        "filters": [each for each in filters if not each.is_more],
        "more_filters": [each for each in filters if each.is_more],
        "has_more_chosen": any(each.is_more and each.value for each in filters),
        "chosen": pages.filters_text(asked),
        "query": query_of(form),
    }
