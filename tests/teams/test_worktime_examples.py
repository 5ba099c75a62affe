"""The published answers of other projects' tests; the file's `format` block explains its fields."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from teams.worktime import WorkSchedule, add_working_time, is_working_time, working_time_between

EXAMPLES = json.loads((Path(__file__).parent / "data" / "business_time_examples.json").read_text(encoding="utf-8"))


def answer(case):
    schedule = WorkSchedule.from_dict(case)
    start = datetime.fromisoformat(case["start"])
    pauses = [(datetime.fromisoformat(since), datetime.fromisoformat(until)) for since, until in case.get("pauses", [])]
    match case["kind"]:
        case "add":
            return add_working_time(start, timedelta(seconds=case["amount_seconds"]), schedule, pauses)
        case "between":
            return working_time_between(start, datetime.fromisoformat(case["end"]), schedule, pauses)
        case "is_open":
            return is_working_time(start, schedule, pauses)


def expected(case):
    match case["kind"]:
        case "add":
            return datetime.fromisoformat(case["expected"])
        case "between":
            return timedelta(seconds=case["expected_seconds"])
        case "is_open":
            return case["expected"]


def test_all_79_examples_are_here():
    assert EXAMPLES["count"] == 79
    assert len({case["id"] for case in EXAMPLES["cases"]}) == 79


@pytest.mark.parametrize("case", EXAMPLES["cases"], ids=lambda case: case["id"])
def test_example(case):
    assert answer(case) == expected(case)
