"""Write the story of one order as rows: what the services write, without their queries.

A year of three hundred orders takes minutes through the services, since each step locks, reads and saves. Here the rows
stay in memory, and what follows from them comes from the same functions (`flow.recompute`, `fulfil`, `status_after`).
tests/orders/test_demo.py tells the same stories to the services and compares every row.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile

from orders import aql
from orders.basis import Shape
from orders.calendars import calendars_of
from orders.demo.laying import first_inputs
from orders.demo.ledger import Ledger
from orders.demo.papers import content, facts_of
from orders.demo.proofs import part_of
from orders.demo.story import Story
from orders.fulfilment import CargoFacts, Fulfilment, fulfil, promised_dates, reached_at, status_after
from orders.models import (
    ClockPause,
    Inspection,
    Milestone,
    Order,
    OrderDocument,
    OrderEvent,
    OrderLine,
    Payment,
    PlanCause,
    PlanChange,
    PromiseChange,
    Shipment,
    ShipmentLine,
)
from orders.models.events import EventKind
from orders.network import open_before
from orders.schedule import Spans, nodes_of, stopping_spans, write_plan
from orders.services import flow
from orders.services.orders import search_text
from orders.services.plans.facts import terms_of
from orders.services.plans.rows import rows_for
from orders.targets import STEPS_OF_MOVE, Dates
from orders.words import PaymentTerms
from orders.workflow import SHIPMENT_INSTANTS, MilestoneStatus, OrderStatus, ShipmentStatus

_DERIVED = [name for name in Fulfilment.__dataclass_fields__ if name != "is_all_shipped"]


class Hand:
    """Writes one order into the ledger, act by act."""

    order: Order

    def __init__(self, ledger: Ledger, story: Story) -> None:
        self.ledger = ledger
        self.lines: list[OrderLine] = []
        self.milestones: dict[str, Milestone] = {}
        self.pauses: dict[int, list[ClockPause]] = {}
        self.shipments: dict[str, Shipment] = {}
        self.cargo: dict[str, dict[int, Decimal]] = {}
        self.documents: dict[tuple[str, int], OrderDocument] = {}
        self._laid_for: Spans = {}
        for act in story.acts:
            self.by, self.now = ledger.users[act.by], act.at
            getattr(self, f"_{act.verb}")(**act.data)

    # The order

    def _create(self, values: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> None:
        self.order = self.ledger.add(Order(**self.ledger.resolve(dict(values))))
        if self.order.customer is not None:
            self.order.country = self.order.customer.country
        for position, line_values in enumerate(lines, start=1):
            line = OrderLine(order=self.order, position=position, **line_values)
            line.promised_date_current = line.promised_date_original
            line.amount = (line_values["unit_price"] * line.quantity).quantize(Decimal("0.01"))
            self.lines.append(self.ledger.add(line))
        self.order.amount = sum((line.amount or Decimal(0) for line in self.lines), Decimal(0))
        self.order.search_text = search_text(self.order, self.lines)
        self._sum_up_promises()
        self._record(EventKind.CREATED, new=self.order.status)

    def _sum_up_promises(self) -> None:
        self.order.promised_date, self.order.current_promised_date = promised_dates(flow.line_facts(self.lines))

    def _confirm(self) -> None:
        old, self.order.status = self.order.status, OrderStatus.CONFIRMED
        self.order.confirmed_at = self.now
        self._record(EventKind.CONFIRMED, old=old, new=self.order.status)
        self._lay_down()

    def _lay_down(self) -> None:
        """`lay_down_plan` of orders.services.plans: the milestones and the first plan."""
        order, zone = self.order, self.ledger.zone
        if order.ordered_at is None or order.template_id is None:
            raise ValueError(f"order {order.number} cannot be planned")
        shape = Shape(order.template_id, terms_of(order))
        nodes, calendars = nodes_of(shape), calendars_of(order, self.ledger.calendars)
        dates = Dates(order.current_promised_date, order.incoterm, zone, order.lc_latest_shipment, order.lc_expiry)
        days = order.lc_presentation_days if order.payment_terms == PaymentTerms.LC else 0
        inputs = first_inputs(shape, order.ordered_at, dates, calendars, days)
        owners = self.ledger.owners(order, {node.spec.role for node in nodes.values()})
        milestones = rows_for(order, [], nodes, calendars, owners).new
        write_plan(milestones, inputs, self.ledger.ladders(order))
        change = PlanChange(
            order=order, cause=PlanCause.CONFIRMED, basis=inputs.basis.to_dict(), by=self.by, at=self.now
        )
        order.plan, order.plan_shape = self.ledger.add(change), shape.to_dict()
        flow.activate(order, milestones, {}, now=self.now)
        for milestone in milestones:
            milestone.baseline_finish_at = milestone.due_at
            self.milestones[milestone.code] = self.ledger.add(milestone)

    def _hold(self, side: str, reason: str) -> None:
        old, self.order.status = self.order.status, OrderStatus.ON_HOLD
        self._record(EventKind.HELD, old=old, new=self.order.status, reason=reason, side=side)
        for milestone in self._open():
            self._stop_clock(milestone, side, reason, is_hold=True)
        self._refresh()

    def _cancel(self, side: str, reason: str) -> None:
        old, self.order.status = self.order.status, OrderStatus.CANCELLED
        self.order.cancelled_at, self.order.cancelled_side = self.now, side
        self._record(EventKind.CANCELLED, old=old, new=self.order.status, reason=reason, side=side)
        for milestone in self._open():
            self._start_clocks(milestone)
            self._end(milestone, MilestoneStatus.CANCELLED, self.now)
        self._refresh()

    def _close(self, reason: str) -> None:
        old, self.order.status, self.order.closed_at = self.order.status, OrderStatus.CLOSED, self.now
        for milestone in self._open():
            self._close_step(milestone, MilestoneStatus.DONE, self.now, "", None)
        self._record(EventKind.CLOSED, old=old, new=self.order.status, reason=reason)
        self._refresh()

    def _promise(self, new_date: Any, side: str, reason: str) -> None:
        for line in self.lines:
            old, line.promised_date_current = line.promised_date_current, new_date
            if old == new_date:
                continue
            change = PromiseChange(
                line=line, old_date=old, new_date=new_date, reason=reason, side=side, by=self.by, at=self.now
            )
            self.ledger.add(change)
            data = {"line": line.position}
            self._record(EventKind.PROMISE, old=str(old), new=str(new_date), reason=reason, side=side, data=data)
        self._sum_up_promises()

    # Steps

    def _complete(self, code: str, finished_at: datetime, note: str, reason: str) -> None:
        delay = self.ledger.reasons[reason] if reason else None
        self._close_step(self.milestones[code], MilestoneStatus.DONE, finished_at, note, delay)
        self._refresh()

    def _explain(self, reason: str) -> None:
        """`explain_delays` of orders.services.delays, for the late steps that have no reason."""
        delay = self.ledger.reasons[reason]
        for milestone in self.milestones.values():
            ended = milestone.closed_at or self.now
            is_dropped = milestone.status in {MilestoneStatus.SKIPPED, MilestoneStatus.CANCELLED}
            if milestone.delay_reason is None and milestone.due_at and ended > milestone.due_at and not is_dropped:
                milestone.delay_reason = delay
                fields = {"delay_reason": ["", delay.code]}
                self._record(EventKind.EDITED, milestone=milestone, side=delay.side, data={"fields": fields})

    def _skip(self, code: str, reason: str) -> None:
        self._close_step(self.milestones[code], MilestoneStatus.SKIPPED, self.now, reason, None)
        self._refresh()

    def _close_step(self, milestone: Milestone, status: str, finish: datetime, note: str, delay: Any) -> None:
        old = milestone.status
        self._start_clocks(milestone)
        self._end(milestone, status, finish)
        milestone.note, milestone.delay_reason = note, delay
        kind = EventKind.COMPLETED if status == MilestoneStatus.DONE else EventKind.SKIPPED
        side = delay.side if delay else ""
        self._record(kind, at=finish, milestone=milestone, old=old, new=status, reason=note, side=side)

    def _end(self, milestone: Milestone, status: str, finish: datetime) -> None:
        milestone.status, milestone.closed_at, milestone.closed_by = status, finish, self.by
        milestone.recorded_at, milestone.next_reminder_at, milestone.waiting_on = self.now, None, ""
        milestone.actual_finish_at = finish if status == MilestoneStatus.DONE else None

    def _pause(self, code: str, side: str, reason: str) -> None:
        self._stop_clock(self.milestones[code], side, reason, is_hold=False)
        self._record(EventKind.PAUSED, milestone=self.milestones[code], side=side, reason=reason)
        self._refresh()

    def _resume(self, code: str) -> None:
        milestone = self.milestones[code]
        side = self._start_clocks(milestone)
        self._record(EventKind.UNPAUSED, milestone=milestone, side=side)
        self._refresh()

    def _stop_clock(self, milestone: Milestone, side: str, reason: str, *, is_hold: bool) -> None:
        pause = ClockPause(milestone=milestone, side=side, reason=reason, from_at=self.now, is_hold=is_hold, by=self.by)
        self.pauses.setdefault(milestone.pk, []).append(self.ledger.add(pause))

    def _start_clocks(self, milestone: Milestone) -> str:
        running = [pause for pause in self.pauses.get(milestone.pk, ()) if pause.to_at is None]
        for pause in running:
            pause.to_at = self.now
        return running[0].side if running else ""

    # Money and inspections

    def _receive(self, part: str, received_on: date) -> None:
        amount = part_of(self.order.amount, part)
        payment = Payment(order=self.order, amount=amount, received_on=received_on, by=self.by, created_at=self.now)
        data = {"payment": self.ledger.add(payment).pk}
        self._record(EventKind.PAID, new=received_on.isoformat(), data=data)

    def _inspect(self, **found: Any) -> None:
        plans = [aql.plan_for(found["lot_size"], found["level"], found[each]) for each in ("aql_major", "aql_minor")]
        has_passed = found["critical"] == 0 and all(
            found[kind] <= plan.accept for kind, plan in zip(("major", "minor"), plans, strict=True)
        )
        inspection = Inspection(
            order=self.order,
            sample_size=max(plan.size for plan in plans),
            accept_major=plans[0].accept,
            accept_minor=plans[1].accept,
            has_passed=has_passed,
            by=self.by,
            created_at=self.now,
            **found,
        )
        self.ledger.add(inspection)
        data = {"kind": found["kind"], "passed": has_passed, "disposition": found["disposition"]}
        self._record(EventKind.INSPECTED, reason=found["note"], data=data)

    # Cargo

    def _ship(self, number: str, values: Mapping[str, Any], quantities: Mapping[int, Decimal]) -> None:
        shipment = Shipment(number=number, **self.ledger.resolve(dict(values)))
        shipment.etd_original = shipment.etd
        self.shipments[number] = self.ledger.add(shipment)
        self.cargo[number] = {self.lines[position - 1].pk: quantity for position, quantity in quantities.items()}
        for position, quantity in quantities.items():
            line = self.lines[position - 1]
            self.ledger.add(ShipmentLine(shipment=shipment, order_line=line, quantity=quantity))
        self._record(EventKind.CREATED, shipment=shipment, new=shipment.status)

    def _move(self, number: str, to: str, happened_at: datetime, completes: Sequence[str]) -> None:
        shipment = self.shipments[number]
        old, shipment.status, shipment.recorded_at = shipment.status, to, self.now
        setattr(shipment, SHIPMENT_INSTANTS[to], happened_at)
        self._record(EventKind.MOVED, at=happened_at, shipment=shipment, old=old, new=to)
        cargo = [CargoFacts(_instants(shipment), self.cargo[number]) for number, shipment in self.shipments.items()]
        self._follow_cargo(cargo)
        reached = [(reached_at(facts.instants, to), facts.quantities) for facts in cargo]
        moved = {line.pk: sum((q.get(line.pk, 0) for at, q in reached if at), Decimal(0)) for line in self.lines}
        if all(moved[line.pk] >= line.quantity for line in self.lines):
            finish = min(max(at for at, _quantities in reached if at), self.now)
            for milestone in self._open():
                if milestone.code in STEPS_OF_MOVE[ShipmentStatus(to)] and self._is_ready(milestone):
                    self._close_step(milestone, MilestoneStatus.DONE, finish, "", None)
        self._refresh()

    def _follow_cargo(self, cargo: Sequence[CargoFacts]) -> None:
        order = self.order
        facts = fulfil(flow.line_facts(self.lines), cargo, incoterm=order.incoterm)
        for name in _DERIVED:
            setattr(order, name, getattr(facts, name))
        old, order.status = order.status, status_after(order.status, facts)
        if order.status != old:
            is_delivered = order.status == OrderStatus.DELIVERED
            at = (order.delivered_at if is_delivered else order.shipped_at) or self.now
            kind = EventKind.DELIVERED if is_delivered else EventKind.SHIPPED
            self._record(kind, at=at, old=old, new=order.status)

    def _is_ready(self, milestone: Milestone) -> bool:
        """No gate directly before it is open, and its evidence is there."""
        is_open = {m.key: m.is_open for m in self.milestones.values()}
        before = open_before(flow.steps_before(self.order), milestone.key, is_open)
        there = {kind for (kind, _version), document in self.documents.items() if document.status != "refused"}
        is_gated = any(self.milestones[code].has_flag("G") for code in before)
        return not is_gated and there.issuperset(milestone.required_documents)

    # Papers

    def _document(self, kind: str, code: str, version: int) -> None:
        filename, body = content(self.order.number, kind, version)
        document = OrderDocument(
            order=self.order,
            milestone=self.milestones[code],
            kind=kind,
            version=version,
            file=ContentFile(body, name=filename),
            filename=filename,
            uploaded_by=self.by,
            uploaded_at=self.now,
            **facts_of(body),
        )
        self.documents[kind, version] = self.ledger.add(document)
        data = {"document": document.pk, "filename": filename}
        new = f"{kind} v{version}"
        self._record(EventKind.DOCUMENT, milestone=document.milestone, new=new, data=data)

    def _decide(self, kind: str, version: int, status: str, note: str) -> None:
        document = self.documents[kind, version]
        old, document.status = document.status, status
        document.decided_by, document.decided_at, document.decision_note = self.by, self.now, note
        self._record(
            EventKind.DOCUMENT_DECIDED,
            milestone=document.milestone,
            old=old,
            new=status,
            reason=note,
            data={"document": document.pk},
        )

    def _comment(self, text: str) -> None:
        self._record(EventKind.COMMENT, reason=text)

    # What follows

    def _record(self, kind: str, **fields: Any) -> None:
        values = {"at": self.now, **fields}
        self.ledger.add(OrderEvent(order=self.order, kind=kind, by=self.by, recorded_at=self.now, **values))

    def _open(self) -> list[Milestone]:
        return [milestone for milestone in self.milestones.values() if milestone.is_open]

    def _refresh(self) -> None:
        """`flow.refresh`; due instants move only when pauses have ended, so they are laid out again only then."""
        rows = list(self.milestones.values())
        spans = stopping_spans(self.milestones, [pause for pauses in self.pauses.values() for pause in pauses])
        if spans == self._laid_for:
            flow.activate(self.order, rows, self.pauses, now=self.now)
            return
        self._laid_for = spans
        before = {milestone.pk: milestone.due_at for milestone in rows}
        ladders = self.ledger.ladders(self.order)
        flow.recompute(self.order, rows, self.pauses, now=self.now, ladders=ladders)
        for milestone in rows:
            old, new = before[milestone.pk], milestone.due_at
            if old and new and old != new:
                event = OrderEvent(order=self.order, milestone=milestone, kind=EventKind.DUE, at=self.now)
                event.old, event.new, event.recorded_at = old.isoformat(), new.isoformat(), self.now
                self.ledger.add(event)


def _instants(shipment: Shipment) -> dict[str, datetime | None]:
    return {name: getattr(shipment, name) for name in SHIPMENT_INSTANTS.values()}
