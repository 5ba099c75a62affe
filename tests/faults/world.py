"""What the fault tests lay down, and how they judge: by the sinks' ledgers and the database alone."""

import os
import random
import time as clock
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import count

from orders import topics
from orders.models import Milestone, Order
from orders.services import milestones as services
from teams import secrets
from teams.models import (
    Address,
    Channel,
    ContactHours,
    Message,
    MessageItem,
    Notification,
    Team,
    TopicChoice,
    User,
    WorkCalendar,
)
from tests.factories import make_company, make_team, make_user
from tests.faults.rig import Received, Rig, Sinks, wait_until

SEED = 20260302
THREADS = 4  # teams.notifications.delivery.THREADS: what one child may have in the air
CHILDREN = 2  # of each worker
ROBOTS = {
    "wecom_robot": "/wecom/cgi-bin/webhook/send?key=k",
    "dingtalk": "/dingtalk/robot/send?access_token=t",
    "feishu": "/feishu/open-apis/bot/v2/hook/h",
    "slack": "/slack/services/T/B/x",
    "msteams": "/teams/workflows/w",
    "webhook": "/hook/w",
}
# Receivers that drop a repeat by its key.
KEYED = {"webhook", "wecom_app"}
_number = count(1)


@dataclass(frozen=True)
class Size:
    """How much a run does; `FAULTS_SIZE` chooses it."""

    milestones: int
    kills: int
    seconds: float  # over which they fall due


SIZES = {"T0": Size(3_000, 8, 12), "T1": Size(20_000, 60, 80), "T2": Size(100_000, 200, 420)}
SIZE = SIZES[os.environ.get("FAULTS_SIZE", "T0")]


@dataclass
class World:
    """What the test itself knows: its people, and when which step was certainly closed."""

    team: Team
    people: list[User]
    lead: User
    sleeper: User
    closed: dict[int, datetime] = field(default_factory=dict)
    in_air_at_kills: int = 0


@dataclass
class Verdict:
    expected: int
    received: int
    lost: int
    doubled: int
    extra: int
    unexplained: int
    extra_keyed: int
    early: int
    in_quiet_hours: int
    after_closing: int
    garbled: int

    def is_clean(self, in_air: int) -> bool:
        """Nothing lost, doubled or told wrongly, and no repeat but of what was in the air at a kill."""
        wrong = (self.lost, self.doubled, self.unexplained, self.early, self.in_quiet_hours, self.after_closing)
        return not any((*wrong, self.extra_keyed, self.garbled)) and self.extra <= in_air


def make_world(sinks: Sinks) -> World:
    """A team at work day and night: a person for each channel, a lead, and one whose hours are quiet."""
    team = make_team()
    team.calendar = WorkCalendar.objects.get(code="CARRIER")  # open day and night: reminders wait for nothing
    team.save()
    people = [reachable_by(team, kind, sinks) for kind in ("email", "wecom_app", *ROBOTS)]
    lead = make_user("lead", team=team)
    TopicChoice.objects.create(user=lead, topic=topics.LEAD, urgency="urgent")
    sleeper = make_user("clerk", team=team)
    hour = (datetime.now(UTC) + timedelta(hours=8)).hour  # in Shanghai
    ContactHours.objects.create(user=sleeper, quiet_from=time((hour - 2) % 24), quiet_to=time((hour + 4) % 24))
    return World(team, people, lead, sleeper)


def reachable_by(team: Team, kind: str, sinks: Sinks) -> User:
    """A clerk who lives in that channel, and hears of due steps at once."""
    person = make_user("clerk", team=team, language="en")
    for topic in (topics.DUE, topics.CUTOFF, topics.SOON):
        TopicChoice.objects.create(user=person, topic=topic, urgency="urgent")
    if kind != "email":
        channel = make_channel(kind, sinks)
        Address.objects.create(user=person, channel=channel, value=f"u{person.pk}")
    return person


