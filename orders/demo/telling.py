"""Tell a plot as a story: the acts that the product's services would have been called with."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from orders.demo import phrases
from orders.demo.cargo import cargo_acts, stepped_by_cargo
from orders.demo.companies import COMPANIES
from orders.demo.course import WORKING_DAY
from orders.demo.deck import Fate
from orders.demo.goods import choose_goods
from orders.demo.papers import paper_acts
from orders.demo.people import holder
from orders.demo.plots import LAST_STEP, MOVE_STEPS, Plot, is_under_way
from orders.demo.story import Act, Story
from orders.demo.world import ZONE
from orders.words import Incoterm, Mode, PaymentTerms, Priority, Side
from orders.workflow import delivery_move
from teams.permissions import RoleCode
from teams.worktime import add_working_time

_PREFIX = {"export1": "YX", "export2": "FZ", "parts": "BJ"}
_RATES = {"USD": "7.12000000", "EUR": "7.95000000", "CNY": "1.00000000"}
_CANCELLED = {Fate.CUSTOMER_CANCELLED, Fate.WE_CANCELLED}


def tell(plot: Plot) -> Story:
    """All acts of the order up to now, in the order of time."""
    terms = _terms(plot)
    number = f"{_PREFIX[plot.card.team]}{plot.course.ordered_at.astimezone(ZONE):%y%m}-{plot.card.index + 1:04d}"
    create = _create_act(plot, number, terms)
    acts = [create]
    if plot.card.fate is Fate.DRAFT_CANCELLED:
        acts.append(_cancel_act(plot, Side.CUSTOMER))
    elif plot.card.fate is not Fate.DRAFT:
        acts += _life(plot, number, create.data["lines"], terms)
    told = sorted((act for act in acts if act.at <= plot.until), key=lambda act: act.at)
    return Story(number, plot.card.team, plot.template, told)


def _life(plot: Plot, number: str, lines: list[dict], terms: dict[str, Any]) -> list[Act]:
    course = plot.course
    acts = [Act(course.confirmed_at, "confirm", terms["clerk"])]
    acts += _step_acts(plot)
    acts += _pause_acts(plot)
    if plot.template in MOVE_STEPS and plot.card.fate not in _CANCELLED:
        acts += cargo_acts(plot, number, lines, terms)
    acts = [act for act in acts if act.at <= plot.until]
    acts += paper_acts(plot, acts)
    acts += _promise_acts(plot, terms)
    acts += phrases.comment_acts(plot, acts, terms["clerk"])
    return acts + _ending(plot, terms["clerk"])


def who(plot: Plot, role: str) -> str:
    """Who carries a step of `role`: what orders.services.owners decides."""
    return plot.card.clerk if role == RoleCode.CLERK else holder(role, plot.card.team)


def _create_act(plot: Plot, number: str, terms: dict[str, Any]) -> Act:
    promised = _promised_on(plot, terms)
    lines = [
        {
            **values,
            "promised_date_original": promised,
            "requested_date": promised - timedelta(days=plot.rng.choice([0, 0, 2, 5])),
        }
        for values in choose_goods(plot.template, plot.card.team, plot.rng)
    ]
    at = plot.course.ordered_at + timedelta(minutes=5)
    return Act(
        min(at, plot.course.world.now),
        "create",
        terms["clerk"],
        {"values": {"number": number, **terms}, "lines": lines},
    )


def _promised_on(plot: Plot, terms: dict[str, Any]) -> date:
    """The planned delivery and some days to spare."""
    course, steps = plot.course, MOVE_STEPS.get(plot.template)
    last = LAST_STEP.get(plot.template, "CLOSED")
    code = steps[delivery_move(terms["incoterm"])] if steps else last
    spare = plot.rng.uniform(0.6, 2) if plot.template == "SPARE_PARTS" else plot.rng.uniform(1, 4.5)
    at = add_working_time(course.plan[code].finish_at, spare * WORKING_DAY, course.world.office)
    return at.astimezone(ZONE).date()


def _terms(plot: Plot) -> dict[str, Any]:
    """Fields of the order, related rows by their natural keys."""
    rng, card = plot.rng, plot.card
    customer = rng.choice([p for p in COMPANIES if p.team == card.team and p.part in {"customer", "dealer"}])
    at_home = customer.country == "CN"
    incoterm, mode = _route(plot, at_home)
    currency = "CNY" if at_home else rng.choice(["USD", "USD", "EUR"])
    suppliers = [p for p in COMPANIES if p.part == "supplier"]
    return {
        "team": card.team,
        "template": card.template,
        "customer": customer.code,
        "supplier": rng.choice(suppliers).code if rng.random() < 0.7 else None,
        "customer_po_no": f"{customer.code.split('-')[1][:3]}-{rng.randrange(10000, 99999)}",
        "clerk": card.clerk,
        "sales_rep": holder(RoleCode.SALES_REP, card.team),
        "logistics_owner": holder(RoleCode.LOGISTICS, card.team),
        "ordered_at": plot.course.ordered_at,
        "incoterm": incoterm,
        "mode": mode,
        "payment_terms": _payment(at_home, rng),
        "destination": customer.port or customer.city,
        "currency": currency,
        "fx_rate": Decimal(_RATES[currency]),
        "priority": rng.choice([Priority.NORMAL] * 6 + [Priority.HIGH, Priority.HIGH, Priority.URGENT, Priority.LOW]),
        "source": "demo",
    }


def _route(plot: Plot, at_home: bool) -> tuple[str, str]:
    template, rng = plot.template, plot.rng
    if at_home:
        return Incoterm.DOM, rng.choice([Mode.TRUCK, Mode.TRUCK, Mode.EXPRESS])
    if template == "SPARE_PARTS":
        return Incoterm.DAP, rng.choice([Mode.EXPRESS, Mode.AIR])
    if template in {"EXPORT_FCL", "GARMENT_TNA"}:
        terms = [Incoterm.FOB] * 5 + [Incoterm.CIF, Incoterm.CIF, Incoterm.CFR, Incoterm.FCA, Incoterm.DAP]
        incoterm = Incoterm.DAP if is_under_way(plot.card) else rng.choice(terms)
        return incoterm, Mode.FCL if template == "EXPORT_FCL" else rng.choice([Mode.FCL, Mode.LCL])
    return (Incoterm.DAP, Mode.TRUCK) if template == "DOMESTIC_MTO" else (Incoterm.FOB, Mode.FCL)


def _payment(at_home: bool, rng: Random) -> str:
    if at_home:
        return rng.choice([PaymentTerms.OA, PaymentTerms.OA, PaymentTerms.TT_BEFORE_SHIPMENT])
    return rng.choice(
        [
            PaymentTerms.TT_COPY_BL,
            PaymentTerms.TT_COPY_BL,
            PaymentTerms.TT_BEFORE_SHIPMENT,
            PaymentTerms.LC,
            PaymentTerms.OA,
        ]
    )


def _step_acts(plot: Plot) -> list[Act]:
    """Completions and skips, but for steps that the cargo's moves complete, and the closing itself."""
    course, trouble = plot.course, plot.course.trouble
    by_cargo = stepped_by_cargo(plot.template)
    skipped = _skipped(plot)
    acts = []
    for spec in course.world.specs[plot.template]:
        done = course.done[spec.code]
        if spec.code == "CLOSED" or (spec.code in by_cargo and plot.card.fate not in _CANCELLED):
            continue
        if spec.stage == "SHIP" and plot.card.fate in _CANCELLED:
            continue
        by = who(plot, spec.role)
        if spec.code in skipped:
            acts.append(Act(done.recorded_at, "skip", by, {"code": spec.code, "reason": skipped[spec.code]}))
            continue
        data: dict[str, Any] = {"code": spec.code, "finished_at": done.finished_at, "note": "", "reason": ""}
        if done.recorded_at - done.finished_at > timedelta(days=6):
            data["note"] = "节后补录"
        if trouble and done.finished_at > course.plan[spec.code].finish_at and plot.rng.random() < 0.85:
            data["reason"] = trouble.reason
        acts.append(Act(done.recorded_at, "complete", by, data))
    return acts


