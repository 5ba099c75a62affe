"""How fast plans are made: one order of 60 steps over five calendars, and 10,000 open orders after a calendar change.

    python benchmarks/planning.py [--quick]                       the engine alone
    python benchmarks/planning.py --replan [--quick] [--folder F --keep]   with the product's own job, on a database

The floor is a bare topological pass over the same networks: earliest and latest day numbers, no calendars, no reasons.
Each round asks the floor and the engine in turn, so that other load hits both alike; times are the median of rounds.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # not this folder: its modules are `benchmarks.…`

from orders.planning import START, Plan, PlanStep, Span, plan, spans  # noqa: E402  the path comes first
from teams.statutory import china_days  # noqa: E402
from teams.worktime import WorkSchedule  # noqa: E402

FIRM, QUICK = 10_000, 1_000
STEPS, STEPS_OF_MANY = 60, 35
TARGET_MS, TARGET_SECONDS = 20, 30
MEGABYTES_FLAT = 60  # what a worker may grow by while it re-plans; its caches are bounded
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OFFICE, FACTORY = [["08:30", "12:00"], ["13:30", "18:00"]], [["08:00", "12:00"], ["13:00", "17:00"]]
COUNTER, ALL_DAY = [["09:00", "17:00"]], [["00:00", "24:00"]]
BEGIN = datetime(2026, 3, 2, 1, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def calendars(extra_day_off: str = "") -> dict[str, WorkSchedule]:
    """The five kinds of an order's calendars; `extra_day_off` is the calendar change."""
    china = china_days(range(2025, 2028))
    days_off = [*(day.isoformat() for day in china.off), *([extra_day_off] if extra_day_off else [])]
    worked = {"extra_workdays": [day.isoformat() for day in china.workdays]}
    hours = {
        "office": ("Asia/Shanghai", 5, OFFICE, worked),
        "factory": ("Asia/Shanghai", 6, FACTORY, worked),
        "bank": ("Asia/Shanghai", 5, COUNTER, {}),
    }
    found = {
        name: WorkSchedule.from_dict(
            {"timezone": zone, "hours": dict.fromkeys(WEEK[:days], span), "holidays": days_off, **more}
        )
        for name, (zone, days, span, more) in hours.items()
    }
    found["customer"] = WorkSchedule.from_dict(
        {"timezone": "America/New_York", "hours": dict.fromkeys(WEEK[:5], COUNTER)}
    )
    found["carrier"] = WorkSchedule.from_dict({"timezone": "Asia/Shanghai", "hours": dict.fromkeys(WEEK, ALL_DAY)})
    return found


@dataclass(frozen=True)
class Order:
    """A network with what it hangs from."""

    steps: tuple[PlanStep, ...]
    anchors: dict[str, datetime]

    def plan(self, schedules: dict[str, WorkSchedule]) -> Plan:
        return plan(self.steps, self.anchors, schedules, {}, {}, self.anchors[START], buffer=Span(2, "w"))


def make_order(number: int, count: int) -> Order:
    """Steps that wait for one or two of the six before them, three quarters of them before the ship date."""
    source = random.Random(count)  # orders of one template: the same network
    durations = [Span(2, "w"), Span(1, "w"), Span(5, "w"), Span(4, "h"), Span(3, "c"), Span(0, "w")]
    names = ("office", "factory", "office", "factory", "bank", "customer", "carrier")
    ship = f"S{count * 3 // 4:02}"
    steps = []
    for place in range(count):
        before = {source.randrange(max(0, place - 6), place) for _time in range(2)} if place else set()
        lag = Span(1 + source.randrange(3), "w") if source.random() < 0.2 else None
        lead = ((ship, Span(5, "w")),) if place < count // 2 and source.random() < 0.1 else ()
        dependencies = tuple((f"S{other:02}", lag) for other in sorted(before))
        steps.append(
            PlanStep(f"S{place:02}", source.choice(durations), dependencies, source.choice(names), latest=lead)
        )
    start = BEGIN + number * 61 * MINUTE % (200 * DAY)
    return Order(tuple(steps), {START: start, ship: start + 120 * DAY})


