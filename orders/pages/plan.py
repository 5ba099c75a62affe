"""The plan as pages show it: what is to be expected today, what cannot be kept, and the table of all steps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property

from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from orders.basis import Basis
from orders.models import Milestone, Order
from orders.network import Node
from orders.plan_words import Names, binding_words, float_words, limit_name, working_days
from orders.planning import Constraint, Plan, PlanningError, Shortfall, Span, clock_for
from orders.process import buffer_of
from orders.schedule import Inputs, inputs_of, nodes_of
from orders.services.plans.reading import plan_of_today, verified_until
from orders.targets import step_of_move
from orders.workflow import RUNNING_ORDER, MilestoneStatus, OrderStatus, delivery_move
from teams.worktime import CalendarExhausted

TIGHT_DAYS = 2  # as much as the export templates keep free before their anchor


@dataclass(frozen=True)
class LivePlan:
    """The plan of an order in hand with today's facts; `milestones` by step key, `shipments` the numbers by id."""

    order: Order
    milestones: Mapping[str, Milestone]
    inputs: Inputs
    plan: Plan
    now: datetime
    shipments: Mapping[int, str] = field(default_factory=dict)

    @property
    def nodes(self) -> Mapping[str, Node]:
        return nodes_of(self.inputs.basis.shape)

    @cached_property
    def in_force(self) -> Plan:
        """The plan that people work by; computed on first use."""
        return self.inputs.plan(verified_until=self.verified_until)

    @cached_property
    def to_be_expected(self) -> Plan:
        """The plan if each anchor that cannot be kept falls on the first instant on which it could.

        Else what waits for an ETD would be expected too early, and the ETD before what must be done some days ahead.
        """
        plan, basis = self.plan, self.inputs.basis
        late = {key: at for key, at in plan.earliest_anchors.items() if at > plan.anchors[key]}
        if not late:
            return plan
        actuals = {key: step.earliest_finish_at for key, step in plan.steps.items() if step.is_done}
        inputs = replace(self.inputs, basis=replace(basis, anchors={**basis.anchors, **late}))
        try:
            return inputs.plan(actuals=actuals, now=self.now)
        except (PlanningError, CalendarExhausted):
            return plan

    def forecast_at(self, key: str) -> datetime:
        """When the step is to be expected; a date that is given, such as the ETD, not before it."""
        finish = self.to_be_expected[key].earliest_finish_at
        return max(finish, self.to_be_expected.anchors.get(key, finish))

    @property
    def verified_until(self) -> dict[str, date]:
        return verified_until(list(self.milestones.values()))

    @property
    def buffer(self) -> Span:
        return buffer_of(self.inputs.basis.shape.template)

    def name(self, key: str) -> str:
        """The step's name, with the shipment's number where it stands once for each."""
        return name_of(key, self.nodes, self.milestones, self.shipments)


def name_of(
    key: str, nodes: Mapping[str, Node], milestones: Mapping[str, Milestone], shipments: Mapping[int, str]
) -> str:
    node, milestone = nodes.get(key), milestones.get(key)
    if node is None and milestone is None:
        return key
    name = milestone.name if milestone else _node_name(node)
    shipment = milestone.shipment_id if milestone else node.shipment_id if node else None
    number = shipments.get(shipment) if shipment else None
    return f"{capfirst(name)} · {number}" if number else capfirst(name)


def _node_name(node: Node | None) -> str:
    from_template = Milestone(name_zh=node.spec.name_zh, name_en=node.spec.name_en) if node else Milestone()
    return from_template.name


def read_live(
    order: Order, milestones: Sequence[Milestone], *, now: datetime, shipments: Mapping[int, str] | None = None
) -> LivePlan | None:
    """What is to be expected of a running order, from rows in hand: milestones with calendars and pauses, and
    `order.plan`. No query. None where there is no plan, or where it makes none with today's facts."""
    if order.plan is None or order.status not in {*RUNNING_ORDER, OrderStatus.ON_HOLD}:
        return None
    basis = Basis.from_dict(order.plan.basis)
    inputs = inputs_of(milestones, basis, [pause for m in milestones for pause in m.pauses.all()])
    known = {m.key: m for m in milestones if m.key in inputs.calendars}
    try:
        plan = plan_of_today(inputs, milestones, now=now)
    except (PlanningError, CalendarExhausted):
        return None
    return LivePlan(order, known, inputs, plan, now, shipments or {})


@dataclass(frozen=True)
class Outlook:
    """The order in one line: its float, and when it will be delivered if all goes on as planned."""

    float_text: str
    tone: str  # late, today (tight), done
    promised: date | None
    predicted_at: datetime | None
    late_text: str
    is_provisional: bool


