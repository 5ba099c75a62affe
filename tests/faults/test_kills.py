"""Kill worker, beat and broker at any moment: nothing is lost, nothing doubled, nothing told about a closed step."""

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from orders.models import Milestone, Order
from orders.services import milestones as services
from teams.models import Notification, User, WorkCalendar
from teams.notifications.channels.email import message_id
from tests.factories import make_company, make_team, make_user
from tests.faults.rig import Rig, Sink, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SEED = 20260302
CLAIM = 8  # OUTBOX_CLAIM_SIZE: what one child may have in the air
CHILDREN = 2


@dataclass
class World:
    """What the test itself knows: its people, and when which step was certainly closed."""

    clerk: User
    lead: User
    closed: dict[int, datetime] = field(default_factory=dict)
    in_air_at_kills: int = 0


@dataclass
class Verdict:
    lost: int
    doubled: int
    extra: int
    unexplained: int
    told_after_closing: int


@pytest.fixture
def world(transactional_db) -> World:
    team = make_team()
    team.calendar = WorkCalendar.objects.get(code="CARRIER")  # open day and night: reminders wait for nothing
    team.save()
    clerk, lead = make_user("clerk", team=team), make_user("lead", team=team)
    return World(clerk, lead)


def lay_down(world: World, *, orders: int, steps: int, spread: float) -> None:
    """Confirmed orders whose steps fall due within `spread` seconds from a moment from now; escalated 2 s later."""
    team = world.clerk.memberships.get().team
    customer, start, rng = make_company(team=team), datetime.now(UTC) + timedelta(seconds=4), random.Random(SEED)
    for number in range(orders):
        order = Order.objects.create(
            number=f"F-{number}",
            customer=customer,
            team=team,
            clerk=world.clerk,
            status="confirmed",
            confirmed_at=start,
        )
        dues = [start + timedelta(seconds=rng.uniform(0, spread)) for _ in range(steps)]
        Milestone.objects.bulk_create(
            Milestone(
                order=order,
                position=position,
                code=f"S{position}",
                name_zh="节点",
                name_en="step",
                stage="PROD",
                role="clerk",
                assignee=world.clerk,
                calendar=team.calendar,
                status="active",
                due_at=due,
                lead_at=due + timedelta(seconds=2) if position % 3 == 0 else None,
                next_reminder_at=due,
            )
            for position, due in enumerate(dues)
        )


def close_some(world: World, rng: random.Random, count: int) -> None:
    """Complete steps through the service, as a clerk does; what is noted is the time of its answer."""
    open_ids = list(Milestone.objects.filter(status="active").values_list("pk", flat=True))
    for milestone_id in rng.sample(open_ids, min(count, len(open_ids))):
        services.complete_milestone(milestone_id=milestone_id, by=world.clerk, now=datetime.now(UTC))
        world.closed[milestone_id] = datetime.now(UTC)


def wait_for_quiet(rig: Rig, sink: Sink, *, seconds: float) -> None:
    """Until nothing is due, nothing waits, and nothing has come in for two seconds."""

    def is_quiet() -> bool:
        now = datetime.now(UTC)
        is_open = Notification.objects.filter(status__in=["queued", "sending"]).exists()
        last = sink.ledger[-1][0] if sink.ledger else 0
        return (
            not is_open and not Milestone.objects.to_remind(now + timedelta(days=1)).exists() and time.time() - last > 2
        )

    wait_until(is_quiet, seconds=seconds, what=f"an empty outbox; see the logs in {rig.folder}")


