"""`token/` and `me/`: how a program gets in, and who it is then."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth import authenticate
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from teams import throttle
from teams.api.fields import FlagField, InstantField, TextField
from teams.api.serializers import Body
from teams.api.views import ApiView
from teams.models import ApiToken, Organization, User
from teams.permissions import Permission, RoleCode
from teams.services import tokens


class TokenBody(Body):
    username = TextField(max_length=150)
    password = TextField(max_length=500)
    name = TextField(max_length=80, required=False, allow_blank=True, default="", help_text="what the token is for")
    is_read_only = FlagField(required=False, default=False)
    expires_at = InstantField(required=False, allow_null=True)


class TokenAnswer(serializers.Serializer):
    token = serializers.CharField(read_only=True, help_text="shown this once")
    name = serializers.CharField(read_only=True)
    is_read_only = serializers.BooleanField(read_only=True)
    expires_at = InstantField(read_only=True, allow_null=True)


class TokenView(ApiView):
    """A token for a user name and password, by the log-in page's count of tries; DELETE revokes the token used."""

    def get_authenticators(self) -> list:
        # A stale token or session must not stand in the way of getting a new token.
        return [] if self.request is not None and self.request.method == "POST" else super().get_authenticators()

    def get_permissions(self) -> Sequence[Any]:
        return [] if self.request.method == "POST" else super().get_permissions()

    @extend_schema(request=TokenBody, responses={201: TokenAnswer}, auth=[])
    def post(self, request: Request) -> Response:
        body = self.read_body(TokenBody)
        username, password = body.pop("username"), body.pop("password")
        if throttle.is_locked(request, username, self.now):
            raise Throttled(wait=throttle.WINDOW.total_seconds())
        user = authenticate(request._request, username=username, password=password)
        if user is None:
            raise AuthenticationFailed(_("User name or password is wrong."))
        token, text = tokens.create_token(user=user, now=self.now, **body)
        return Response({**TokenAnswer(token).data, "token": text}, status=201)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        if isinstance(request.auth, ApiToken):
            tokens.revoke_token(token_id=request.auth.pk, now=self.now)
        return Response(status=204)


class MembershipAnswer(serializers.Serializer):
    team = serializers.IntegerField(source="team_id", read_only=True)
    team_code = serializers.CharField(source="team.code", read_only=True)
    role = serializers.ChoiceField(choices=RoleCode.choices, read_only=True)


class MeAnswer(serializers.Serializer):
    id = serializers.IntegerField(source="pk", read_only=True)
    username = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    email = serializers.CharField(read_only=True)
    language = serializers.CharField(read_only=True)
    timezone = serializers.CharField(read_only=True)
    roles = MembershipAnswer(source="memberships", many=True, read_only=True)
    permissions = serializers.SerializerMethodField(help_text="what the person may do in at least one team")
    sees_money = serializers.SerializerMethodField(help_text="in at least one team")

    def get_permissions(self, user: User) -> list[str]:
        return sorted(permission for permission in Permission if user.access.allows_somewhere(permission))

    def get_sees_money(self, user: User) -> bool:
        return user.access.sees_any_money


class MeView(ApiView):
    """The person behind the token or session."""

    @extend_schema(responses=MeAnswer)
    def get(self, request: Request) -> Response:
        organization = Organization.current()
        person = User.objects.prefetch_related("memberships__team").get(pk=self.user.pk)
        values = MeAnswer(person).data
        values["language"] = person.language or organization.language
        values["timezone"] = person.timezone or organization.timezone
        return Response(values)
