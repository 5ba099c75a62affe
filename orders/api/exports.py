"""`exports/orders.xlsx` and `exports/orders.csv`: the list's own filters, every row."""

from django.http import HttpResponseBase, QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from orders.exports.columns import SHAPES
from orders.services import exports as services
from orders.views.exports import sheet_response
from teams.api.views import ApiView


class ExportView(ApiView):
    """Orders as a sheet; `rows=lines` gives one row per line, `columns=number,status` those columns only."""

    http_method_names = ["get", "head"]
    form = "xlsx"

    @extend_schema(
        parameters=[
            OpenApiParameter("rows", str, enum=sorted(SHAPES)),
            OpenApiParameter("columns", str),
            OpenApiParameter("q", str),
        ],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request) -> HttpResponseBase:
        shape = request.query_params.get("rows", "orders")
        if shape not in SHAPES:
            raise ValidationError({"rows": [", ".join(sorted(SHAPES))]})
        query: QueryDict = request.query_params.copy()
        query.pop("rows", None)
        try:
            ids = services.listed_ids(query, self.user, self.now)
        except services.FilterRefused as refusal:
            raise ValidationError({name: [text] for name, text in refusal.fields.items()}) from refusal
        asked = request.query_params.get("columns", "")
        return sheet_response(self.user, shape, self.form, ids, asked=asked)


class CsvExportView(ExportView):
    """The same as csv, streamed."""

    form = "csv"