def _skipped(plot: Plot) -> dict[str, str]:
    skipped: dict[str, str] = {}
    if plot.template == "PRE_SALES" and plot.rng.random() < 0.5:
        optional = [spec.code for spec in plot.course.world.specs[plot.template] if "O" in spec.flags]
        skipped |= dict.fromkeys((code for code in optional if code != plot.current), "客户不需要打样")
    if plot.rng.random() < 0.3 and plot.current != "CSAT":
        skipped["CSAT"] = "客户未答复回访"
    return {code: reason for code, reason in skipped.items() if code in plot.course.done}


def _pause_acts(plot: Plot) -> list[Act]:
    course, acts = plot.course, []
    for code, spans in course.pauses.items():
        start, end = spans[0]
        by, side = who(plot, _role(plot, code)), plot.waits[code]
        data = {"code": code, "side": side, "reason": phrases.waiting(side, plot.rng)}
        acts += [Act(start, "pause", by, data), Act(end, "resume", by, {"code": code})]
    if plot.waits_for:
        spec = next(s for s in course.world.specs[plot.template] if s.code == plot.current)
        begins = [course.done[code].recorded_at for code, _lag in spec.dependencies] or [course.confirmed_at]
        start = max(begins) + timedelta(minutes=plot.rng.randrange(15, 90))
        reason = phrases.waiting(plot.waits_for, plot.rng)
        data = {"code": plot.current, "side": plot.waits_for, "reason": reason}
        acts.append(Act(start, "pause", who(plot, spec.role), data))
    return acts


