"""`companies/`, `contacts/`, `interactions/`: who we deal with."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from customers import services
from customers.models import Company, Contact, Interaction
from customers.models.companies import CODE_VALIDATOR
from teams.access import require
from teams.api.fields import ChoiceField, EmailField, FlagField, InstantField, TextField, VisibleField
from teams.api.serializers import Body, RowAnswer, VersionedBody
from teams.api.teams import default_team
from teams.api.validators import COUNTRY
from teams.api.views import ListMixin, RetrieveMixin, RowsView
from teams.errors import NotPermitted
from teams.models import Team, User, WorkCalendar
from teams.models.people import LANGUAGES, validate_timezone
from teams.permissions import Permission


def companies_of(user: User) -> QuerySet[Company]:
    return Company.objects.visible_to(user)


def contacts_of(user: User) -> QuerySet[Contact]:
    return Contact.objects.visible_to(user)


def colleagues_of(user: User) -> QuerySet[User]:
    return User.objects.filter(memberships__team__in=Team.objects.visible_to(user)).distinct()


def calendars_of(user: User) -> QuerySet[WorkCalendar]:
    """Work calendars are no secret of any team."""
    return WorkCalendar.objects.all()


def require_at(user: User, permission: Permission, company: Company) -> None:
    """Ask the right in the company's team; for one shared by all teams, in any of the person's teams.

    Raises:
        NotPermitted
    """
    if company.team_id is not None:
        require(user, permission, team_id=company.team_id)
    elif not user.access.allows_somewhere(permission):
        raise NotPermitted(_("Your role may not do this."))


class CompanyAnswer(RowAnswer):
    team_code = serializers.CharField(source="team.code", read_only=True, default=None)
    owner_name = serializers.CharField(source="owner.name", read_only=True, default=None)
    calendar_code = serializers.CharField(source="calendar.code", read_only=True, default=None)

    class Meta:
        model = Company
        fields = read_only_fields = (
            *("id", "code", "name", "name_en", "is_customer", "is_dealer", "is_supplier", "is_forwarder", "country"),
            *("city", "address", "grade", "timezone", "language", "team", "team_code", "owner", "owner_name", "note"),
            *("calendar", "calendar_code", "created_at", "version"),
        )


class _CompanyFields(Body):
    """What a person writes of a company."""

    name_en = TextField(max_length=160, required=False, allow_blank=True)
    is_customer = FlagField(required=False)
    is_dealer = FlagField(required=False)
    is_supplier = FlagField(required=False)
    is_forwarder = FlagField(required=False)
    country = TextField(max_length=2, required=False, allow_blank=True, validators=[COUNTRY])
    city = TextField(max_length=80, required=False, allow_blank=True)
    address = TextField(max_length=300, required=False, allow_blank=True)
    grade = ChoiceField(choices=Company.Grade.choices, required=False, allow_blank=True)
    timezone = TextField(max_length=64, required=False, allow_blank=True, validators=[validate_timezone])
    language = ChoiceField(choices=LANGUAGES, required=False, allow_blank=True)
    calendar = VisibleField(calendars_of, key="code", required=False, allow_null=True)
    owner = VisibleField(colleagues_of, key="username", required=False, allow_null=True)
    note = TextField(max_length=4000, required=False, allow_blank=True)


class CompanyBody(_CompanyFields):
    """A new company; `team` null shares it with all teams, which needs a role that reaches them."""

    code = TextField(max_length=40, validators=[CODE_VALIDATOR])
    name = TextField(max_length=160)
    team = VisibleField(Team.objects.visible_to, key="code", required=False, allow_null=True)


class CompanyPatch(_CompanyFields, VersionedBody):
    code = TextField(max_length=40, required=False, validators=[CODE_VALIDATOR])
    name = TextField(max_length=160, required=False)


class _YesNoFilter(django_filters.ChoiceFilter):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[("true", "true"), ("false", "false")], **kwargs)

    def filter(self, rows: QuerySet, value: Any) -> QuerySet:
        return rows.filter(**{self.field_name: value == "true"}) if value in {"true", "false"} else rows


class CompanyFilter(django_filters.FilterSet):
    is_customer = _YesNoFilter()
    is_dealer = _YesNoFilter()
    is_supplier = _YesNoFilter()
    is_forwarder = _YesNoFilter()
    country = django_filters.CharFilter(max_length=2)
    q = django_filters.CharFilter(method="filter_q", max_length=200)
    ordering = django_filters.OrderingFilter(fields=[("code", "code"), ("name", "name"), ("created_at", "created_at")])

    class Meta:
        model = Company
        fields: list[str] = []

    def filter_q(self, companies: Any, name: str, value: str) -> QuerySet:
        return companies.search(value)


class CompanyView(ListMixin, RetrieveMixin, RowsView):
    """Companies of the reader's teams and those shared by all, by id or code."""

    queryset = Company.objects.none()
    serializer_class = CompanyAnswer
    filterset_class = CompanyFilter
    key_field = "code"

    def get_queryset(self) -> QuerySet[Company]:
        return companies_of(self.user).select_related("team", "owner", "calendar").order_by("code", "pk")

    @extend_schema(request=CompanyBody, responses={201: CompanyAnswer})
    def create(self, request: Request) -> Response:
        if not self.user.access.allows_somewhere(Permission.COMPANY_EDIT):
            raise NotPermitted(_("Your role may not do this."))
        values = self.read_body(CompanyBody)
        if "team" not in values:
            values["team"] = default_team(self.user, Permission.COMPANY_EDIT)
        if values["team"] is not None:
            require(self.user, Permission.COMPANY_EDIT, team_id=values["team"].pk)
        elif self.user.access.teams_allowing(Permission.COMPANY_EDIT) is not None:
            raise NotPermitted(_("Your role may not do this."))
        return self.show(services.create_company(values=values), status=201)

    @extend_schema(request=CompanyPatch, responses=CompanyAnswer)
    def partial_update(self, request: Request, pk: str) -> Response:
        company = self._company()
        values = self.read_body(CompanyPatch, partial=True)
        seen = values.pop("version", None)
        services.edit_company(company_id=company.pk, values=values, seen_version=seen, by=self.user, now=self.now)
        return self.show(company)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        services.delete_company(company_id=self._company().pk)
        return Response(status=204)

    def _company(self) -> Company:
        company = self.get_object()
        require_at(self.user, Permission.COMPANY_EDIT, company)
        return company


