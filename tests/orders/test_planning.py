"""The engine by example: small networks that a person can follow on a calendar, and what it refuses."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from orders.planning import START, Limit, PlanningError, Span, anchor_instant, clock_for, plan
from teams.worktime import ScheduleError, WorkSchedule
from tests.orders.planning_kit import DAY, HOUR, SCHEDULES, TICK, china, span, step

NOW = START_AT = china("2026-03-02 09:00")  # a Monday


def planned(*steps, start=START_AT, anchors=None, actuals=None, pauses=None, now=NOW, **more):
    return plan(steps, {START: start, **(anchors or {})}, SCHEDULES, actuals or {}, pauses or {}, now, **more)


def finish_of(*steps, **more):
    return {code: each.due_at for code, each in planned(*steps, **more).steps.items()}


# Forward


def test_a_step_starts_with_the_latest_of_its_predecessors_and_names_it():
    found = planned(step("C", "1w", "A,B+2w"), step("A", "3w"), step("B", "2w"))

    assert (found["C"].binding.kind, found["C"].binding.step, found["C"].binding.lag) == ("after", "B", Span(2, "w"))
    assert found["C"].finish_at == china("2026-03-09 18:00")  # 2 + 2 + 1 working days after Monday
    assert found["C"].due_at == found["C"].finish_at


def test_two_predecessors_that_hold_a_step_alike_are_both_named():
    found = planned(step("A", "2w"), step("B", "2w"), step("C", "1w", "A,B"))

    assert {c.step for c in (found["C"].binding, *found["C"].ties)} == {"A", "B"}


def test_actuals_replace_plans():
    late = china("2026-03-10 18:00")

    found = planned(step("A"), step("B", "1w", "A"), actuals={"A": late})

    assert found["B"].finish_at == china("2026-03-11 18:00")
    assert (found["A"].is_done, found["A"].due_at, found["A"].binding.kind) == (True, late, "actual")


def test_a_running_step_is_not_finished_before_now():
    found = planned(step("A", "1w"), step("B", "1w", "A"), now=china("2026-03-07 10:00"))

    assert (found["A"].finish_at, found["A"].binding.kind) == (china("2026-03-09 08:30"), "now")
    assert found["B"].finish_at == china("2026-03-10 18:00")


def test_what_its_owner_expects_holds_a_step():
    found = planned(step("A", "1w", expected_at=china("2026-03-05 12:00")), step("B", "1w", "A"))

    assert (found["A"].finish_at, found["A"].binding.kind) == (china("2026-03-05 12:00"), "expected")
    assert found["B"].finish_at == china("2026-03-06 18:00")


# Pauses


def test_a_pause_moves_the_finish_by_its_working_time():
    pause = (china("2026-03-03 08:30"), china("2026-03-04 08:30"))  # one working day

    found = planned(step("A", "2w"), pauses={"A": [pause]})

    assert found["A"].finish_at == china("2026-03-05 18:00")
    assert found["A"].binding.kind == "pause"


def test_pauses_count_by_union_and_only_within_the_step():
    twice = [(china("2026-03-03 08:30"), china("2026-03-04 08:30"))] * 2
    later = [(china("2026-04-03 08:30"), china("2026-04-04 08:30"))]

    assert finish_of(step("A", "2w"), pauses={"A": twice + later}) == {"A": china("2026-03-05 18:00")}


def test_a_pause_on_a_holiday_adds_nothing():
    weekend = (china("2026-03-07 00:00"), china("2026-03-09 00:00"))

    assert finish_of(step("A", "5w"), pauses={"A": [weekend]}) == {"A": china("2026-03-09 18:00")}


def test_a_pause_of_a_step_in_calendar_days_counts_around_the_clock():
    weekend = (china("2026-03-07 00:00"), china("2026-03-09 00:00"))

    found = finish_of(step("A", "8c"), pauses={"A": [weekend]})

    assert found["A"] == START_AT + 10 * DAY


def test_a_pause_of_calendar_days_never_ends_on_a_day_off():
    weekend = (china("2026-03-07 00:00"), china("2026-03-09 00:00"))

    assert finish_of(step("A", "10c"), pauses={"A": [weekend]}) == {"A": china("2026-03-16 08:30")}  # not the Saturday


def test_successors_move_with_the_pause():
    pause = (china("2026-03-03 08:30"), china("2026-03-04 08:30"))

    assert finish_of(step("A", "2w"), step("B", "1w", "A"), pauses={"A": [pause]})["B"] == china("2026-03-06 18:00")


def test_a_pause_extends_an_internal_deadline_even_past_the_anchor_but_not_the_anchor():
    pause = (china("2026-03-03 08:30"), china("2026-03-05 08:30"))
    steps = (step("A", "2w"), step("SHIP", "0", "A", "carrier"))

    found = planned(*steps, anchors={"SHIP": china("2026-03-13 18:00")}, pauses={"A": [pause]})

    assert found["A"].due_at == china("2026-03-17 18:00")  # Friday and two working days
    assert found["SHIP"].due_at == china("2026-03-13 18:00")
    assert found.is_feasible  # it can still be done in time


# Backward

SEWN = (
    step("FABRIC", "3w"),
    step("SEW", "5w", "FABRIC", "factory"),
    step("BOOK", "1w", "FABRIC", latest="SHIP-5w"),
    step("SHIP", "0", "SEW,BOOK", "carrier"),
    step("PAPERS", "3w", "SHIP"),
)
SHIP_AT = china("2026-04-03 18:00")  # a Friday


def test_what_precedes_the_anchor_is_as_late_as_possible():
    found = planned(*SEWN, anchors={"SHIP": SHIP_AT})

    assert found["SEW"].due_at == china("2026-04-03 17:30")
    assert found["BOOK"].due_at == china("2026-03-27 18:00")
    assert found["FABRIC"].due_at == china("2026-03-26 18:00")  # before BOOK; SEW would leave it until the 28th
    assert (found["FABRIC"].binding.kind, found["FABRIC"].binding.step) == ("before", "BOOK")
    assert (found["BOOK"].binding.kind, found["BOOK"].binding.step) == ("latest", "SHIP")
    assert found.is_feasible


def test_what_follows_the_anchor_is_planned_forward():
    found = planned(*SEWN, anchors={"SHIP": SHIP_AT})

    assert found["PAPERS"].due_at == china("2026-04-09 18:00")  # the 6th is 清明
    assert (found["PAPERS"].is_backward, found["SEW"].is_backward) == (False, True)


def test_buffer_is_kept_before_the_anchor():
    found = planned(*SEWN, anchors={"SHIP": SHIP_AT}, buffer=span("2w"))

    assert found["SEW"].due_at == china("2026-04-01 17:30")  # Thursday and Friday are free
    assert found["SEW"].latest_finish_at == china("2026-04-03 17:30")
    assert found["SHIP"].due_at == SHIP_AT


def test_buffer_is_eaten_before_the_promise_is():
    found = planned(*SEWN, anchors={"SHIP": china("2026-03-13 18:00")}, buffer=span("8w"))

    assert found["SEW"].due_at == found["SEW"].earliest_finish_at == china("2026-03-11 17:30")
    assert found.is_feasible


def test_float_is_counted_by_the_own_calendar_of_a_step():
    found = planned(*SEWN, anchors={"SHIP": SHIP_AT})

    assert (found["SEW"].earliest_finish_at, found["SEW"].float_days) == (china("2026-03-11 17:30"), 20)  # six a week
    assert found["SEW"].float == 20 * timedelta(hours=8, minutes=30)
    assert found["PAPERS"].float == timedelta(0)


def test_step_that_is_done_with_all_before_it_is_asked_for_no_more():
    done = {"FABRIC": china("2026-03-05 18:00")}

    found = planned(*SEWN, anchors={"SHIP": SHIP_AT}, actuals=done, now=china("2026-03-06 09:00"))

    assert (found["FABRIC"].latest_finish_at, found["FABRIC"].float) == (None, None)
    assert found["SEW"].due_at == china("2026-04-03 17:30")


def test_promise_that_cannot_be_kept_names_the_chain_and_what_would_help():
    found = planned(*SEWN, anchors={"SHIP": china("2026-03-10 18:00")})

    [shortfall] = found.shortfalls
    assert (shortfall.step, shortfall.name, shortfall.days) == ("SHIP", "anchor", 3)
    assert shortfall.chain == ("FABRIC", "BOOK", "SHIP")
    assert shortfall.helps == (("FABRIC", 3), ("BOOK", 1))
    assert shortfall.earliest_at == found.earliest_anchors["SHIP"] == china("2026-03-13 18:00")
    assert found["SHIP"].due_at == china("2026-03-10 18:00")  # the promise itself does not move


def test_step_without_a_promise_is_due_so_late_that_what_must_come_before_it_can():
    found = planned(step("BOOK", "1w", latest="SHIP-5w"), step("SHIP", "0", "BOOK"))

    assert found["SHIP"].due_at == china("2026-03-10 18:00")
    assert (found["SHIP"].binding.step, found["SHIP"].binding.lag) == ("BOOK", Span(5, "w"))


def test_limit_that_a_lead_makes_impossible_is_told():
    """The booking that must come five days earlier keeps the ship date from its cut-off, though nothing else does."""
    limited = step("SHIP", "0", "BOOK", limits=(Limit("cy", china("2026-03-05 18:00")),))

    found = planned(step("BOOK", "1w", latest="SHIP-5w"), limited)

    [shortfall] = found.shortfalls
    assert (shortfall.step, shortfall.name, shortfall.days, shortfall.chain) == ("SHIP", "cy", 3, ("BOOK", "SHIP"))


def test_lead_is_kept_where_the_buffer_is_not():
    """Only the lead of the booking is short of its buffer; inspection may not be due less than two days after it."""
    steps = (
        step("BOOK", "6w", latest="QC-2w"),
        step("QC", "1w", calendar="office"),
        step("SHIP", "0", "QC", "carrier"),
    )

    found = planned(*steps, anchors={"SHIP": china("2026-03-13 18:00")}, buffer=span("2w"))

    assert clock_for(SCHEDULES["office"]).after(found["BOOK"].due_at, span("2w")) <= found["QC"].due_at
    assert found.is_feasible


def test_chain_ends_at_the_anchor_that_holds_what_follows():
    """The bank's date is missed since the ship date is late, not since sewing takes long: nothing before it helps."""
    presented = step("PRESENT", "5w", "PAPERS", limits=(Limit("expiry", china("2026-04-10 23:59")),))

    found = planned(*SEWN, presented, anchors={"SHIP": SHIP_AT})

    [shortfall] = found.shortfalls
    assert shortfall.chain == ("SHIP", "PAPERS", "PRESENT")
    assert shortfall.helps == (("PRESENT", 5), ("PAPERS", 3))