def topological_pass(steps: Sequence[PlanStep]) -> tuple[dict[str, int], dict[str, int]]:
    """The floor: earliest and latest finish in whole days."""
    left = {each.code: len(each.dependencies) for each in steps}
    by_code = {each.code: each for each in steps}
    followers: dict[str, list[str]] = {each.code: [] for each in steps}
    for each in steps:
        for other, _lag in each.dependencies:
            followers[other].append(each.code)
    ready = [code for code, count in left.items() if not count]
    early: dict[str, int] = {}
    for code in ready:
        each = by_code[code]
        starts = [early[other] + (lag.amount if lag else 0) for other, lag in each.dependencies]
        early[code] = max(starts, default=0) + each.duration.amount
        for other in followers[code]:
            left[other] -= 1
            if not left[other]:
                ready.append(other)
    end = max(early.values())
    late = dict.fromkeys(early, end)
    for code in reversed(ready):
        each = by_code[code]
        for other, lag in each.dependencies:
            late[other] = min(late[other], late[code] - each.duration.amount - (lag.amount if lag else 0))
    return early, late


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds on the clock and of the processor."""
    cpu, start = time.process_time(), time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000, (time.process_time() - cpu) * 1000


def resident_megabytes() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure_one(rounds: int) -> bool:
    """One order of 60 steps: asked again, as one of many, and with nothing remembered."""
    schedules = calendars()
    make_order(0, STEPS).plan(schedules)
    times: dict[str, list[tuple[float, float]]] = {"floor": [], "again": [], "another": [], "cold": []}
    same = make_order(0, STEPS)
    for number in range(rounds):
        other = make_order(number + 1, STEPS)
        times["floor"].append(timed(lambda: topological_pass(same.steps)))
        times["again"].append(timed(lambda: same.plan(schedules)))
        times["another"].append(timed(lambda other=other: other.plan(schedules)))
    for _round in range(rounds // 4):
        spans.forget()
        times["cold"].append(timed(lambda: same.plan(schedules)))
    floor = statistics.median(wall for wall, _cpu in times["floor"])
    print(f"\n{'one order, 60 steps, 5 calendars':44} {'p50':>8} {'p95':>8} {'CPU':>8} {'× floor':>8}")
    is_met = True
    for name, label in (
        ("floor", "bare topological pass (floor)"),
        ("again", "plan, asked again"),
        ("another", "plan, another order each time"),
        ("cold", "plan, nothing remembered"),
    ):
        walls, cpus = zip(*times[name], strict=True)
        p50, p95, cpu = statistics.median(walls), statistics.quantiles(walls, n=20)[18], statistics.median(cpus)
        verdict = ""
        if name == "another":
            is_met = p95 <= TARGET_MS
            verdict = f"  p95 ≤ {TARGET_MS} ms: {'met' if is_met else 'MISSED'}"
        print(f"{label:44} {p50:8.2f} {p95:8.2f} {cpu:8.2f} {p50 / floor:8.1f}{verdict}")
    return is_met


def plan_lines(is_quick: bool):
    """The line of the report for one plan; see `measure_one`."""
    from benchmarks.jobs import Line

    schedules, floors, walls = calendars(), [], []
    for number in range(60 if is_quick else 400):
        order = make_order(number, STEPS)
        floors.append(timed(lambda order=order: topological_pass(order.steps))[0])
        walls.append(timed(lambda order=order: order.plan(schedules))[0])
    floor, p50 = statistics.median(floors), statistics.median(walls)
    p95 = statistics.quantiles(walls, n=20)[18]
    name = f"plan an order of {STEPS} steps over 5 calendars"
    target = f"p95 ≤ {TARGET_MS} ms, p50 is {p50 / floor:.0f} × floor"
    return [Line(name, f"{p50:.1f}, p95 {p95:.1f} ms", f"{floor:.2f} ms", target, p95 <= TARGET_MS)]


def measure_many(count: int) -> None:
    """Many orders by a calendar that has just changed, in memory; the floor runs over the same networks."""
    orders = [make_order(number, STEPS_OF_MANY) for number in range(count)]
    before = calendars()
    for order in orders[: count // 10]:
        order.plan(before)
    gc.collect()
    memory = resident_megabytes()
    changed = calendars("2026-06-01")
    engine = floor = engine_cpu = 0.0
    for start in range(0, count, count // 10):  # in turns
        batch = orders[start : start + count // 10]
        floor += timed(lambda batch=batch: [topological_pass(order.steps) for order in batch])[0]
        wall, cpu = timed(lambda batch=batch: [order.plan(changed) for order in batch] and None)
        engine, engine_cpu = engine + wall, engine_cpu + cpu
    gc.collect()
    print(f"\n{count:,} orders of {STEPS_OF_MANY} steps after a calendar change, the engine alone")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  {engine / 1000:.1f} s, {engine_cpu / 1000:.1f} s CPU, {engine / floor:.0f} × the floor")
    print(f"  memory {memory:.0f} → {resident_megabytes():.0f} MB, at most {peak:.0f} MB")


# With the product's job


def replan_lines(count: int, now: datetime):
    """Lines of the report: the product's job over `count` open orders of the seeded firm, in a process of its own."""
    from benchmarks.jobs import Line

    code = (
        f"import django; django.setup(); from benchmarks.planning import replan; replan({count}, {now.isoformat()!r})"
    )
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(process.stdout.strip().splitlines()[-1])
    most = TARGET_SECONDS * found["orders"] / FIRM
    grown = found["memory_after"] - found["memory_before"]
    return [
        Line(
            f"re-plan {found['orders']:,} open orders, {found['moved']:,} move",
            f"{found['seconds']:.1f} s, CPU {found['cpu']:.1f} s",
            f"{found['floor']:.2f} s",
            f"≤ {most:.0f} s, is {found['seconds'] / found['floor']:.0f} × floor",
            found["seconds"] <= most,
        ),
        Line(
            "  its memory before, after, at most",
            f"{found['memory_before']:.0f}, {found['memory_after']:.0f}, {found['memory_peak']:.0f} MB",
            "–",
            f"grows by ≤ {MEGABYTES_FLAT} MB",
            grown <= MEGABYTES_FLAT,
        ),
    ]