class ContactAnswer(RowAnswer):
    company_code = serializers.CharField(source="company.code", read_only=True)

    class Meta:
        model = Contact
        fields = read_only_fields = (
            *("id", "company", "company_code", "name", "title", "email", "phone", "messenger", "is_primary", "note"),
            "version",
        )


class _ContactFields(Body):
    title = TextField(max_length=80, required=False, allow_blank=True)
    email = EmailField(max_length=254, required=False, allow_blank=True)
    phone = TextField(max_length=40, required=False, allow_blank=True)
    messenger = TextField(max_length=80, required=False, allow_blank=True)
    is_primary = FlagField(required=False)
    note = TextField(max_length=500, required=False, allow_blank=True)


class ContactBody(_ContactFields):
    company = VisibleField(companies_of, key="code")
    name = TextField(max_length=80)


class ContactPatch(_ContactFields, VersionedBody):
    name = TextField(max_length=80, required=False)


def _companies(request: HttpRequest | None) -> QuerySet[Company]:
    user = getattr(request, "user", None)
    return companies_of(user) if isinstance(user, User) else Company.objects.none()


class ContactFilter(django_filters.FilterSet):
    company = django_filters.ModelChoiceFilter(queryset=_companies, to_field_name="code")

    class Meta:
        model = Contact
        fields: list[str] = []


