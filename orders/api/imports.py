"""`imports/`: a sheet and a profile become a preview with every error at its cell; then it is taken, or undone."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from orders.forms.imports import PROFILES, teams_for
from orders.imports.reading import MAX_BYTES
from orders.models import ImportProfile, ImportRun
from orders.services import imports as services
from orders.services.saved_profiles import find
from orders.tasks import nudge_imports
from teams.access import require
from teams.api.fields import TextField
from teams.api.parsers import GuardedMultiPartParser
from teams.api.serializers import Body, RowAnswer
from teams.api.views import ListMixin, RetrieveMixin, RowsView
from teams.permissions import Permission


class ImportBody(Body):
    """`profile`: a shipped one, or the name of one that the person or a colleague saved; `team` by its code, may be
    left out where the person has only one."""

    file = serializers.FileField()
    profile = TextField(max_length=40)
    team = serializers.CharField(max_length=40, required=False)

    def validate_profile(self, name: str) -> str:
        if name not in PROFILES and find(name, self.writer) is None:
            known = [*PROFILES, *ImportProfile.objects.visible_to(self.writer).values_list("name", flat=True)]
            raise serializers.ValidationError(_("choose one of: %(names)s") % {"names": ", ".join(known)})
        return name

    def validate_team(self, code: str) -> object:
        team = teams_for(self.context["request"].user).filter(code=code).first()
        if team is None:
            raise serializers.ValidationError(services.no_such_team())
        return team

    def validate(self, attrs: dict) -> dict:
        attrs.setdefault("team", teams_for(self.context["request"].user).first())
        if attrs["file"].size > MAX_BYTES:
            raise serializers.ValidationError({"file": [services.too_large()]})
        if attrs["team"] is None:
            raise serializers.ValidationError({"team": [services.no_such_team()]})
        return attrs


class ImportAnswer(RowAnswer):
    """`report` holds rows, counts, and each error and doubtful cell with row, column letter and header."""

    team = serializers.CharField(source="team.code", read_only=True)
    report = serializers.JSONField(read_only=True)
    reading = serializers.JSONField(read_only=True)
    left = serializers.JSONField(read_only=True)

    class Meta:
        model = ImportRun
        fields = read_only_fields = (
            *("id", "team", "profile", "saved_profile", "filename", "status", "reading", "report", "order_ids", "left"),
            *("created_at", "applied_at", "undone_at"),
        )


class ImportView(ListMixin, RetrieveMixin, RowsView):
    """One's own imports."""

    queryset = ImportRun.objects.none()
    serializer_class = ImportAnswer
    http_method_names = ["get", "post", "head"]

    def get_queryset(self) -> QuerySet[ImportRun]:
        return ImportRun.objects.visible_to(self.user).select_related("team").order_by("-pk")

    def get_parsers(self) -> list:
        is_upload = getattr(self, "action_map", {}).get("post") == "create"
        return [GuardedMultiPartParser()] if is_upload else super().get_parsers()

    @extend_schema(request={"multipart/form-data": ImportBody}, responses={201: ImportAnswer})
    def create(self, request: Request) -> Response:
        body = self.read_body(ImportBody)
        require(self.user, Permission.ORDER_CREATE, team_id=body["team"].pk)
        upload = body.pop("file")
        run = services.start_import(content=upload.read(), filename=upload.name, by=self.user, now=self.now, **body)
        return self.show(run, status=201)

    @extend_schema(request=None, responses=ImportAnswer)
    @action(detail=True, methods=["post"])
    def apply(self, request: Request, pk: str) -> Response:
        """A worker takes the sheet; ask again until `status` is done."""
        run = services.apply_import(run_id=self._run().pk)
        transaction.on_commit(nudge_imports, robust=True)
        return self.show(run)

    @extend_schema(request=None, responses=ImportAnswer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        return self.show(services.undo_import(run_id=self._run().pk, by=self.user, now=self.now))

    def _run(self) -> ImportRun:
        run = self.get_object()
        require(self.user, Permission.ORDER_CREATE, team_id=run.team_id)
        return run