def make_channel(kind: str, sinks: Sinks, **fields) -> Channel:
    url = sinks.http.url
    config = {"url": url + ROBOTS[kind]} if kind in ROBOTS else {}
    config |= {"secret": f"SEC{kind}"} if kind in ("webhook", "dingtalk", "feishu") else {}
    if kind == "wecom_app":
        config = {"corp_id": "c", "agent_id": "1", "secret": "s", "base_url": url}
    return Channel.objects.create(
        kind=kind, name=kind, config=secrets.seal(config), created_at=datetime.now(UTC), **fields
    )


def lay_down(
    world: World,
    milestones: int,
    *,
    spread: float,
    people: Sequence[User] = (),
    begins_in: float = 4,
    per_order: int = 30,
) -> None:
    """Confirmed orders whose steps fall due within `spread` seconds from a moment from now; a third goes to the lead
    two seconds later."""
    customer, rng = make_company(team=world.team), random.Random(SEED)
    start = datetime.now(UTC) + timedelta(seconds=begins_in)
    people = people or [*world.people, world.sleeper]
    orders = Order.objects.bulk_create(
        Order(
            number=f"F{next(_number)}",
            customer=customer,
            team=world.team,
            clerk=people[number % len(people)],
            status="confirmed",
            confirmed_at=min(start, datetime.now(UTC)),
        )
        for number in range(-(-milestones // per_order))
    )
    rows = []
    for position in range(milestones):
        order, due = orders[position // per_order], start + timedelta(seconds=rng.uniform(0, spread))
        rows.append(
            Milestone(
                order=order,
                position=position % per_order,
                code=f"S{position % per_order}",
                name_zh=f"节点{order.number}x{position % per_order}z",
                name_en=f"step{order.number}x{position % per_order}z",
                stage="PROD",
                role="clerk",
                assignee_id=order.clerk_id,
                calendar=world.team.calendar,
                status="active",
                due_at=due,
                lead_at=due + timedelta(seconds=2) if position % 3 == 0 else None,
                next_reminder_at=due,
            )
        )
    Milestone.objects.bulk_create(rows, batch_size=5000)


def close_some(world: World, rng: random.Random, amount: int) -> None:
    """Complete steps through the service, as a clerk does; what is noted is the time of its answer."""
    open_ids = list(Milestone.objects.filter(status="active").values_list("pk", flat=True))
    for milestone_id in rng.sample(open_ids, min(amount, len(open_ids))):
        by = Milestone.objects.select_related("assignee").get(pk=milestone_id).assignee
        services.complete_milestone(milestone_id=milestone_id, by=by, now=datetime.now(UTC))
        world.closed[milestone_id] = datetime.now(UTC)


def wait_for_quiet(rig: Rig, sinks: Sinks, *, seconds: float, settle: float = 2) -> None:
    """Until nothing is due, nothing waits, and nothing has come in for some seconds."""
    seen = [sinks.count(), clock.monotonic()]

    def is_quiet() -> bool:
        now = datetime.now(UTC)
        if sinks.count() != seen[0]:
            seen[:] = [sinks.count(), clock.monotonic()]
        is_open = (
            Message.objects.filter(status__in=["queued", "sending"], urgency="urgent").exists()
            or Milestone.objects.to_remind(now + timedelta(days=1)).exists()
            or Notification.objects.waiting(now).exists()
        )
        return not is_open and clock.monotonic() - seen[1] > settle

    try:
        wait_until(is_quiet, seconds=seconds, what="an empty outbox")
    except AssertionError as error:
        raise AssertionError(f"{error}; left: {_left_over()}; see the logs in {rig.folder}") from error


def _left_over() -> str:
    """What still waits, and why, for whoever reads a failure."""
    rows = Message.objects.open().values_list("channel__kind", "status", "deferral", "last_error")
    channels = Channel.objects.exclude(last_error="").values_list("kind", "failures", "last_error", "off_reason")
    to_remind = Milestone.objects.exclude(next_reminder_at=None).count()
    return f"{Counter(rows).most_common(9)}; {list(channels)}; {to_remind} steps to remind of"


def judge(world: World, sinks: Sinks) -> Verdict:
    """Compare what should have been told, by the steps themselves, with what reached the sinks."""
    received = sinks.received()
    by_delivery: dict[str, list[Received]] = defaultdict(list)
    for line in received:
        by_delivery[line.delivery_id].append(line)
    messages = {str(row.delivery_id): row for row in Message.objects.select_related("channel")}
    carried: dict[tuple[int, str, int, int], set[str]] = defaultdict(set)
    early = closed = garbled = 0
    dues = {step.pk: (step.due_at, step.name_en, step.name_zh) for step in Milestone.objects.all()}
    for outing in MessageItem.objects.select_related("notification", "message"):
        delivery_id = str(outing.message.delivery_id)
        lines, payload = by_delivery.get(delivery_id, []), outing.notification.payload
        if not lines or outing.dropped_reason:
            continue
        pk = payload["milestone"]
        carried[pk, payload["step"], outing.notification.recipient_id, outing.channel_id].add(delivery_id)
        due, english, chinese = dues[pk]
        early += sum(line.at < due.timestamp() for line in lines)
        garbled += sum(english not in line.text and chinese not in line.text for line in lines)
        began, done = outing.message.attempt_started_at, world.closed.get(pk)
        closed += bool(done and (began > done or outing.notification.shown_at > done))
    told = {what[:3] for what in carried}
    expected = _expected(world)
    repeated = [messages[name] for name, lines in by_delivery.items() if len(lines) > 1]
    extras = {name: len(lines) - 1 for name, lines in by_delivery.items() if len(lines) > 1}
    return Verdict(
        expected=len(expected),
        received=len(received),
        lost=len(expected - told),
        doubled=sum(len(names) - 1 for names in carried.values()) + sum(row is None for row in repeated),
        extra=sum(extras.values()),
        unexplained=sum(not (row.is_possible_repeat and row.attempts > 1) for row in repeated),
        extra_keyed=sum(extras[str(row.delivery_id)] for row in repeated if row.channel.kind in KEYED - {"wecom_app"}),
        early=early,
        in_quiet_hours=sum(messages[name].recipient_id == world.sleeper.pk for name in by_delivery if name in messages),
        after_closing=closed,
        garbled=garbled,
    )


def _expected(world: World) -> set[tuple[int, str, int]]:
    """By the steps themselves: those open at the end, of people who may be told now."""
    awake = {person.pk for person in world.people}
    rows = Milestone.objects.filter(status="active", due_at__lte=datetime.now(UTC))
    expected = set()
    for pk, assignee, lead_at in rows.values_list("pk", "assignee", "lead_at"):
        if assignee in awake:
            expected.add((pk, "due", assignee))
        if lead_at:
            expected.add((pk, "lead", world.lead.pk))
    return expected


def kill_busy(rig: Rig, world: World, sinks: Sinks, name: str, *, child: bool = False) -> None:
    """Kill a worker, or one of its children, while messages are going out, if any still do; a kill of an idle one
    would prove nothing."""
    seen, end = sinks.count(), clock.monotonic() + 10
    while sinks.count() < seen + 5 and clock.monotonic() < end:
        clock.sleep(0.02)
    if child:
        rig.kill_child(name)
        world.in_air_at_kills += THREADS
        return
    rig.kill(name)
    world.in_air_at_kills += THREADS * CHILDREN
    rig.start(name)


def say(verdict: Verdict, world: World, faults: Mapping[str, int]) -> None:
    in_air = world.in_air_at_kills
    print(f"{verdict}; {len(world.closed)} closed meanwhile; at most {in_air} in the air at {dict(faults)}")
