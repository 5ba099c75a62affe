"""What a chart shows, as a file: its table as xlsx or csv."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from kpi import pages
from kpi.figures import Figure
from kpi.metrics.base import Metric
from kpi.serializers import number
from orders.exports.columns import plain
from orders.views.exports import asked_format, file_response
from teams.http import PersonRequest


def table_file(
    request: PersonRequest, name: str, title: str, heads: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]
) -> HttpResponseBase:
    """The rows as the kind of file that the address asks for; `heads` are the columns' words by their keys.

    Raises:
        Http404: it asks for neither xlsx nor csv.
    """
    columns = [plain(key, str(label), 18) for key, label in heads.items()]
    return file_response(columns, [list(rows)], asked_format(request), name=name, title=title)


def figure_heads(metric: Metric, first: str) -> dict[str, Any]:
    """The columns of rows that are a figure each: `first` is what the rows are, then the value and its two sums."""
    if metric.is_of_rows and not metric.misses:
        in_all = pgettext("sum of days", "in all")
        above: Any = f"{metric.unit_name} {in_all}"
    else:
        above = metric.above_name or pages.part_names(metric)[0]
    below = {"denominator": metric.below_name} if metric.below_name else {}
    return {"label": first, "value": metric.unit_name, "numerator": above, **below, "count": _("rows counted")}


def figure_cells(label: str, figure: Figure) -> dict[str, Any]:
    return {
        "label": label,
        **{name: number(getattr(figure, name)) for name in ("value", "numerator", "denominator", "count")},
    }