def outlook_of(live: LivePlan) -> Outlook | None:
    """None once nothing is open any more."""
    if not any(m.is_open for m in live.milestones.values()):
        return None
    text, tone = _order_float(live)
    promised, predicted = live.order.current_promised_date, predicted_at(live)
    late = ""
    if promised and predicted and (days := (timezone.localdate(predicted) - promised).days) > 0:
        late = ngettext("%(count)s day after the promise", "%(count)s days after the promise", days) % {"count": days}
    is_provisional = any(s.is_provisional for s in live.plan.steps.values() if not s.is_done)
    return Outlook(text, tone, promised, predicted, late, is_provisional)


def _order_float(live: LivePlan) -> tuple[str, str]:
    """The least float of the open steps before the anchor; where none is left, that of the delivery to the promise."""
    short = max((s.days for s in live.plan.shortfalls if s.is_hard), default=0)
    if short:
        return _("short by %(span)s") % {"span": working_days(short)}, "late"
    is_open = [step for step in live.plan.steps.values() if not step.is_done and step.float is not None]
    deliveries = delivery_keys(live)
    before = [step for step in is_open if step.is_backward] or [step for step in is_open if step.code in deliveries]
    if not before:
        return "", ""
    tightest = min(before, key=lambda step: (step.float_days, step.float))
    days = tightest.float_days or 0
    length = clock_for(live.inputs.schedules[live.inputs.calendars[tightest.code]]).day_length
    is_late = days < 0 or (tightest.float or timedelta(0)) < timedelta(0)
    return float_words(tightest.float, days, length), "late" if is_late else "today" if days < TIGHT_DAYS else "done"


def predicted_at(live: LivePlan) -> datetime | None:
    """When the last of the goods is delivered, as things stand; None once it has happened."""
    return max((live.forecast_at(key) for key in delivery_keys(live) if not live.plan[key].is_done), default=None)


def delivery_keys(live: LivePlan) -> list[str]:
    """The steps with which the goods are delivered under the order's Incoterm, one for each shipment apart."""
    code = step_of_move([node.spec.code for node in live.nodes.values()], delivery_move(live.order.incoterm))
    return [key for key, node in live.nodes.items() if node.spec.code == code and key in live.plan.steps]


@dataclass(frozen=True)
class ChainStep:
    key: str
    name: str
    milestone: Milestone | None
    days: int = 0  # working days that it takes

    @property
    def days_text(self) -> str:
        return working_days(self.days)


@dataclass(frozen=True)
class ShortfallView:
    """A date that cannot be kept, with the cut-offs that fail for the same chain."""

    title: str
    at: datetime
    earliest_at: datetime
    short: str
    is_hard: bool
    chain: list[ChainStep]
    helps: list[ChainStep]
    also: list[str]


def shortfalls_of(
    plan: Plan, nodes: Mapping[str, Node], milestones: Mapping[str, Milestone], shipments: Mapping[int, str]
) -> list[ShortfallView]:
    """Those of the anchors first; what fails with them stands below them and is not told twice."""

    def name(key: str) -> str:
        return name_of(key, nodes, milestones, shipments)

    groups: list[tuple[Shortfall, list[Shortfall]]] = []
    for shortfall in plan.shortfalls:
        head = next((group for group in groups if _belongs(shortfall, group[0], nodes)), None)
        if head:
            head[1].append(shortfall)
        else:
            groups.append((shortfall, []))
    return [_shortfall_view(head, also, name, milestones) for head, also in groups]


def _belongs(shortfall: Shortfall, head: Shortfall, nodes: Mapping[str, Node]) -> bool:
    """A cut-off set some time before an anchor fails with it, and so does whatever waits for the anchor."""
    if head.name != "anchor":
        return shortfall.name != "anchor" and set(shortfall.chain) <= set(head.chain)
    node = nodes.get(shortfall.step)
    leads = {key for key, _lag in node.latest} if node else set()
    return shortfall.name != "anchor" and (
        head.step in leads or head.step in shortfall.chain or set(shortfall.chain) <= set(head.chain)
    )


