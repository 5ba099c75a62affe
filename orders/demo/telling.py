"""Tell a plot as a story: the acts that the product's services would have been called with."""

from datetime import date, timedelta
from typing import Any

from orders.demo import phrases
from orders.demo.cargo import cargo_acts, stepped_by_cargo
from orders.demo.deck import Fate
from orders.demo.goods import choose_goods
from orders.demo.papers import paper_acts
from orders.demo.people import holder
from orders.demo.plots import Plot
from orders.demo.proofs import proof_acts
from orders.demo.story import Act, Story
from orders.demo.world import ZONE, to_minute
from orders.grammar import StepSpec
from orders.words import Side
from teams.permissions import RoleCode

_PREFIX = {"export1": "YX", "export2": "FZ", "parts": "BJ"}
_CANCELLED = {Fate.CUSTOMER_CANCELLED, Fate.WE_CANCELLED}


def tell(plot: Plot) -> Story:
    """All acts of the order up to now, in the order of time."""
    number = f"{_PREFIX[plot.card.team]}{plot.course.ordered_at.astimezone(ZONE):%y%m}-{plot.card.index + 1:04d}"
    create = _create_act(plot, number)
    acts = [create]
    if plot.card.fate is Fate.DRAFT_CANCELLED:
        acts.append(_cancel_act(plot, Side.CUSTOMER))
    elif plot.card.fate is not Fate.DRAFT:
        acts += _life(plot, number, create.data["lines"])
    told = sorted((act for act in acts if act.at <= plot.until), key=lambda act: act.at)
    return Story(number, plot.card.team, plot.template, told)


def _life(plot: Plot, number: str, lines: list[dict]) -> list[Act]:
    acts = [Act(plot.course.confirmed_at, "confirm", plot.card.clerk)]
    acts += _step_acts(plot)
    acts += _pause_acts(plot)
    acts.append(_explain_act(plot))
    if plot.move_steps and plot.card.fate not in _CANCELLED:
        acts += cargo_acts(plot, number, lines, plot.bargain.values)
    acts += _ending(plot)
    acts = [act for act in acts if act.at <= plot.until]
    acts += [act for act in proof_acts(plot, acts) if act.at >= plot.course.confirmed_at]
    acts += paper_acts(plot, acts)
    acts += _promise_acts(plot)
    return acts + phrases.comment_acts(plot, acts, plot.card.clerk)


def who(plot: Plot, role: str) -> str:
    """Who carries a step of `role`: what orders.services.owners decides."""
    return plot.card.clerk if role == RoleCode.CLERK else holder(role, plot.card.team)


def _create_act(plot: Plot, number: str) -> Act:
    course, dates = plot.course, plot.course.deal.dates
    promised = _promised(plot)
    lines = [
        {
            **values,
            "promised_date_original": promised,
            "requested_date": promised - timedelta(days=plot.rng.choice([0, 0, 2, 5])),
        }
        for values in choose_goods(plot.template, plot.card.team, plot.rng)
    ]
    values = {
        "number": number,
        **plot.bargain.values,
        "ordered_at": course.ordered_at,
        "lc_latest_shipment": dates.latest_shipment,
        "lc_expiry": dates.expiry,
    }
    at = min(course.ordered_at + timedelta(minutes=5), course.world.now)
    return Act(at, "create", plot.card.clerk, {"values": values, "lines": lines})


def _promised(plot: Plot) -> date:
    promised = plot.course.deal.dates.promised
    if promised is None:
        raise ValueError(f"order {plot.card.index} was promised for no day")
    return promised


def _step_acts(plot: Plot) -> list[Act]:
    """Completions and skips, but for steps that the cargo's moves complete, and the closing itself."""
    course, is_cancelled = plot.course, plot.card.fate in _CANCELLED
    by_cargo, skipped = stepped_by_cargo(plot), _skipped(plot)
    acts = []
    for spec in plot.specs.values():
        done = course.done[spec.code]
        if spec.code == "CLOSED" or (spec.code in by_cargo and not is_cancelled):
            continue
        if spec.stage == "SHIP" and is_cancelled:
            continue
        by = who(plot, spec.role)
        if spec.code in skipped:
            acts.append(Act(done.recorded_at, "skip", by, {"code": spec.code, "reason": skipped[spec.code]}))
            continue
        data: dict[str, Any] = {"code": spec.code, "finished_at": done.finished_at, "note": "", "reason": ""}
        if done.recorded_at - done.finished_at > timedelta(days=6):
            data["note"] = "节后补录"
        if course.is_late(spec.code):
            data["reason"] = _why_late(plot, spec)
        acts.append(Act(done.recorded_at, "complete", by, data))
    return acts


