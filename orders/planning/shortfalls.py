"""Which dates cannot be kept, by how many working days, along which chain, and what would help."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orders.planning.model import Constraint, Shortfall, Span
from orders.planning.network import Network
from orders.planning.passes import Backward, Facts, Forward, Pushed

DAYS_OF_HOURS = 8  # 8h = 1w


@dataclass(frozen=True)
class Missed:
    """What the passes found."""

    network: Network
    facts: Facts
    early: Forward
    late: Backward
    pushed: Pushed
    limits: Mapping[str, Sequence[Constraint]]


def find_shortfalls(missed: Missed) -> tuple[Shortfall, ...]:
    """Anchors that lie too early, and limits and hard cut-offs that are missed; by instant."""
    found = [*_of_anchors(missed), *_of_limits(missed), *_of_hard_steps(missed)]
    return tuple(sorted(found, key=lambda shortfall: (shortfall.name != "anchor", shortfall.at, shortfall.step)))


def _of_anchors(missed: Missed) -> Iterable[Shortfall]:
    for code, at in missed.facts.anchors.items():
        earliest = missed.pushed.finish.get(code, at)
        if earliest > at and code not in missed.facts.actuals:
            yield _shortfall(missed, code, "anchor", at, earliest, is_hard=True)


def _of_limits(missed: Missed) -> Iterable[Shortfall]:
    for code, own in missed.limits.items():
        if code in missed.facts.actuals:
            continue
        finish = missed.pushed.leaves[code]
        hard = {limit.name for limit in missed.network.steps[code].limits if limit.is_hard}
        for limit in own:
            if finish > limit.at:
                name = limit.name or "within"
                yield _shortfall(missed, code, name, limit.at, finish, is_hard=limit.kind == "within" or name in hard)


def _of_hard_steps(missed: Missed) -> Iterable[Shortfall]:
    """Cut-offs before an anchor that are given by `latest`."""
    late, early = missed.late.finish, missed.early.finish
    for code, step in missed.network.steps.items():
        if not step.is_hard or code in missed.facts.actuals:
            continue
        clock = missed.network.clocks[code]
        ends = [clock.settle_back(clock.before(late[other], lead)) for other, lead in step.latest if other in late]
        if ends and early[code] > min(ends):
            yield _shortfall(missed, code, "latest", min(ends), early[code], is_hard=True)


def _shortfall(missed: Missed, code: str, name: str, at: datetime, earliest: datetime, *, is_hard: bool) -> Shortfall:
    chain = _chain_to(missed, code, is_anchor=name == "anchor")
    clocks = missed.network.clocks
    takes_time = name != "anchor" and missed.network.steps[code].duration.amount
    # An event is not worked at, and its own calendar may be the carrier's, open every day: ask the step before it.
    days = clocks[code if takes_time or len(chain) < 2 else chain[-2]].days_between(at, earliest)
    helps = [(step, _working_days(missed.network.steps[step].duration)) for step in chain]
    return Shortfall(
        step=code,
        name=name,
        at=at,
        earliest_at=earliest,
        days=max(1, days),
        chain=tuple(chain),
        helps=tuple(sorted((pair for pair in helps if pair[1]), key=lambda pair: -pair[1])),
        is_hard=is_hard,
    )


def _chain_to(missed: Missed, code: str, *, is_anchor: bool) -> list[str]:
    """The open steps that keep `code` from being finished earlier, first to last: each waits for the one before.

    It begins after a step that has happened, and with an anchor that holds what follows: only its own date helps there.
    """
    chain = [code]
    while True:
        first = chain[0]
        is_held = missed.pushed.leaves[first] > missed.pushed.finish[first]
        if is_held and not (is_anchor and first == code):
            return chain
        source = missed.pushed.waits_for.get(first)
        if source is None or source in missed.facts.actuals:
            return chain
        chain.insert(0, source)


def _working_days(duration: Span) -> int:
    """A step's length in whole working days, for comparing: 8h = 1w, seven calendar days five working days."""
    if duration.unit == "h":
        return -(-duration.amount // DAYS_OF_HOURS)
    return -(-duration.amount * 5 // 7) if duration.unit == "c" else duration.amount