def test_chain_begins_with_the_step_whose_owner_expects_it_late():
    late = step("PACK", "1w", "SEW", "factory", expected_at=china("2026-04-20 10:00"))
    steps = (step("SEW", "5w", calendar="factory"), late, step("SHIP", "0", "PACK", "carrier"))

    [shortfall] = planned(*steps, anchors={"SHIP": SHIP_AT}).shortfalls

    assert shortfall.chain == ("PACK", "SHIP")


def test_hard_limit_caps_the_due_instant_and_says_so():
    found = planned(step("A", "5w", limits=(Limit("cut-off", china("2026-03-05 12:00")),)))

    assert (found["A"].due_at, found["A"].binding.name) == (china("2026-03-05 12:00"), "cut-off")
    assert [(s.step, s.name, s.days, s.is_hard) for s in found.shortfalls] == [("A", "cut-off", 2, True)]
    assert found["A"].start_at <= found["A"].due_at


def test_soft_limit_is_told_but_moves_nothing():
    found = planned(step("A", "5w", limits=(Limit("promise", china("2026-03-05 12:00"), is_hard=False),)))

    assert found["A"].due_at == china("2026-03-09 18:00")
    assert [(s.name, s.is_hard) for s in found.shortfalls] == [("promise", False)]


def test_dates_beyond_the_final_calendar_are_provisional():
    found = planned(
        step("A", "1w"),
        step("B", "20w", "A"),
        step("C", "1w", "B", "carrier"),
        verified_until={"office": date(2026, 3, 20)},
    )

    assert {code: each.is_provisional for code, each in found.steps.items()} == {"A": False, "B": True, "C": False}