# Why a step is late where the order met no trouble, by the letters of its flags.
_USUAL = {"H": "no_space", "C": "customer_approval", "S": "material_late"}


def _why_late(plot: Plot, spec: StepSpec) -> str:
    if plot.course.trouble:
        return plot.course.trouble.reason
    return next((reason for letter, reason in _USUAL.items() if letter in spec.flags), "capacity")


def _explain_act(plot: Plot) -> Act:
    """In the end the clerk says why what is late was late, where nobody has said it yet."""
    trouble = plot.course.trouble
    at = min(plot.until, plot.course.ends_at + timedelta(minutes=20))
    return Act(at, "explain", plot.card.clerk, {"reason": trouble.reason if trouble else "capacity"})


def _skipped(plot: Plot) -> dict[str, str]:
    skipped: dict[str, str] = {}
    if plot.template == "PRE_SALES" and plot.rng.random() < 0.5:
        skipped |= dict.fromkeys((s.code for s in plot.specs.values() if "O" in s.flags), "客户不需要打样")
    if plot.rng.random() < 0.75:
        skipped["LC_AMENDED"] = "审证无不符点，无需改证"
    if plot.rng.random() < 0.3:
        skipped["CSAT"] = "客户未答复回访"
    return {code: reason for code, reason in skipped.items() if code in plot.specs and code != plot.current}


def _pause_acts(plot: Plot) -> list[Act]:
    course, acts = plot.course, []
    for code, wait in course.waits.items():
        by = who(plot, plot.specs[code].role)
        data = {"code": code, "side": wait.side, "reason": phrases.waiting(wait.side, plot.rng)}
        acts += [Act(wait.start, "pause", by, data), Act(wait.end, "resume", by, {"code": code})]
    if plot.waits_for:
        start = course.begins_at(plot.current) + timedelta(minutes=plot.rng.randrange(15, 90))
        reason = phrases.waiting(plot.waits_for, plot.rng)
        data = {"code": plot.current, "side": plot.waits_for, "reason": reason}
        acts.append(Act(start, "pause", who(plot, plot.specs[plot.current].role), data))
    return acts


def _promise_acts(plot: Plot) -> list[Act]:
    """A late order is promised anew when the trouble is known; now and then a customer asks for a later date."""
    course, rng, trouble = plot.course, plot.rng, plot.course.trouble
    spare = timedelta(days=rng.randrange(1, 6))
    expected = course.done[plot.delivery].finished_at.astimezone(ZONE).date()
    if trouble and expected > _promised(plot) and rng.random() < 0.8:
        at = course.done[trouble.code].recorded_at + timedelta(minutes=30)
        data = {"new_date": expected + spare, "side": trouble.side, "reason": phrases.promise(trouble.side, rng)}
        return [Act(at, "promise", plot.card.clerk, data)]
    if rng.random() < 0.05:
        at = course.confirmed_at + (course.done[plot.delivery].recorded_at - course.confirmed_at) / 3
        later = max(expected, _promised(plot)) + spare
        data = {"new_date": later, "side": Side.CUSTOMER, "reason": "客户仓库排期调整，要求推迟"}
        return [Act(to_minute(at), "promise", plot.card.clerk, data)]
    return []


def _ending(plot: Plot) -> list[Act]:
    if plot.card.fate is Fate.HELD and plot.ends_at:
        side = plot.rng.choice([Side.CUSTOMER, Side.CUSTOMER, Side.FORCE_MAJEURE])
        return [Act(plot.ends_at, "hold", plot.card.clerk, {"side": side, "reason": phrases.holding(side)})]
    if plot.card.fate in _CANCELLED:
        ours = plot.rng.choice([Side.INTERNAL, Side.SUPPLIER])
        return [_cancel_act(plot, Side.CUSTOMER if plot.card.fate is Fate.CUSTOMER_CANCELLED else ours)]
    if plot.current:
        return []
    return [Act(plot.course.ends_at + timedelta(minutes=10), "close", plot.card.clerk, {"reason": ""})]


def _cancel_act(plot: Plot, side: str) -> Act:
    return Act(
        plot.until,
        "cancel",
        holder(RoleCode.LEAD, plot.card.team),
        {"side": side, "reason": phrases.cancelling(side)},
    )
