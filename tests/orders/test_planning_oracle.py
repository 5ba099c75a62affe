"""The plan once more, by another road: difference constraints over a table of minutes.

Each dependency is a constraint "finish of the second ≥ a function of the finish of the first". The least solution is
found by relaxing all constraints until nothing moves (Bellman and Ford), with no order of the steps and no inverse
functions: how late a step may be is searched for, minute by minute, with the forward functions alone. When work is done
is read off the calendars' specifications here; neither teams.worktime nor the spans and passes of the engine are used.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from orders.planning import START, PlanStep, Span
from tests.orders.planning_kit import DAY, HOUR, MINUTE, SCHEDULES, SPECS, WEEK, Case, cases, china, step

pytestmark = pytest.mark.usefixtures("tell_planning_counts")
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
FIRST, DAYS = date(2025, 11, 3), 460
ORIGIN = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)
MINUTES = DAYS * 1440


class BeyondTable(Exception):
    """The network reaches further than the table of minutes."""


def minute_of(at: datetime) -> int:
    """The minute that has begun at `at`."""
    return (at - ORIGIN) // MINUTE


def instant_of(minute: int) -> datetime:
    return ORIGIN + minute * MINUTE


class Table:
    """A calendar, minute by minute, from its specification."""

    def __init__(self, spec: Mapping) -> None:
        self.zone = ZoneInfo(spec["timezone"])
        self.spec = spec
        self.open = bytearray(MINUTES)
        self.midnights: list[int] = []
        self.worked: list[int] = []  # numbers of the dates on which work begins
        self.closings: list[int] = []
        for number in range(DAYS - 2):
            self._lay_out(number, FIRST + number * DAY)
        self.sums = list(accumulate(self.open, initial=0))  # open minutes before each
        # Local time, never running back: in the second pass of a doubled hour it stands at the hour's end.
        wall: list[int] = []
        for start in range(0, MINUTES, 30):
            offset = instant_of(start).astimezone(self.zone).utcoffset() // MINUTE
            wall += range(start + offset, start + offset + 30)
        ends = accumulate((minute + 1 for minute in wall), max, initial=wall[0])
        self.wall = [max(pair) for pair in zip(wall, ends, strict=False)]
        self.longest_day = (
            max((sum(b - a for a, b in self._hours(day)) for day in self._usual_week()), default=480) or 480
        )

    def _usual_week(self) -> list[date]:
        return [day for day in (FIRST + n * DAY for n in range(7, 60)) if not self._is_special(day)]

    def _is_special(self, day: date) -> bool:
        return day.isoformat() in (*self.spec.get("holidays", ()), *self.spec.get("extra_workdays", ()))

    def _is_off(self, day: date) -> bool:
        return day.isoformat() in self.spec.get("holidays", ())

    def _hours(self, day: date) -> list[tuple[int, int]]:
        """Minutes of the local day, beyond 1440 in the night after it."""
        if self._is_off(day):
            return []
        rows = self.spec["hours"].get(WEEK[day.weekday()], [])
        if day.isoformat() in self.spec.get("extra_workdays", ()):
            usual = next(hours for name in WEEK if (hours := self.spec["hours"].get(name)))
            rows = self.spec.get("extra_workday_hours") or rows or usual
        pairs = [tuple(int(text[:2]) * 60 + int(text[3:]) for text in row) for row in rows]
        return [(a, b if b > a else b + 1440) for a, b in pairs]

    def _lay_out(self, number: int, day: date) -> None:
        self.midnights.append(self._at(day, 0))
        hours = [(a, min(b, 1440) if self._is_off(day + DAY) else b) for a, b in self._hours(day)]
        for opening, closing in hours:
            first, last = self._at(day, opening), self._at(day, closing)
            self.open[first:last] = b"\x01" * (last - first)
        if hours:
            self.worked.append(number)
            self.closings.append(self._at(day, hours[-1][1]))

    def _at(self, day: date, minute: int) -> int:
        local = datetime(day.year, day.month, day.day, tzinfo=self.zone) + minute * MINUTE
        return min(max(minute_of(local.astimezone(UTC)), 0), MINUTES)

    def after(self, start: int, span: Span | None) -> int:
        if not span or not span.amount:
            return start
        if span.unit == "w":
            today = bisect_right(self.midnights, start) - 1
            return self._nth(self.closings, bisect_right(self.worked, today) + span.amount - 1)
        if span.unit == "h":
            return bisect_left(self.sums, self.sums[start] + 60 * span.amount, start)
        return bisect_left(self.wall, self.wall[start] + 1440 * span.amount, start)

    def finish(self, start: int, duration: Span) -> int:
        return self.settle(self.after(start, duration))

    def settle(self, minute: int) -> int:
        """The first minute at which something can be finished: in open time, or as it closes."""
        if minute >= MINUTES - 3000:
            raise BeyondTable
        return minute if self.open[minute] or self.open[minute - 1] else self.open.find(1, minute)

    def settle_back(self, minute: int) -> int:
        return minute if self.open[minute] or self.open[minute - 1] else self.open.rfind(1, 0, minute) + 1

    def has_a_day(self, early: int, late: int) -> bool:
        first, last = (bisect_right(self.midnights, minute) - 1 for minute in (early, late))
        return bisect_right(self.worked, last) > bisect_right(self.worked, first) and (
            self.sums[late] - self.sums[early] >= self.longest_day
        )

    @staticmethod
    def _nth(items: list[int], index: int) -> int:
        if index >= len(items):
            raise BeyondTable
        return items[index]


@cache
def table(name: str) -> Table:
    return Table(SPECS[name])


class Oracle:
    """Earliest and latest minutes of a case's steps."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.steps = case.by_code
        self.begin = minute_of(case.anchors[START])
        self.done = {code: minute_of(at) for code, at in case.actuals.items()}

    def table(self, code: str) -> Table:
        return table(self.steps[code].calendar)

    def led_to(self, each: PlanStep, minute: int, lag: Span | None) -> int:
        own = table(each.calendar)
        return own.finish(own.after(minute, lag), each.duration)

    def earliest(self, *, with_leads: bool) -> dict[str, int]:
        held = {code: minute_of(at) for code, at in self.case.hanging.items()}
        found = {}
        for code, each in self.steps.items():
            found[code] = self.done.get(code, table(each.calendar).finish(self.begin, each.duration))
            if code not in self.done and all(other in self.done for other, _lag in each.dependencies):
                found[code] = max(found[code], table(each.calendar).settle(minute_of(self.case.now)))
        leaves = dict(found)

        def relax() -> bool:
            has_moved = False
            for code, each in self.steps.items():
                if code in self.done:
                    continue
                candidates = [found[code]]
                candidates += [self.led_to(each, leaves[other], lag) for other, lag in each.dependencies]
                if with_leads:
                    for lead in self.steps.values():
                        candidates += [
                            table(each.calendar).settle(table(lead.calendar).after(leaves[lead.code], span))
                            for other, span in lead.latest
                            if other == code
                        ]
                best = max(candidates)
                left = max(best, held.get(code, best))
                if (best, left) != (found[code], leaves[code]):
                    found[code], leaves[code], has_moved = best, left, True
            return has_moved

        self._until_still(relax)
        return found

    def latest(self, anchors: Mapping[str, int]) -> dict[str, int]:
        found = dict(anchors)

        def relax() -> bool:
            has_moved = False
            for second in self.steps.values():
                if second.code not in found:
                    continue
                end = found[second.code]
                for first, lag in second.dependencies:
                    has_moved |= tighten(first, end, lambda minute, s=second, by=lag: self.led_to(s, minute, by))
                for lead in self.steps.values():
                    for other, span in lead.latest:
                        if other == second.code:
                            own = self.table(lead.code)
                            has_moved |= tighten(lead.code, end, lambda minute, t=own, by=span: t.after(minute, by))
            return has_moved

        def tighten(code: str, end: int, lead_to: Callable[[int], int]) -> bool:
            if code in anchors:
                return False
            last = bisect_right(range(end + 1), end, key=lead_to) - 1
            if last <= 1440:
                raise BeyondTable
            last = self.table(code).settle_back(last)
            if last >= found.get(code, MINUTES):
                return False
            found[code] = last
            return True

        self._until_still(relax)
        return found

    def _until_still(self, relax: Callable[[], bool]) -> None:
        for _round in range(len(self.steps) + 2):
            if not relax():
                return
        raise AssertionError("a circle")


