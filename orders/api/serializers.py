"""Answers about orders and milestones; explicit lists of fields, money apart."""

from typing import Any, Protocol

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orders.models import ClockPause, Milestone, Order, OrderLine
from orders.words import Side
from teams.api.fields import InstantField
from teams.api.serializers import Answer, RowAnswer
from teams.models import User


class PersonAnswer(RowAnswer):
    class Meta:
        model = User
        fields = read_only_fields = ("id", "username", "name")


class PauseAnswer(RowAnswer):
    by = serializers.CharField(source="by.name", read_only=True)

    class Meta:
        model = ClockPause
        fields = read_only_fields = ("side", "reason", "from_at", "to_at", "is_hold", "by")


class MilestoneAnswer(RowAnswer):
    """A step, with its clocks and whether it is overdue now."""

    order = serializers.CharField(source="order.number", read_only=True, help_text="number of the order")
    shipment = serializers.CharField(source="shipment.number", read_only=True, default=None)
    name = serializers.CharField(read_only=True, help_text="in the reader's language")
    assignee = PersonAnswer(read_only=True, allow_null=True)
    closed_by = PersonAnswer(read_only=True, allow_null=True)
    calendar = serializers.CharField(source="calendar.code", read_only=True)
    delay_reason = serializers.CharField(source="delay_reason.code", read_only=True, default=None)
    pauses = PauseAnswer(many=True, read_only=True)
    is_overdue = serializers.SerializerMethodField()

    class Meta:
        model = Milestone
        fields = read_only_fields = (
            *("id", "order", "shipment", "position", "code", "name", "name_zh", "name_en", "stage", "role"),
            *("assignee", "status", "required_documents", "calendar", "planned_start_at", "baseline_finish_at"),
            *("due_at", "float_minutes", "is_critical", "expected_at"),
            *("actual_finish_at", "recorded_at", "closed_by", "note", "delay_reason"),
            *("waiting_on", "next_reminder_at", "is_overdue", "pauses"),
        )

    def get_is_overdue(self, milestone: Milestone) -> bool:
        return milestone.is_overdue(self.context["now"])


class OrderLineAnswer(RowAnswer):
    # Further columns of an imported sheet may be prices, and nothing tells which.
    money_fields = ("unit_price", "amount", "insurance_cost", "attributes")

    class Meta:
        model = OrderLine
        fields = read_only_fields = (
            *("id", "position", "product_code", "description", "quantity", "cancelled_quantity", "unit"),
            *("unit_price", "amount", "insurance_cost"),
            *("requested_date", "promised_date_original", "promised_date_current", "attributes"),
        )

    def sees_money(self, instance: OrderLine) -> bool:
        return self.context["request"].user.access.sees_money(instance.order.team_id)


class ProgressAnswer(Answer):
    """Steps done or skipped, of all that count."""

    done = serializers.IntegerField(source="closed_step_count", read_only=True)
    total = serializers.IntegerField(source="step_count", read_only=True)


class NextStepAnswer(RowAnswer):
    """The step that is due next among those going on."""

    name = serializers.CharField(read_only=True)

    class Meta:
        model = Milestone
        fields = read_only_fields = ("id", "code", "name", "due_at", "float_minutes")


class HolderAnswer(Answer):
    """Who holds the ball: the side that is waited for, and our person for it."""

    side = serializers.ChoiceField(source="waiting_on", choices=Side.choices, read_only=True)
    person = PersonAnswer(source="assignee", read_only=True, allow_null=True)


class WithStepsGoingOn(Protocol):
    """An order as `orders.api.rows` reads it."""

    going_on: list[Milestone]  # the next due first