def test_a_day_is_provisional_just_after_the_last_final_one():
    due = finish_of(step("A", "1w"))["A"]

    for until, expected in ((due.date(), False), (due.date() - DAY, True)):
        assert planned(step("A", "1w"), verified_until={"office": until})["A"].is_provisional is expected


# From one instant of the plan to another


def test_anchor_follows_from_a_date_behind_it():
    """Delivered on the 30th at the latest: so the ship date is the last one from which that works."""
    steps = (*SEWN, step("DELIVER", "20c", "SHIP", "carrier"))

    at = anchor_instant(steps, SCHEDULES, "SHIP", "DELIVER", china("2026-04-30 18:00"))

    assert at == china("2026-04-10 18:00")


def test_anchor_follows_from_a_date_before_it():
    at = anchor_instant(SEWN, SCHEDULES, "PAPERS", "SHIP", SHIP_AT)

    assert at == china("2026-04-09 18:00")


def test_steps_beside_the_known_date_do_not_delay_the_anchor_that_follows_from_it():
    """Inspection takes twenty days, but it began long before the goods are handed over."""
    steps = (step("INSPECT", "20w"), step("HAND_OVER", "1w"), step("SHIP", "2c", "HAND_OVER,INSPECT", "carrier"))

    assert anchor_instant(steps, SCHEDULES, "SHIP", "HAND_OVER", SHIP_AT) == SHIP_AT + 2 * DAY


