"""A forward pass over working days, hours and calendar days."""

import csv
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from orders.grammar import Span, parse_template
from orders.planning import START, PlanStep, plan, shift
from orders.process import FOLDER
from orders.schedule import plan_steps
from teams.worktime import WorkSchedule, working_days_between

ZONE = ZoneInfo("Asia/Shanghai")
HOURS = [["08:30", "12:00"], ["13:30", "18:00"]]
OFFICE = WorkSchedule.from_dict(
    {
        "timezone": "Asia/Shanghai",
        "hours": {**dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), HOURS), "sat": [], "sun": []},
        "holidays": ["2026-10-01", "2026-10-02", "2026-10-05", "2026-10-06", "2026-10-07"],
        "extra_workdays": ["2026-10-10"],
        "extra_workday_hours": HOURS,
    }
)
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def finish_of(*steps, start="2026-03-02 09:00", pauses=None, actuals=None):
    return plan(steps, {START: at(start)}, {"office": OFFICE}, actuals or {}, pauses or {}, NOW)


@pytest.mark.parametrize(
    ("start", "span", "expected"),
    [
        ("2026-03-02 09:00", Span(1, "w"), "2026-03-03 18:00"),
        ("2026-03-06 18:00", Span(1, "w"), "2026-03-09 18:00"),  # Friday evening: Monday
        ("2026-03-07 10:00", Span(1, "w"), "2026-03-09 18:00"),  # from a Saturday
        ("2026-09-30 18:00", Span(1, "w"), "2026-10-08 18:00"),  # over 放假
        ("2026-10-09 18:00", Span(1, "w"), "2026-10-10 18:00"),  # a Saturday of 补班 counts
        ("2026-03-02 11:30", Span(2, "h"), "2026-03-02 15:00"),  # lunch is no working time
        ("2026-03-02 18:00", Span(20, "c"), "2026-03-22 18:00"),  # carriers sail on Sundays
        ("2026-03-02 09:00", Span(0, "w"), "2026-03-02 09:00"),
        ("2026-03-02 09:00", None, "2026-03-02 09:00"),
    ],
)
def test_shift(start, span, expected):
    assert shift(at(start), span, OFFICE) == at(expected)


def test_a_step_starts_with_the_latest_of_its_predecessors_and_names_it():
    planned = finish_of(
        PlanStep("C", Span(1, "w"), (("A", None), ("B", Span(2, "w")))),
        PlanStep("A", Span(3, "w")),
        PlanStep("B", Span(2, "w")),
    )

    assert planned["C"].binding == "B"
    assert planned["C"].finish_at == at("2026-03-09 18:00")  # 2 + 2 + 1 working days after Monday


def test_actuals_replace_plans():
    late = at("2026-03-10 18:00")

    planned = finish_of(PlanStep("A", Span(1, "w")), PlanStep("B", Span(1, "w"), (("A", None),)), actuals={"A": late})

    assert planned["B"].finish_at == at("2026-03-11 18:00")


def test_a_pause_moves_the_finish_by_its_working_time():
    pause = (at("2026-03-03 08:30"), at("2026-03-04 08:30"))  # one working day

    assert finish_of(PlanStep("A", Span(2, "w")), pauses={"A": [pause]})["A"].finish_at == at("2026-03-05 18:00")


def test_pauses_count_by_union_and_only_within_the_step():
    twice = [(at("2026-03-03 08:30"), at("2026-03-04 08:30"))] * 2
    later = [(at("2026-04-03 08:30"), at("2026-04-04 08:30"))]

    assert finish_of(PlanStep("A", Span(2, "w")), pauses={"A": twice + later})["A"].finish_at == at("2026-03-05 18:00")


def test_a_pause_on_a_holiday_adds_nothing():
    weekend = (at("2026-03-07 00:00"), at("2026-03-09 00:00"))

    assert finish_of(PlanStep("A", Span(5, "w")), pauses={"A": [weekend]})["A"].finish_at == at("2026-03-09 18:00")


def test_a_pause_of_a_step_in_calendar_days_counts_around_the_clock():
    weekend = (at("2026-03-07 00:00"), at("2026-03-09 00:00"))

    moved = finish_of(PlanStep("A", Span(10, "c")), pauses={"A": [weekend]})["A"].finish_at

    assert moved == at("2026-03-12 09:00") + timedelta(days=2)


def test_successors_move_with_the_pause():
    pause = (at("2026-03-03 08:30"), at("2026-03-04 08:30"))
    steps = (PlanStep("A", Span(2, "w")), PlanStep("B", Span(1, "w"), (("A", None),)))

    assert finish_of(*steps, pauses={"A": [pause]})["B"].finish_at == at("2026-03-06 18:00")


def test_a_circle_is_refused():
    with pytest.raises(ValueError, match="circle"):
        finish_of(PlanStep("A", Span(1, "w"), (("B", None),)), PlanStep("B", Span(1, "w"), (("A", None),)))


EVERY_WEEKDAY = WorkSchedule.from_dict(
    {"timezone": "Asia/Shanghai", "hours": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), HOURS)}
)


@pytest.mark.parametrize(
    ("name", "anchor", "days"), [("export_fcl.csv", "ETD", 43), ("garment_tna.csv", "EX_FACTORY", 60)]
)
def test_golden_length_of_the_shipped_templates(name, anchor, days):
    """Least working days from order to anchor, as the domain's table C8 gives them."""
    with (FOLDER / name).open(encoding="utf-8-sig", newline="") as file:
        specs = parse_template(csv.DictReader(file))
    steps = plan_steps(specs, {spec.code: "office" for spec in specs})
    start = at("2026-03-02 09:00")

    finish = plan(steps, {START: start}, {"office": EVERY_WEEKDAY}, {}, {}, NOW)[anchor].finish_at

    assert working_days_between(start.date(), finish.astimezone(ZONE).date(), EVERY_WEEKDAY) == days