def judge(world: World, sink: Sink) -> Verdict:
    """Compare what should have been told, by the steps themselves, with what the sink received."""
    rows = {row.pk: row for row in Notification.objects.all()}
    by_what: dict[tuple[int, str, int], list[Notification]] = {}
    for row in rows.values():
        by_what.setdefault((row.payload["milestone"], row.payload["step"], row.recipient_id), []).append(row)
    received = Counter(name for _time, name in sink.ledger)
    expected = {(step.pk, "due", world.clerk.pk) for step in Milestone.objects.filter(status="active")}
    expected |= {
        (step.pk, "lead", world.lead.pk) for step in Milestone.objects.filter(status="active", lead_at__isnull=False)
    }
    repeated = [row for row in rows.values() if received[message_id(row)] > 1]
    return Verdict(
        lost=sum(1 for what in expected if not any(received[message_id(row)] for row in by_what.get(what, ()))),
        doubled=sum(len(same) - 1 for same in by_what.values()),
        extra=sum(received[message_id(row)] - 1 for row in repeated),
        unexplained=sum(1 for row in repeated if not (row.is_possible_repeat and row.attempts > 1)),
        told_after_closing=sum(
            1
            for row in rows.values()
            if (closed_at := world.closed.get(row.payload["milestone"]))
            and (
                (row.attempt_started_at and row.attempt_started_at > closed_at)
                or (row.shown_at and row.shown_at > closed_at)
            )
        ),
    )


def kill_busy_worker(rig: Rig, world: World, sink: Sink) -> None:
    """Kill it while mail is going out, if any still does; a kill of an idle one would prove nothing."""
    seen, end = len(sink.ledger), time.monotonic() + 10
    while len(sink.ledger) < seen + 5 and time.monotonic() < end:
        time.sleep(0.02)
    rig.kill("worker")
    world.in_air_at_kills += CLAIM * CHILDREN
    rig.start("worker")


def test_kills_lose_nothing_and_double_nothing(world, tmp_path):
    rng = random.Random(SEED)
    with Sink(SEED) as sink, Rig(tmp_path, sink) as rig:
        lay_down(world, orders=20, steps=30, spread=12)
        wait_until(lambda: bool(sink.ledger), seconds=40, what=f"a first mail; see the logs in {tmp_path}")
        faults = ["worker", "worker", "worker", "child", "child", "beat1", "beat2", "broker", "broker"]
        rng.shuffle(faults)
        for fault in faults:
            close_some(world, rng, 5)
            if fault == "worker":
                kill_busy_worker(rig, world, sink)
            elif fault == "child":
                rig.kill_child()
                world.in_air_at_kills += CLAIM
            else:
                rig.kill(fault)
                time.sleep(rng.uniform(0.2, 1))
                rig.start(fault)
            time.sleep(rng.uniform(0.2, 1.5))
        wait_for_quiet(rig, sink, seconds=60)

    verdict = judge(world, sink)
    print(f"{len(sink.ledger)} mails, {len(world.closed)} steps closed meanwhile: {verdict}")
    assert (verdict.lost, verdict.doubled, verdict.unexplained, verdict.told_after_closing) == (0, 0, 0, 0)
    assert verdict.extra <= world.in_air_at_kills


def test_control_without_the_lease_kills_lose_mail(world, tmp_path):
    with Sink(SEED) as sink, Rig(tmp_path, sink, control="mark_before_send") as rig:
        lay_down(world, orders=6, steps=30, spread=0)
        wait_until(lambda: bool(sink.ledger), seconds=40, what=f"a first mail; see the logs in {tmp_path}")
        for _ in range(2):
            kill_busy_worker(rig, world, sink)
        wait_for_quiet(rig, sink, seconds=40)

    assert judge(world, sink).lost > 0


def test_control_without_the_unique_key_reminders_are_doubled(world, tmp_path):
    with Sink(SEED) as sink, Rig(tmp_path, sink, control="no_unique_key") as rig:
        lay_down(world, orders=1, steps=10, spread=0)
        wait_until(lambda: len(sink.ledger) >= 5, seconds=40, what=f"first mails; see the logs in {tmp_path}")
        close_some(world, random.Random(SEED), 1)  # its order is looked at anew
        wait_for_quiet(rig, sink, seconds=30)

    assert judge(world, sink).doubled > 0
