"""Bodies of requests about orders and milestones: what may be written, and in which shape."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from customers.models import Company
from customers.models.companies import CODE_VALIDATOR
from orders.filters import people_of
from orders.models import (
    DelayReason,
    DocumentKind,
    Milestone,
    Order,
    OrderDocument,
    OrderLine,
    ProcessTemplate,
    Shipment,
)
from orders.words import Incoterm, Mode, PaymentTerms, Priority, Side
from teams.api.fields import (
    ChoiceField,
    DateField,
    DecimalField,
    FlagField,
    InstantField,
    MoneyField,
    NumberField,
    QuantityField,
    TextField,
    VisibleField,
)
from teams.api.serializers import Body, VersionedBody
from teams.api.validators import COUNTRY, CURRENCY
from teams.models import Team, User

MAX_LINES = 500
MAX_BULK = 500


def companies_of(user: User) -> Any:
    return Company.objects.visible_to(user)


def teams_of(user: User) -> Any:
    return Team.objects.visible_to(user)


def documents_of(user: User) -> Any:
    return OrderDocument.objects.visible_to(user)


def orders_of(user: User) -> Any:
    return Order.objects.visible_to(user)


def milestones_of(user: User) -> Any:
    return Milestone.objects.visible_to(user)


def lines_of(user: User) -> Any:
    return OrderLine.objects.filter(order__in=Order.objects.visible_to(user)).select_related("order__team")


def current_templates(user: User) -> Any:
    return ProcessTemplate.objects.filter(is_current=True)


def offered_reasons(user: User) -> Any:
    return DelayReason.objects.filter(is_active=True)


class _MoneyBody(Body):
    """Drops the money fields of a writer who may not know them: they are as unknown as any made-up name."""

    money_fields: tuple[str, ...] = ()

    def get_fields(self) -> dict[str, serializers.Field]:
        fields = super().get_fields()
        user = getattr(self.context.get("request"), "user", None)
        sees_money = self.context.get("sees_money", user.access.sees_any_money if isinstance(user, User) else True)
        if not sees_money:
            for name in self.money_fields:
                fields.pop(name, None)
        return fields


class LineBody(_MoneyBody):
    money_fields = ("unit_price", "insurance_cost")

    position = NumberField(min_value=1, max_value=100_000, required=False)
    product_code = TextField(max_length=80, required=False, allow_blank=True)
    description = TextField(max_length=300, required=False, allow_blank=True)
    quantity = QuantityField()
    unit = TextField(max_length=20, required=False, allow_blank=True)
    unit_price = MoneyField(max_digits=16, decimal_places=4, required=False, allow_null=True)
    insurance_cost = MoneyField(max_digits=14, required=False, allow_null=True)
    requested_date = DateField(required=False, allow_null=True)
    promised_date_original = DateField(required=False, allow_null=True)
    promised_date_current = DateField(required=False, allow_null=True)


class _OrderFields(_MoneyBody):
    """What a person writes of an order, at its creation and later."""

    money_fields = ("amount", "fx_rate")

    customer = VisibleField(companies_of, key="code", required=False, allow_null=True)
    supplier = VisibleField(companies_of, key="code", required=False, allow_null=True)
    customer_po_no = TextField(max_length=80, required=False, allow_blank=True)
    clerk = VisibleField(people_of, key="username", required=False, allow_null=True)
    sales_rep = VisibleField(people_of, key="username", required=False, allow_null=True)
    logistics_owner = VisibleField(people_of, key="username", required=False, allow_null=True)
    template = VisibleField(current_templates, key="code", required=False, allow_null=True)
    ordered_at = InstantField(required=False)
    incoterm = ChoiceField(choices=Incoterm.choices, required=False, allow_blank=True)
    payment_terms = ChoiceField(choices=PaymentTerms.choices, required=False, allow_blank=True)
    mode = ChoiceField(choices=Mode.choices, required=False, allow_blank=True)
    country = TextField(max_length=2, required=False, allow_blank=True, validators=[COUNTRY])
    destination = TextField(max_length=120, required=False, allow_blank=True)
    third_party_inspection = FlagField(required=False)
    wood_packaging = FlagField(required=False)
    statutory_inspection = FlagField(required=False)
    lc_latest_shipment = DateField(required=False, allow_null=True)
    lc_expiry = DateField(required=False, allow_null=True)
    lc_presentation_days = NumberField(min_value=1, max_value=90, required=False)
    currency = TextField(max_length=3, required=False, validators=[CURRENCY])
    fx_rate = DecimalField(max_digits=18, decimal_places=8, min_value=Decimal("0.00000001"), required=False)
    amount = MoneyField(required=False)
    priority = ChoiceField(choices=Priority.choices, required=False)
    under_tolerance = DecimalField(max_digits=5, decimal_places=4, min_value=0, max_value=1, required=False)
    over_tolerance = DecimalField(max_digits=5, decimal_places=4, min_value=0, max_value=1, required=False)
    note = TextField(max_length=4000, required=False, allow_blank=True)
    is_test = FlagField(required=False)


class OrderBody(_OrderFields):
    """A new draft. Only the number is needed; team, clerk and instant have defaults that follow from the writer."""

    number = TextField(max_length=40, validators=[CODE_VALIDATOR])
    team = VisibleField(teams_of, key="code", required=False)
    lines = LineBody.many_init(required=False, max_length=MAX_LINES)


class OrderPatch(_OrderFields, VersionedBody):
    """Fields to change."""

    number = TextField(max_length=40, required=False, validators=[CODE_VALIDATOR])


class LinesBody(Body):
    """The lines of a draft, instead of those it has."""

    lines = LineBody.many_init(max_length=MAX_LINES)


class LineChangeBody(Body):
    """What may change on a line once the order is confirmed, and why."""

    cancelled_quantity = DecimalField(max_digits=14, decimal_places=3, min_value=0, required=False)
    requested_date = DateField(required=False)
    reason = TextField(max_length=4000)


class MoveBody(Body):
    """A move of an order or a shipment, or a step taken up again."""

    reason = TextField(max_length=4000, required=False, allow_blank=True, default="")


class SideBody(Body):
    """A move that somebody caused: which side, and why."""

    side = ChoiceField(choices=Side.choices)
    reason = TextField(max_length=4000)


class PromiseBody(SideBody):
    """Another date for all lines, or those at the positions given."""

    new_date = DateField()
    lines = serializers.ListField(child=NumberField(min_value=1), required=False, max_length=MAX_LINES, min_length=1)


class PlanTermsBody(Body):
    """Terms of the order that change its steps, and the dates of its letter of credit."""

    incoterm = ChoiceField(choices=Incoterm.choices, required=False, allow_blank=True)
    payment_terms = ChoiceField(choices=PaymentTerms.choices, required=False, allow_blank=True)
    mode = ChoiceField(choices=Mode.choices, required=False, allow_blank=True)
    country = TextField(max_length=2, required=False, allow_blank=True, validators=[COUNTRY])
    third_party_inspection = FlagField(required=False)
    wood_packaging = FlagField(required=False)
    statutory_inspection = FlagField(required=False)
    lc_latest_shipment = DateField(required=False, allow_null=True)
    lc_expiry = DateField(required=False, allow_null=True)
    lc_presentation_days = NumberField(min_value=1, max_value=90, required=False)


class ExpectedBody(Body):
    """When the owner of an open step expects it to be finished; null: nothing is said any more."""

    milestone = VisibleField(milestones_of, help_text="id of an open step of this order")
    expected_at = InstantField(allow_null=True)


class PlanChangesBody(PlanTermsBody):
    """What is to change with the plan. Nothing at all: what has happened since it was made is taken into it."""

    promised_date = DateField(required=False, help_text="promised for every line")
    expected = ExpectedBody.many_init(required=False, max_length=100)
    template_version = NumberField(min_value=1, required=False, help_text="another version of the order's process")


class PlanBody(Body):
    """A re-plan: previewed with `dry_run`, else applied as one change set."""

    changes = PlanChangesBody(required=False)
    dry_run = FlagField(required=False, default=False)
    reason = TextField(max_length=4000, required=False, allow_blank=True, default="")
    side = ChoiceField(choices=Side.choices, required=False, allow_blank=True, default="")
    plan = NumberField(min_value=1, required=False, help_text="the plan that the preview was made against")


class PlanUndoBody(Body):
    change = NumberField(min_value=1, help_text="the last change of the plan")


class CommentBody(Body):
    text = TextField(max_length=4000)


class CompleteBody(Body):
    actual_finish_at = InstantField(required=False, help_text="when it truly happened; now by default")
    note = TextField(max_length=4000, required=False, allow_blank=True, default="")
    documents = serializers.ListField(
        child=VisibleField(documents_of), required=False, max_length=50, help_text="ids of documents of this order"
    )
    delay_reason = VisibleField(offered_reasons, key="code", required=False, allow_null=True)


class ReasonBody(Body):
    reason = TextField(max_length=4000)


class AssignBody(Body):
    assignee = VisibleField(people_of, key="username")
    reason = TextField(max_length=4000, required=False, allow_blank=True, default="")


class ShipmentLineBody(Body):
    order_line = VisibleField(lines_of, help_text="id of the order line")
    quantity = QuantityField()


class _ShipmentFields(_MoneyBody):
    """What a person writes of a shipment; its status and instants follow from its moves."""

    money_fields = ("freight_cost", "freight_currency")

    owner = VisibleField(people_of, key="username", required=False, allow_null=True)
    forwarder = VisibleField(companies_of, key="code", required=False, allow_null=True)
    mode = ChoiceField(choices=Mode.choices, required=False, allow_blank=True)
    vessel = TextField(max_length=80, required=False, allow_blank=True)
    voyage = TextField(max_length=40, required=False, allow_blank=True)
    origin = TextField(max_length=120, required=False, allow_blank=True)
    destination = TextField(max_length=120, required=False, allow_blank=True)
    booking_no = TextField(max_length=60, required=False, allow_blank=True)
    bl_no = TextField(max_length=60, required=False, allow_blank=True)
    bl_release_mode = ChoiceField(choices=Shipment.BlRelease.choices, required=False, allow_blank=True)
    container_no = TextField(max_length=60, required=False, allow_blank=True)
    seal_no = TextField(max_length=60, required=False, allow_blank=True)
    si_cutoff_at = InstantField(required=False, allow_null=True)
    vgm_cutoff_at = InstantField(required=False, allow_null=True)
    cy_cutoff_at = InstantField(required=False, allow_null=True)
    customs_cutoff_at = InstantField(required=False, allow_null=True)
    etd = DateField(required=False, allow_null=True)
    eta = DateField(required=False, allow_null=True)
    weight_kg = DecimalField(max_digits=12, decimal_places=3, min_value=0, required=False, allow_null=True)
    freight_cost = MoneyField(max_digits=14, required=False, allow_null=True)
    freight_currency = TextField(max_length=3, required=False, allow_blank=True, validators=[CURRENCY])
    note = TextField(max_length=4000, required=False, allow_blank=True)


class ShipmentBody(_ShipmentFields):
    """A planned shipment of goods of confirmed orders; its team is that of the goods."""

    number = TextField(max_length=40, validators=[CODE_VALIDATOR])
    team = VisibleField(teams_of, key="code", required=False)
    lines = ShipmentLineBody.many_init(max_length=MAX_LINES)


class ShipmentPatch(_ShipmentFields, VersionedBody):
    """Fields to change; `lines` replace the quantities until the cargo is loaded."""

    lines = ShipmentLineBody.many_init(required=False, max_length=MAX_LINES)


class CargoMoveBody(Body):
    """A move of the cargo."""

    at = InstantField(required=False, help_text="when it truly happened; now by default")
    reason = TextField(max_length=4000, required=False, allow_blank=True, default="")


class DocumentBody(Body):
    """A file of an order, as a multipart form."""

    order = VisibleField(orders_of, key="number")
    milestone = VisibleField(milestones_of, required=False, allow_null=True)
    kind = ChoiceField(choices=DocumentKind.choices)
    file = serializers.FileField(allow_empty_file=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        milestone = attrs.get("milestone")
        if milestone is not None and milestone.order_id != attrs["order"].pk:
            raise serializers.ValidationError({"milestone": [_("There is no such entry.")]})
        return attrs


class DecisionBody(Body):
    """Why a document is accepted."""

    note = TextField(max_length=300, required=False, allow_blank=True, default="")


class RefusalBody(Body):
    """Why a document is refused."""

    note = TextField(max_length=300)


class EmptyBody(Body):
    """Nothing to say."""