class ContactView(ListMixin, RetrieveMixin, RowsView):
    """People at the companies that the reader may see."""

    queryset = Contact.objects.none()
    serializer_class = ContactAnswer
    filterset_class = ContactFilter

    def get_queryset(self) -> QuerySet[Contact]:
        return contacts_of(self.user).select_related("company").order_by("company", "name", "pk")

    @extend_schema(request=ContactBody, responses={201: ContactAnswer})
    def create(self, request: Request) -> Response:
        values = self.read_body(ContactBody)
        require_at(self.user, Permission.COMPANY_EDIT, values["company"])
        return self.show(services.create_contact(values=values), status=201)

    @extend_schema(request=ContactPatch, responses=ContactAnswer)
    def partial_update(self, request: Request, pk: str) -> Response:
        contact = self._contact()
        values = self.read_body(ContactPatch, partial=True)
        seen = values.pop("version", None)
        services.edit_contact(contact_id=contact.pk, values=values, seen_version=seen, by=self.user, now=self.now)
        return self.show(contact)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        services.delete_contact(contact_id=self._contact().pk)
        return Response(status=204)

    def _contact(self) -> Contact:
        contact = self.get_object()
        require_at(self.user, Permission.COMPANY_EDIT, contact.company)
        return contact


class InteractionAnswer(RowAnswer):
    company_code = serializers.CharField(source="company.code", read_only=True)
    contact_name = serializers.CharField(source="contact.name", read_only=True, default=None)
    by_name = serializers.CharField(source="by.name", read_only=True)

    class Meta:
        model = Interaction
        fields = read_only_fields = (
            *("id", "company", "company_code", "contact", "contact_name", "channel", "direction", "at", "summary"),
            *("next_action_at", "by", "by_name", "version"),
        )


class _InteractionFields(Body):
    contact = VisibleField(contacts_of, required=False, allow_null=True)
    channel = ChoiceField(choices=Interaction.Channel.choices, required=False)
    direction = ChoiceField(choices=Interaction.Direction.choices, required=False)
    next_action_at = InstantField(required=False, allow_null=True)


class InteractionBody(_InteractionFields):
    company = VisibleField(companies_of, key="code")
    at = InstantField(required=False, help_text="now by default")
    summary = TextField(max_length=4000)


class InteractionPatch(_InteractionFields, VersionedBody):
    at = InstantField(required=False)
    summary = TextField(max_length=4000, required=False)


class InteractionFilter(django_filters.FilterSet):
    company = django_filters.ModelChoiceFilter(queryset=_companies, to_field_name="code")

    class Meta:
        model = Interaction
        fields: list[str] = []


class InteractionView(ListMixin, RetrieveMixin, RowsView):
    """What was said with companies, newest first; its author may correct it, or who may edit the company."""

    queryset = Interaction.objects.none()
    serializer_class = InteractionAnswer
    filterset_class = InteractionFilter

    def get_queryset(self) -> QuerySet[Interaction]:
        found = Interaction.objects.visible_to(self.user).select_related("company", "contact", "by")
        return found.order_by("-at", "-pk")

    @extend_schema(request=InteractionBody, responses={201: InteractionAnswer})
    def create(self, request: Request) -> Response:
        values = self.read_body(InteractionBody)
        require_at(self.user, Permission.INTERACTION_ADD, values["company"])
        values.setdefault("at", self.now)
        return self.show(services.add_interaction(values=values, by=self.user), status=201)

    @extend_schema(request=InteractionPatch, responses=InteractionAnswer)
    def partial_update(self, request: Request, pk: str) -> Response:
        interaction = self._interaction()
        values = self.read_body(InteractionPatch, partial=True)
        seen = values.pop("version", None)
        services.edit_interaction(
            interaction_id=interaction.pk, values=values, seen_version=seen, by=self.user, now=self.now
        )
        return self.show(interaction)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        services.delete_interaction(interaction_id=self._interaction().pk)
        return Response(status=204)

    def _interaction(self) -> Interaction:
        interaction = self.get_object()
        is_own = interaction.by_id == self.user.pk
        require_at(self.user, Permission.INTERACTION_ADD if is_own else Permission.COMPANY_EDIT, interaction.company)
        return interaction


router = SimpleRouter()
router.register("companies", CompanyView, basename="api-company")
router.register("contacts", ContactView, basename="api-contact")
router.register("interactions", InteractionView, basename="api-interaction")

urlpatterns = router.urls