def _shortfall_view(
    head: Shortfall, also: Sequence[Shortfall], name: Names, milestones: Mapping[str, Milestone]
) -> ShortfallView:
    def steps(pairs: Iterable[tuple[str, int]]) -> list[ChainStep]:
        return [ChainStep(key, name(key), milestones.get(key), days) for key, days in pairs]

    told = {(head.step, head.at)}
    others: dict[int, list[str]] = {}
    for each in also:
        if (each.step, each.at) not in told:
            told.add((each.step, each.at))
            others.setdefault(each.days, []).append(_title(each, name))
    return ShortfallView(
        title=_title(head, name),
        at=head.at,
        earliest_at=head.earliest_at,
        short=_("short by %(span)s") % {"span": working_days(head.days)},
        is_hard=head.is_hard,
        chain=steps((key, 0) for key in head.chain),
        helps=steps(head.helps[:5]),
        also=[
            _("%(steps)s: %(span)s")
            % {"steps": pgettext("between names", ", ").join(names), "span": working_days(days)}
            for days, names in sorted(others.items())
        ],
    )


def _title(shortfall: Shortfall, name: Names) -> str:
    step = name(shortfall.step)
    if shortfall.name in {"anchor", "latest"}:
        return step
    return _("%(step)s (%(limit)s)") % {"step": step, "limit": limit_name(shortfall.name)}


@dataclass(frozen=True)
class PlanRow:
    """A step of the plan's table."""

    milestone: Milestone
    name: str
    expected_at: datetime | None
    latest_at: datetime | None
    float_text: str
    float_tone: str
    is_critical: bool
    is_late: bool  # to be expected after it is due
    is_provisional: bool
    binding: str


def plan_rows(live: LivePlan) -> list[PlanRow]:
    """All steps that the plan knows, by stage and shipment as on the axis."""
    rows = []
    for milestone in in_reading_order(list(live.milestones.values())):
        step = live.plan.steps.get(milestone.key)
        if step is None or milestone.status in {MilestoneStatus.SKIPPED, MilestoneStatus.CANCELLED}:
            continue
        clock = clock_for(live.inputs.schedules[live.inputs.calendars[milestone.key]])
        is_open = milestone.is_open
        rows.append(
            PlanRow(
                milestone,
                live.name(milestone.key),
                expected_at=live.forecast_at(milestone.key) if is_open else None,
                latest_at=step.latest_finish_at if is_open else None,
                float_text=float_words(step.float, step.float_days, clock.day_length, is_named=False)
                if is_open
                else "",
                float_tone=_float_tone(step.float_days, step.float),
                is_critical=step.is_critical,
                is_late=bool(is_open and milestone.due_at and live.forecast_at(milestone.key) > milestone.due_at),
                is_provisional=step.is_provisional,
                binding=bound_words(live, milestone.key) if is_open else "",
            )
        )
    return rows


def _float_tone(days: int | None, amount: timedelta | None) -> str:
    if amount is None:
        return ""
    return "late" if amount < timedelta(0) else "today" if (days or 0) < TIGHT_DAYS else ""


def bound_words(live: LivePlan, key: str) -> str:
    """What keeps the due date of the plan in force where it is."""
    return constraint_words(live, live.in_force, key, live.in_force[key].binding)


def constraint_words(live: LivePlan, plan: Plan, key: str, constraint: Constraint) -> str:
    """One constraint of a step's due date as a sentence, with the dates that `plan` gives the other step."""
    at: datetime | None = None
    calendar, buffer = "", None
    other = plan.steps.get(constraint.step)
    if constraint.kind in {"before", "latest"} and other:
        at = other.start_at if constraint.kind == "before" else other.due_at
        milestone = live.milestones.get(constraint.step)
        calendar = milestone.calendar.name if milestone else ""
        is_hard = "H" in live.nodes[key].spec.flags
        buffer = live.buffer if constraint.step in plan.anchors and not is_hard else None
    elif constraint.kind == "after" and other:
        at = counted_from(constraint, plan)
    elif constraint.kind == "within" and other:
        at = plan.anchors.get(constraint.step, other.due_at)
    return binding_words(constraint, live.name, at=at, calendar=calendar, buffer=buffer)


def counted_from(constraint: Constraint, plan: Plan) -> datetime:
    """When the step before is finished: the constraint itself tells it, or the start after the lag."""
    other = plan[constraint.step]
    if constraint.lag is None or not constraint.lag.amount or constraint.at in {other.due_at, other.finish_at}:
        return constraint.at
    return max(other.finish_at, plan.anchors.get(constraint.step, other.finish_at))


def in_reading_order(milestones: Sequence[Milestone]) -> list[Milestone]:
    """By stage, and within a stage by shipment where steps stand once for each."""
    stages: dict[str, int] = {}
    for milestone in milestones:
        stages.setdefault(milestone.stage, len(stages))
    return sorted(milestones, key=lambda m: (stages[m.stage], m.shipment_id or 0, m.position, m.pk or 0))
