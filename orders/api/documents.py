"""`documents/`: upload, decide, download."""

from django.db.models import QuerySet
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from orders.api import bodies, rows
from orders.api.filters import DocumentFilter
from orders.api.serializers import PersonAnswer
from orders.files import attachment
from orders.models import OrderDocument
from orders.services import documents as services
from teams.access import require
from teams.api.parsers import GuardedMultiPartParser
from teams.api.serializers import RowAnswer
from teams.api.views import ListMixin, RetrieveMixin, RowsView
from teams.permissions import Permission


class DocumentAnswer(RowAnswer):
    """A file's facts; its content is behind `download_url`."""

    order = serializers.CharField(source="order.number", read_only=True)
    uploaded_by = PersonAnswer(read_only=True)
    decided_by = PersonAnswer(read_only=True, allow_null=True)
    download_url = serializers.SerializerMethodField()

    class Meta:
        model = OrderDocument
        fields = read_only_fields = (
            *("id", "order", "milestone", "kind", "version", "filename", "content_type", "size", "sha256"),
            *("status", "uploaded_by", "uploaded_at", "decided_by", "decided_at", "decision_note", "download_url"),
        )

    def get_download_url(self, document: OrderDocument) -> str:
        return reverse("api-document-download", args=[document.pk], request=self.context["request"])


class DocumentView(ListMixin, RetrieveMixin, RowsView):
    """Files of the orders that the reader may see."""

    queryset = OrderDocument.objects.none()
    serializer_class = DocumentAnswer
    filterset_class = DocumentFilter
    http_method_names = ["get", "post", "head"]

    def get_queryset(self) -> QuerySet[OrderDocument]:
        return rows.documents_for(self.user)

    def get_parsers(self) -> list:
        is_upload = getattr(self, "action_map", {}).get("post") == "create"
        return [GuardedMultiPartParser()] if is_upload else super().get_parsers()

    @extend_schema(request={"multipart/form-data": bodies.DocumentBody}, responses={201: DocumentAnswer})
    def create(self, request: Request) -> Response:
        body = self.read_body(bodies.DocumentBody)
        order, upload = body.pop("order"), body.pop("file")
        require(self.user, Permission.DOCUMENT_ADD, team_id=order.team_id)
        document = services.add_document(order_id=order.pk, upload=upload, by=self.user, now=self.now, **body)
        return self.show(document, status=201)

    @extend_schema(request=bodies.DecisionBody, responses=DocumentAnswer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str) -> Response:
        document = self._document(Permission.DOCUMENT_DECIDE)
        body = self.read_body(bodies.DecisionBody)
        status = OrderDocument.Status.ACCEPTED
        return self.show(
            services.decide_document(document_id=document.pk, status=status, by=self.user, now=self.now, **body)
        )

    @extend_schema(request=bodies.RefusalBody, responses=DocumentAnswer)
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, pk: str) -> Response:
        document = self._document(Permission.DOCUMENT_DECIDE)
        body = self.read_body(bodies.RefusalBody)
        status = OrderDocument.Status.REFUSED
        return self.show(
            services.decide_document(document_id=document.pk, status=status, by=self.user, now=self.now, **body)
        )

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}, filters=False)
    @action(detail=True, methods=["get"])
    def download(self, request: Request, pk: str) -> FileResponse:
        return attachment(self.get_object())

    def _document(self, permission: Permission) -> OrderDocument:
        """The document of the address (else 404) on whose order the person holds `permission` (else 403)."""
        document = self.get_object()
        require(self.user, permission, team_id=document.order.team_id)
        return document
