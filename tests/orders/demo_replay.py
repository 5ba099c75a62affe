"""Tell a story to the product's own services, act by act: slow, and right by definition."""

from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F, Q

from customers.models import Company
from orders.demo.papers import content
from orders.demo.proofs import part_of
from orders.demo.story import Act, Story
from orders.models import DelayReason, Milestone, Order, ProcessTemplate, Shipment
from orders.services import checks, documents, milestones, shipments
from orders.services import orders as order_services
from orders.services.delays import explain_delays
from teams.models import Team, User


class Replay:
    """Calls the services for each act of a story."""

    def __init__(self) -> None:
        self.users = {user.username: user for user in User.objects.all()}
        self.related: dict[str, Callable[[Any], Any]] = {
            "team": lambda code: Team.objects.get(code=code),
            "customer": lambda code: Company.objects.get(code=code),
            "supplier": lambda code: code and Company.objects.get(code=code),
            "forwarder": lambda code: Company.objects.get(code=code),
            "template": lambda code: ProcessTemplate.objects.get(code=code, is_current=True),
            **dict.fromkeys(("clerk", "sales_rep", "logistics_owner", "owner"), self.users.__getitem__),
        }

    def tell(self, story: Story) -> None:
        for act in story.acts:
            getattr(self, f"_{act.verb}")(story, act, {"by": self.users[act.by], "now": act.at})

    def _resolved(self, values: dict[str, Any]) -> dict[str, Any]:
        return {name: self.related[name](value) if name in self.related else value for name, value in values.items()}

    def _order(self, story: Story) -> Order:
        return Order.objects.get(number=story.number)

    def _milestone(self, story: Story, code: str) -> int:
        return Milestone.objects.get(order__number=story.number, code=code).pk

    def _create(self, story: Story, act: Act, who: dict) -> None:
        order_services.create_order(values=self._resolved(act.data["values"]), lines=act.data["lines"], **who)

    def _confirm(self, story: Story, act: Act, who: dict) -> None:
        order_services.confirm_order(order_id=self._order(story).pk, **who)

    def _complete(self, story: Story, act: Act, who: dict) -> None:
        data = act.data
        reason = DelayReason.objects.get(code=data["reason"]) if data["reason"] else None
        milestones.complete_milestone(
            milestone_id=self._milestone(story, data["code"]),
            actual_finish_at=data["finished_at"],
            note=data["note"],
            delay_reason=reason,
            **who,
        )

    def _explain(self, story: Story, act: Act, who: dict) -> None:
        steps = Milestone.objects.filter(order__number=story.number, delay_reason=None)
        late = steps.filter(Q(closed_at__gt=F("due_at"), status="done") | Q(closed_at=None, due_at__lt=act.at))
        reason = DelayReason.objects.get(code=act.data["reason"])
        explain_delays(milestone_ids=list(late.values_list("pk", flat=True)), delay_reason=reason, **who)

    def _skip(self, story: Story, act: Act, who: dict) -> None:
        pk = self._milestone(story, act.data["code"])
        milestones.skip_milestone(milestone_id=pk, reason=act.data["reason"], **who)

    def _pause(self, story: Story, act: Act, who: dict) -> None:
        pk = self._milestone(story, act.data["code"])
        milestones.pause_milestone(milestone_id=pk, side=act.data["side"], reason=act.data["reason"], **who)

    def _resume(self, story: Story, act: Act, who: dict) -> None:
        milestones.resume_milestone(milestone_id=self._milestone(story, act.data["code"]), **who)

    def _hold(self, story: Story, act: Act, who: dict) -> None:
        order_services.hold_order(order_id=self._order(story).pk, **act.data, **who)

    def _cancel(self, story: Story, act: Act, who: dict) -> None:
        order_services.cancel_order(order_id=self._order(story).pk, **act.data, **who)

    def _close(self, story: Story, act: Act, who: dict) -> None:
        order_services.close_order(order_id=self._order(story).pk, **act.data, **who)

    def _receive(self, story: Story, act: Act, who: dict) -> None:
        order = self._order(story)
        amount = part_of(order.amount, act.data["part"])
        day = act.data["received_on"]
        checks.receive_payment(order_id=order.pk, amount=amount, received_on=day, reference="", **who)

    def _inspect(self, story: Story, act: Act, who: dict) -> None:
        checks.record_inspection(order_id=self._order(story).pk, **act.data, **who)

    def _promise(self, story: Story, act: Act, who: dict) -> None:
        order_services.move_promise(order_id=self._order(story).pk, **act.data, **who)

    def _comment(self, story: Story, act: Act, who: dict) -> None:
        documents.add_comment(order_id=self._order(story).pk, **act.data, **who)

    def _document(self, story: Story, act: Act, who: dict) -> None:
        order, data = self._order(story), act.data
        name, body = content(story.number, data["kind"], data["version"])
        documents.add_document(
            order_id=order.pk,
            kind=data["kind"],
            upload=SimpleUploadedFile(name, body),
            milestone=order.milestones.get(code=data["code"]),
            **who,
        )

    def _decide(self, story: Story, act: Act, who: dict) -> None:
        document = self._order(story).documents.get(kind=act.data["kind"], version=act.data["version"])
        documents.decide_document(document_id=document.pk, status=act.data["status"], note=act.data["note"], **who)

    def _ship(self, story: Story, act: Act, who: dict) -> None:
        lines = {line.position: line.pk for line in self._order(story).lines.all()}
        shipments.create_shipment(
            values={"number": act.data["number"], **self._resolved(act.data["values"])},
            lines={lines[position]: quantity for position, quantity in act.data["quantities"].items()},
            **who,
        )

    def _move(self, story: Story, act: Act, who: dict) -> None:
        shipment = Shipment.objects.get(number=act.data["number"])
        shipments.move_shipment(shipment_id=shipment.pk, to=act.data["to"], at=act.data["happened_at"], **who)