def test_anchor_that_has_nothing_to_do_with_the_date_stands_on_it():
    steps = (step("A", "3w"), step("B", "1w"))

    assert anchor_instant(steps, SCHEDULES, "A", "B", SHIP_AT) == SHIP_AT


def test_anchor_of_itself_is_the_date_given():
    assert anchor_instant(SEWN, SCHEDULES, "SHIP", "SHIP", SHIP_AT) == SHIP_AT


# Refusals


def refusal(*steps, **more):
    with pytest.raises(PlanningError) as caught:
        planned(*steps, **more)
    return caught.value


def test_a_circle_is_refused_with_the_steps_in_it():
    error = refusal(step("A", "1w", "C"), step("B", "1w", "A"), step("C", "1w", "B"), step("D", "1w", "C"))

    assert (error.reason, set(error.details["codes"].split(", "))) == ("circle", {"A", "B", "C"})
    assert error.step in {"A", "B", "C"}
    assert "circle" in str(error)


@pytest.mark.parametrize(
    "steps",
    [
        (step("A", "1w", "A"),),
        (step("A", "1w", "B"), step("B", "1w", latest="A-2w", after="A")),
        (step("A", "1w", within="B+2w"), step("B", "1w", "A")),
    ],
)
def test_a_circle_over_any_kind_of_edge_is_refused(steps):
    assert refusal(*steps).reason == "circle"


def test_an_order_of_steps_that_is_no_circle_is_taken():
    assert set(planned(step("A", "1w", latest="B-2w"), step("B", "1w", "A")).steps) == {"A", "B"}


@pytest.mark.parametrize("edge", [{"after": "GONE"}, {"latest": "GONE-1w"}, {"within": "GONE+1w"}])
def test_an_unknown_step_is_refused_with_who_names_it(edge):
    error = refusal(step("A", "1w", **edge))

    assert (error.reason, error.step, error.details) == ("unknown_step", "A", {"names": "GONE"})


def test_a_step_that_stands_twice_is_refused():
    error = refusal(step("A"), step("B"), step("A"))

    assert (error.reason, error.step) == ("duplicate_step", "A")


def test_an_unknown_calendar_is_refused():
    error = refusal(step("A", calendar="moon"))

    assert (error.reason, error.step, error.details) == ("unknown_calendar", "A", {"calendar": "moon"})


def test_a_calendar_that_never_opens_is_refused():
    never = WorkSchedule.from_dict({"timezone": "Asia/Shanghai", "hours": {}})

    with pytest.raises(PlanningError) as caught:
        plan([step("A", calendar="never")], {START: START_AT}, {"never": never}, {}, {}, NOW)

    assert (caught.value.reason, caught.value.step) == ("no_open_time", "A")


@pytest.mark.parametrize("text", ["401w", "401c", "3201h"])
@pytest.mark.parametrize("field", ["duration", "dependencies", "latest", "within"])
def test_years_are_refused(text, field):
    value = span(text) if field == "duration" else (("B", span(text)),)

    error = refusal(replace(step("A"), **{field: value}), step("B"))

    assert (error.reason, error.step, error.details) == ("too_long", "A", {"span": text})