def _role(plot: Plot, code: str) -> str:
    return next(spec.role for spec in plot.course.world.specs[plot.template] if spec.code == code)


def _promise_acts(plot: Plot, terms: dict[str, Any]) -> list[Act]:
    """A late order is promised anew when the trouble is known; now and then a customer asks for a later date."""
    course, rng, trouble = plot.course, plot.rng, plot.course.trouble
    clerk, promised = terms["clerk"], _promised_again(plot, terms)
    if trouble and trouble.days > 3 and rng.random() < 0.7:
        at = course.done[trouble.code].recorded_at + timedelta(minutes=30)
        data = {"new_date": promised, "side": trouble.side, "reason": phrases.promise(trouble.side, rng)}
        return [Act(at, "promise", clerk, data)]
    if rng.random() < 0.05:
        at = (
            course.confirmed_at
            + (course.plan[plot.current or LAST_STEP.get(plot.template, "CLOSED")].start_at - course.confirmed_at) / 3
        )
        data = {"new_date": promised, "side": Side.CUSTOMER, "reason": "客户仓库排期调整，要求推迟"}
        return [Act(_typed(at), "promise", clerk, data)]
    return []


def _promised_again(plot: Plot, terms: dict[str, Any]) -> date:
    course, steps = plot.course, MOVE_STEPS.get(plot.template)
    code = steps[delivery_move(terms["incoterm"])] if steps else LAST_STEP.get(plot.template, "CLOSED")
    days = (course.trouble.days if course.trouble else 0) + plot.rng.uniform(2, 6)
    at = add_working_time(course.plan[code].finish_at, days * WORKING_DAY, course.world.office)
    return at.astimezone(ZONE).date()


def _typed(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _ending(plot: Plot, clerk: str) -> list[Act]:
    if plot.card.fate is Fate.HELD and plot.ends_at:
        side = plot.rng.choice([Side.CUSTOMER, Side.CUSTOMER, Side.FORCE_MAJEURE])
        return [Act(plot.ends_at, "hold", clerk, {"side": side, "reason": phrases.holding(side)})]
    if plot.card.fate in _CANCELLED:
        ours = plot.rng.choice([Side.INTERNAL, Side.SUPPLIER])
        return [_cancel_act(plot, Side.CUSTOMER if plot.card.fate is Fate.CUSTOMER_CANCELLED else ours)]
    if plot.current:
        return []
    at = plot.course.ends_at + timedelta(minutes=10)
    return [Act(at, "close", clerk, {"reason": ""})]


def _cancel_act(plot: Plot, side: str) -> Act:
    return Act(
        plot.until,
        "cancel",
        holder(RoleCode.LEAD, plot.card.team),
        {"side": side, "reason": phrases.cancelling(side)},
    )