def assert_agree(case: Case) -> None:
    oracle, plan = Oracle(case), case.plan()
    try:
        early, pushed = oracle.earliest(with_leads=False), oracle.earliest(with_leads=True)
        late = oracle.latest({code: minute_of(at) for code, at in case.hanging.items()})
        tight = oracle.latest({code: pushed[code] for code in case.hanging})
    except BeyondTable:
        assume(False)
    assert {code: minute_of(planned.earliest_finish_at) for code, planned in plan.steps.items()} == early
    backward = {code: planned for code, planned in plan.steps.items() if planned.is_backward}
    asked = {code: planned.latest_finish_at for code, planned in backward.items() if planned.latest_finish_at}
    assert {code: minute_of(at) for code, at in asked.items()} == {code: late[code] for code in asked}
    assert late.keys() == backward.keys()
    assert late.keys() - asked.keys() <= case.actuals.keys()  # done, and so is all before it
    assert {code: minute_of(at) for code, at in plan.earliest_anchors.items()} == {
        code: pushed[code] for code in case.hanging
    }
    beside = {code for code in backward if _leads_beside(case, code, backward)}
    critical = {
        code for code in late if code not in case.actuals and not oracle.table(code).has_a_day(early[code], tight[code])
    }
    assert {code for code in backward if plan[code].is_critical} - beside == critical - beside


