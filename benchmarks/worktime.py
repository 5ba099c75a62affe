"""How fast working time is counted, on one core.

    python benchmarks/worktime.py [--quick]

Amounts are random, up to 60 working days, over the office week with China's days of 2023 to 2026; starts are random in
those years. Each rate is the median of several runs, in processor time. The last table shows that an amount of any
length needs the tables of two years.
"""

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from teams.statutory import china_days
from teams.worktime import (
    Pause,
    WorkSchedule,
    add_working_days,
    add_working_time,
    is_working_time,
    working_time_between,
)

YEARS = range(2023, 2027)
TARGET = 100_000  # calls of add_working_time a second
WORKDAY = timedelta(hours=8)
OFFICE = [["08:30", "12:00"], ["13:30", "18:00"]]


class Inputs:
    """The same random inputs in every run."""

    def __init__(self, count: int) -> None:
        source = random.Random(2026)
        first = datetime(YEARS[0], 1, 1, tzinfo=UTC)
        self.starts = [first + timedelta(seconds=source.randrange(len(YEARS) * 365 * 86_400)) for _ in range(count)]
        self.amounts = [60 * WORKDAY * source.random() for _ in range(count)]
        self.ends = [start + 3 * amount for start, amount in zip(self.starts, self.amounts, strict=True)]
        self.days = [source.randrange(1, 61) for _ in range(count)]
        self.pauses: list[list[Pause]] = [
            [(start + timedelta(hours=hours), start + timedelta(hours=hours + 30)) for hours in (5, 60, 300)]
            for start in self.starts
        ]


def china_office(timezone: str = "Asia/Shanghai") -> WorkSchedule:
    china = china_days(YEARS)
    return WorkSchedule.from_dict(
        {
            "timezone": timezone,
            "hours": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), OFFICE),
            "holidays": list(china.off),
            "extra_workdays": list(china.workdays),
            "extra_workday_hours": OFFICE,
        }
    )


def rate(work: Callable[..., object], *arguments: Iterable[object], runs: int) -> float:
    """Calls a second of processor time; the median of `runs`."""
    rates = []
    for _ in range(runs):
        calls = list(zip(*arguments, strict=False))
        begin = time.process_time()
        for call in calls:
            work(*call)
        rates.append(len(calls) / (time.process_time() - begin))
    return statistics.median(rates)


def print_rates(count: int, runs: int) -> bool:
    given = Inputs(count)
    office = [china_office()] * count
    new_york = [china_office("America/New_York")] * count
    back = [-amount for amount in given.amounts]
    dates = [start.date() for start in given.starts]
    adding = rate(add_working_time, given.starts, given.amounts, office, runs=runs)
    for name, figure in (
        ("add_working_time", adding),
        ("add_working_time, backward", rate(add_working_time, given.starts, back, office, runs=runs)),
        (
            "add_working_time, zone with clock changes",
            rate(add_working_time, given.starts, given.amounts, new_york, runs=runs),
        ),
        (
            "add_working_time, 3 pauses",
            rate(add_working_time, given.starts, given.amounts, office, given.pauses, runs=runs),
        ),
        ("working_time_between", rate(working_time_between, given.starts, given.ends, office, runs=runs)),
        (
            "working_time_between, 3 pauses",
            rate(working_time_between, given.starts, given.ends, office, given.pauses, runs=runs),
        ),
        ("is_working_time", rate(is_working_time, given.starts, office, runs=runs)),
        ("add_working_days", rate(add_working_days, dates, given.days, office, runs=runs)),
    ):
        print(f"{name:45} {figure:>10,.0f} a second")
    is_met = adding >= TARGET
    print(f"{'target of add_working_time':45} {TARGET:>10,} a second: {'met' if is_met else 'MISSED'}")
    return is_met


def print_tables() -> None:
    print("\n        amount (working days)   years kept   numbers kept")
    start = datetime(2024, 3, 1, tzinfo=UTC)
    for days in (1, 10, 60, 120, 240, 2_500, 25_000, 250_000):
        schedule = china_office()
        add_working_time(start, days * WORKDAY, schedule)
        kept = schedule.years.kept()
        numbers = sum(len(year.openings) + len(year.sums) + len(year.worked) for year in kept)
        print(f"{days:>29,} {len(kept):>12} {numbers:>14,}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the calls")
    is_met = print_rates(20_000 if parser.parse_args().quick else 200_000, runs=5)
    print_tables()
    return 0 if is_met else 1


if __name__ == "__main__":
    raise SystemExit(main())