class OrderAnswer(RowAnswer):
    """An order as the list shows it. People, companies and the team by id, with their readable keys beside."""

    money_fields = ("amount", "fx_rate")

    customer_code = serializers.CharField(source="customer.code", read_only=True, default=None)
    customer_name = serializers.CharField(source="customer.name", read_only=True, default=None)
    supplier_code = serializers.CharField(source="supplier.code", read_only=True, default=None)
    supplier_name = serializers.CharField(source="supplier.name", read_only=True, default=None)
    team_code = serializers.CharField(source="team.code", read_only=True)
    clerk_name = serializers.CharField(source="clerk.name", read_only=True, default=None)
    sales_rep_name = serializers.CharField(source="sales_rep.name", read_only=True, default=None)
    logistics_owner_name = serializers.CharField(source="logistics_owner.name", read_only=True, default=None)
    template = serializers.CharField(source="template.code", read_only=True, default=None)
    template_version = serializers.IntegerField(source="template.version", read_only=True, default=None)
    progress = ProgressAnswer(source="*", read_only=True)
    next_milestone = serializers.SerializerMethodField()
    holder = serializers.SerializerMethodField()
    float_minutes = serializers.SerializerMethodField()
    is_overdue = serializers.BooleanField(read_only=True)

    class Meta:
        model = Order
        fields: tuple[str, ...] = (
            *("id", "number", "status", "customer", "customer_code", "customer_name", "customer_po_no"),
            *("supplier", "supplier_code", "supplier_name", "team", "team_code", "clerk", "clerk_name"),
            *("sales_rep", "sales_rep_name", "logistics_owner", "logistics_owner_name"),
            *("template", "template_version", "ordered_at", "confirmed_at", "cancelled_at", "cancelled_side"),
            *("closed_at", "incoterm", "payment_terms", "mode", "country", "destination", "currency"),
            *("third_party_inspection", "wood_packaging", "statutory_inspection", "lc_latest_shipment", "lc_expiry"),
            "lc_presentation_days",
            *("fx_rate", "amount", "priority", "under_tolerance", "over_tolerance", "note", "is_test"),
            *("promised_date", "current_promised_date", "shipped_at", "first_delivered_at", "delivered_at"),
            *("is_in_full", "progress", "next_milestone", "holder", "float_minutes", "is_overdue", "version"),
        )
        read_only_fields = fields

    @extend_schema_field(NextStepAnswer(allow_null=True))
    def get_next_milestone(self, order: WithStepsGoingOn) -> Any:
        step = next(iter(order.going_on), None)
        return self.part(NextStepAnswer).to_representation(step) if step else None

    @extend_schema_field(HolderAnswer(allow_null=True))
    def get_holder(self, order: WithStepsGoingOn) -> Any:
        step = next(iter(order.going_on), None)
        return self.part(HolderAnswer).to_representation(step) if step else None

    def get_float_minutes(self, order: WithStepsGoingOn) -> int | None:
        """The least room of the steps going on; null where the plan knows none."""
        return min((m.float_minutes for m in order.going_on if m.float_minutes is not None), default=None)


class OrderDetailAnswer(OrderAnswer):
    """One order with its lines and steps."""

    lines = OrderLineAnswer(many=True, read_only=True)
    milestones = MilestoneAnswer(source="steps", many=True, read_only=True)

    class Meta(OrderAnswer.Meta):
        fields = read_only_fields = (*OrderAnswer.Meta.fields, "lines", "milestones")


class TimelineEntry(serializers.Serializer):
    """Something that happened to an order, or a message that was sent about it."""

    type = serializers.ChoiceField(choices=["event", "comment", "document", "message"], read_only=True)
    id = serializers.IntegerField(read_only=True)
    at = InstantField(read_only=True, help_text="when it happened")
    recorded_at = InstantField(read_only=True, help_text="when it was typed or sent; the stream's order")
    kind = serializers.CharField(read_only=True)
    by = serializers.CharField(read_only=True, allow_null=True, help_text="null: the system itself")
    to = serializers.CharField(read_only=True, allow_null=True, help_text="a message's recipient")
    milestone = serializers.IntegerField(read_only=True, allow_null=True)
    shipment = serializers.CharField(read_only=True, allow_null=True)
    old = serializers.CharField(read_only=True)
    new = serializers.CharField(read_only=True)
    side = serializers.CharField(read_only=True)
    text = serializers.CharField(read_only=True)
    data = serializers.DictField(read_only=True)  # type: ignore[assignment]  # DRF takes fields out of the class