def _leads_beside(case: Case, code: str, backward: Mapping) -> bool:
    """Whether the step leads past the anchors to some end of its own, which it may delay too."""
    ahead, seen = [code], set()
    while ahead:
        here = ahead.pop()
        if here in case.hanging or here in seen:
            continue
        seen.add(here)
        following = [each.code for each in case.steps if here in {other for other, _lag in each.dependencies}]
        following += [other for other, _lead in case.by_code[here].latest]
        if any(other not in backward for other in following):
            return True
        ahead += following
    return False


@settings(relaxed, max_examples=400)
@given(cases(most=9, rich=False))
def test_engine_agrees_with_the_table_of_minutes(case):
    assert_agree(case)


@settings(relaxed, max_examples=200)
@given(cases(most=9, rich=False), st.data())
def test_engine_agrees_once_steps_have_happened(case, data):
    done = data.draw(st.integers(0, len(case.steps)))
    hours = data.draw(st.lists(st.integers(0, 300), min_size=done, max_size=done))
    begin = case.anchors[START]
    actuals = {each.code: begin + hour * HOUR for each, hour in zip(case.steps, hours, strict=False)}

    assert_agree(case.but(actuals=actuals, now=begin + data.draw(st.integers(0, 400)) * HOUR))


@settings(relaxed, max_examples=40)
@given(cases(most=25, rich=False, calendars=("office", "factory", "carrier", "bank")))
def test_engine_agrees_on_long_networks(case):
    assert_agree(case)


NETWORK = Case(
    (
        step("CUT", "3w", calendar="factory"),
        step("TRIM", "20h", calendar="office", latest="SHIP-2w"),
        step("SEW", "4w", "CUT+5h,TRIM", calendar="factory"),
        step("SHIP", "0", "SEW+3c", calendar="carrier"),
    ),
    {START: china("2026-09-21 09:00"), "SHIP": china("2026-10-14 18:00")},
    SCHEDULES,
    china("2026-09-21 09:00"),
    {},
    {},
)


def test_table_of_minutes_gives_what_a_person_counts():
    """Cutting three factory days from Monday the 21st: Thursday. Sewing goes on behind 中秋 and ends before 国庆."""
    early = Oracle(NETWORK).earliest(with_leads=False)

    assert instant_of(early["CUT"]) == china("2026-09-24 17:30")
    assert instant_of(early["TRIM"]) == china("2026-09-23 14:30")
    assert instant_of(early["SEW"]) == china("2026-10-09 17:30")
    assert instant_of(early["SHIP"]) == china("2026-10-12 17:30")


@pytest.mark.parametrize("wrong", ["shorter", "later"])
def test_disagreement_is_noticed(wrong):
    """The control: an engine that was a day off somewhere would not agree."""
    other = {
        "shorter": NETWORK.with_step("SEW", duration=Span(3, "w")),
        "later": NETWORK.but(anchors={**NETWORK.anchors, "SHIP": NETWORK.anchors["SHIP"] + DAY}),
    }[wrong]

    assert_agree(NETWORK)
    assert Oracle(other).latest({"SHIP": minute_of(other.anchors["SHIP"])}) != {
        code: minute_of(planned.latest_finish_at) for code, planned in NETWORK.plan().steps.items()
    }


@pytest.mark.parametrize("name", sorted(SPECS))
def test_tables_of_all_calendars_reach_over_the_year(name):
    own = table(name)

    assert own.settle(minute_of(datetime(2026, 12, 20, tzinfo=UTC))) < MINUTES
    assert own.longest_day * MINUTE > timedelta(0)