def replan(count: int, at: str) -> None:
    """Plan the seeded orders as they are, close the office for a day, and time the job that follows; prints JSON."""
    from orders.models import PlanJob
    from orders.schedule import inputs_of
    from orders.services import flow
    from orders.services.plans import jobs

    now = datetime.fromisoformat(at)
    ids = lay_down_plans(count, now)
    run_job(
        jobs, edit_office(now, "2020-01-01", touches_all=True), now
    )  # the first one only brings the seed's dates in line
    for order, milestones in with_milestones(planned_orders(ids[:50])):  # the floor's networks are the orders' own
        inputs_of(milestones, flow.basis_of(order), ())
    edit = edit_office(now + MINUTE, (now + 21 * DAY).date().isoformat())
    gc.collect()
    memory = resident_megabytes()
    cpu, start = time.process_time(), time.perf_counter()
    job = run_job(jobs, edit, now + 2 * MINUTE)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    gc.collect()
    after = resident_megabytes()
    floor = 0.0
    for first in range(0, len(ids), 500):
        for order, milestones in with_milestones(planned_orders(ids[first : first + 500])):
            steps = inputs_of(milestones, flow.basis_of(order), ()).steps
            floor += timed(lambda steps=steps: topological_pass(steps))[0] / 1000
    job = PlanJob.objects.get(pk=job)
    result = {
        "orders": job.done,
        "moved": job.moved,
        "seconds": seconds,
        "cpu": cpu,
        "floor": floor,
        "memory_before": memory,
        "memory_after": after,
        "memory_peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(result))


def planned_orders(ids: Sequence[int]):
    from orders.models import Order

    return list(Order.objects.filter(pk__in=ids).select_related("plan").order_by("pk"))


def with_milestones(orders: Sequence) -> list[tuple]:
    """The orders with their milestones, each with its calendar and pauses."""
    from orders.models import Milestone

    own: dict[int, list] = {order.pk: [] for order in orders}
    rows = Milestone.objects.filter(order__in=orders).select_related("calendar").prefetch_related("pauses")
    for milestone in rows.order_by("position", "pk"):
        own[milestone.order_id].append(milestone)
    return [(order, own[order.pk]) for order in orders]


def lay_down_plans(count: int, now: datetime) -> list[int]:
    """Give `count` open orders of the seed a plan: what is done by then, and a promise that is still ahead."""
    from orders.basis import Basis, Shape
    from orders.models import Order, PlanCause, PlanChange
    from orders.network import anchor_of
    from orders.schedule import specs_of
    from orders.services.plans.jobs import PLANNED_ORDER
    from teams.models import WorkCalendar

    versions = dict(WorkCalendar.objects.values_list("pk", "version"))
    open_orders = Order.objects.filter(status__in=PLANNED_ORDER).order_by("pk")
    ids = list(open_orders.values_list("pk", flat=True)[:count])
    bare = list(open_orders.filter(pk__in=ids, plan=None).values_list("pk", flat=True))
    for first in range(0, len(bare), 500):
        batch = list(Order.objects.filter(pk__in=bare[first : first + 500]).order_by("pk"))
        changes = []
        for order, milestones in with_milestones(batch):
            shape = Shape(order.template_id)
            anchor = anchor_of(specs_of(shape.template, shape.terms))
            basis = Basis(
                shape=shape,
                start=order.ordered_at,
                as_of=now,
                anchors={anchor.code: now.replace(hour=10, minute=0) + (20 + order.pk % 60) * DAY},
                actuals={m.key: m.closed_at for m in milestones if m.closed_at},
                calendars={m.calendar_id: versions[m.calendar_id] for m in milestones},
            )
            values = basis.to_dict()
            changes.append(PlanChange(order=order, cause=PlanCause.CONFIRMED, basis=values, at=now))
            order.plan_shape = values["shape"]
        for order, change in zip(batch, PlanChange.objects.bulk_create(changes), strict=True):
            order.plan = change
        Order.objects.bulk_update(batch, ["plan", "plan_shape"])
    return ids


def edit_office(now: datetime, day: str, *, touches_all: bool = False):
    """Close the offices of China for one more day, as the product saves it.

    `touches_all`: as if every date had changed, so that no order is passed over.
    """
    from orders.services.plans import jobs
    from teams import calendar_changes
    from teams.models import CalendarEdit, User, WorkCalendar
    from teams.services.calendars import write_content

    calendar = WorkCalendar.objects.get(code="CN_OFFICE")
    by = User.objects.get(username="manager")
    before = calendar.content()
    changes = {"kind": "days", "from": day, "to": day, "day": "off", "name": "measured"}
    after = calendar_changes.apply(before, changes)
    write_content(calendar, before, after, by=by, at=now)
    edit = CalendarEdit.objects.create(
        calendar=calendar, base_version=calendar.version - 1, changes=changes, spec=after.spec(), by=by, at=now,
        status=CalendarEdit.Status.SAVED, saved_at=now, new_version=calendar.version,
        changed_dates=[(now.date() + n * DAY).isoformat() for n in range(-700, 700)] if touches_all else [day],
    )  # fmt: skip
    return jobs.start_calendar_job(edit, now)


def run_job(jobs, job, now: datetime) -> int:
    while not jobs.run_batch(job.pk, now=now)[1]:
        pass
    return job.pk


def run_with_database(options: argparse.Namespace) -> bool:
    from benchmarks.server import Database

    folder = Path(options.folder or tempfile.mkdtemp(prefix="gendan-bench-")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    database = Database(folder)
    os.environ |= {
        "BENCH_DATABASE_URL": database.url,
        "BENCH_FOLDER": str(folder),
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "PYTHONPATH": str(ROOT),
    }
    database.start()
    try:
        import django

        django.setup()
        from benchmarks.report import print_lines
        from benchmarks.run import seed_once

        now = datetime.now(UTC)
        count = QUICK if options.quick else FIRM
        seed_once(argparse.Namespace(orders=count * 5 // 2), database, now)
        lines = replan_lines(count, now)
        print_lines(lines)
        return all(line.is_met is not False for line in lines)
    finally:
        database.stop()
        if not (options.keep and options.folder):
            shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and a tenth of the orders")
    parser.add_argument("--replan", action="store_true", help="also the product's job, on a database of its own")
    parser.add_argument("--folder", help="where the database lies; data that is there is used again")
    parser.add_argument("--keep", action="store_true", help="leave the data for the next run (needs --folder)")
    options = parser.parse_args()
    is_met = measure_one(60 if options.quick else 400)
    measure_many(QUICK if options.quick else FIRM)
    if options.replan:
        is_met = run_with_database(options) and is_met
    return 0 if is_met else 1


if __name__ == "__main__":
    raise SystemExit(main())