def test_an_unknown_unit_or_a_negative_span_is_refused():
    assert refusal(replace(step("A"), duration=Span(3, "y"))).reason == "too_long"
    assert refusal(replace(step("A"), duration=Span(-1, "w"))).reason == "too_long"


NAIVE = datetime(2026, 3, 3)  # noqa: DTZ001  that is the point


@pytest.mark.parametrize(
    ("step_of", "more"),
    [
        ({}, {"start": NAIVE}),
        ({}, {"now": NAIVE}),
        ({}, {"anchors": {"A": NAIVE}}),
        ({}, {"actuals": {"A": NAIVE}}),
        ({}, {"pauses": {"A": [(NAIVE, NAIVE)]}}),
        ({"expected_at": NAIVE}, {}),
        ({"limits": (Limit("cy", NAIVE),)}, {}),
    ],
)
def test_an_instant_without_a_zone_is_refused(step_of, more):
    error = refusal(step("A", **step_of), **more)

    assert (error.reason, error.details) == ("naive_instant", {"at": "2026-03-03T00:00:00"})


def test_an_anchor_that_is_no_step_is_refused():
    error = refusal(step("A"), anchors={"SHIP": SHIP_AT})

    assert (error.reason, error.step) == ("unknown_anchor", "SHIP")
    with pytest.raises(PlanningError, match="unknown_anchor"):
        anchor_instant([step("A")], SCHEDULES, "A", "SHIP", SHIP_AT)


def test_a_plan_without_the_order_s_own_instant_is_refused():
    with pytest.raises(PlanningError, match="no_start"):
        plan([step("A")], {}, SCHEDULES, {}, {}, NOW)


@pytest.mark.parametrize("calendar", ["one_day", "office"])
def test_dates_that_a_calendar_does_not_reach_are_refused_with_the_step(calendar):
    """A calendar of single dates that ends, and an order of the year 9998."""
    one_day = WorkSchedule.from_dict(
        {"timezone": "Asia/Shanghai", "hours": {}, "date_hours": {"2026-03-03": [["09:00", "17:00"]]}}
    )
    start = START_AT if calendar == "one_day" else datetime(9998, 12, 1, tzinfo=UTC)

    with pytest.raises(PlanningError) as caught:
        plan(
            [step("A", "1h", calendar=calendar), step("B", "300w", "A", calendar)],
            {START: start},
            {**SCHEDULES, "one_day": one_day},
            {},
            {},
            start,
        )

    assert (caught.value.reason, caught.value.step) == ("out_of_calendar", "B")


def test_a_pause_that_ends_before_it_begins_is_refused():
    with pytest.raises(ScheduleError, match="before it begins"):
        planned(step("A"), pauses={"A": [(NOW + DAY, NOW)]})


def test_a_step_may_be_called_like_the_order_s_own_instant():
    found = planned(step("START", "1w"), step("B", "1w", "START"))

    assert found["B"].due_at == china("2026-03-04 18:00")
    assert found.is_feasible


def test_an_anchor_in_the_past_falls_short():
    found = planned(step("A"), step("SHIP", "0", "A", "carrier"), anchors={"SHIP": START_AT - 10 * DAY})

    assert [s.name for s in found.shortfalls] == ["anchor"]
    assert found["SHIP"].due_at == START_AT - 10 * DAY


def test_plan_of_no_steps_is_empty():
    assert (planned().steps, planned().is_feasible) == ({}, True)


def test_instants_are_the_same_ones_in_whatever_zone_they_come():
    there = planned(*SEWN, anchors={"SHIP": SHIP_AT.astimezone(UTC)}, start=START_AT.astimezone(UTC))

    assert there == planned(*SEWN, anchors={"SHIP": SHIP_AT})
    assert all(each.due_at.tzinfo is UTC for each in there.steps.values())


def test_moving_the_anchor_to_the_earliest_one_makes_the_plan_feasible():
    at = planned(*SEWN, anchors={"SHIP": START_AT}).earliest_anchors["SHIP"]

    assert planned(*SEWN, anchors={"SHIP": at}).is_feasible
    assert not planned(*SEWN, anchors={"SHIP": at - TICK}).is_feasible
    assert not planned(*SEWN, anchors={"SHIP": at - HOUR}).is_feasible
