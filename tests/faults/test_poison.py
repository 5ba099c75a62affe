"""R9 and R10: a message that kills its worker, one that cannot be put into words, and channels that are dead."""

import time
from datetime import datetime

import pytest

from orders.models import Milestone
from teams.models import Channel, Message
from tests.faults.rig import Rig, Sinks, wait_until
from tests.faults.world import SEED, judge, lay_down, make_world, say
from tests.sinks import Mode

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
# Pauses, rests and the send time are shortened, so that the test sees them end.
QUICK = {"FAULTS_QUICK": "1"}


def quick(*names: str) -> dict[str, dict[str, str]]:
    return dict.fromkeys(names, QUICK)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def waits(kinds: set[str]) -> list[float]:
    """From due to sent, in seconds."""
    sent = Message.objects.filter(status="sent", channel__kind__in=kinds).prefetch_related("items__notification")
    found = []
    for message in sent:
        for item in message.items.all():
            due = datetime.fromisoformat(item.notification.payload["due_at"])
            found.append((message.sent_at - max(due, item.notification.created_at)).total_seconds())
    return found


def messages_about(marker: str):
    return Message.objects.filter(items__notification__payload__name_en__contains=marker)


def test_poison_is_parked_and_holds_up_no_other(transactional_db, tmp_path):
    with Sinks(SEED) as sinks:
        world = make_world(sinks)
        lay_down(world, 240, spread=0, people=world.people)
        first, second = Milestone.objects.order_by("pk")[:2]
        Milestone.objects.filter(pk=first.pk).update(name_en="DEADLY", name_zh="DEADLY", lead_at=None)
        Milestone.objects.filter(pk=second.pk).update(name_en="UNSPEAKABLE", name_zh="UNSPEAKABLE", lead_at=None)
        with Rig(tmp_path, sinks, control="poison", environments=quick("worker1", "worker2")):
            wait_until(
                lambda: (
                    messages_about("DEADLY").filter(status="failed").exists()
                    and messages_about("UNSPEAKABLE").filter(status="failed").exists()
                    and not Message.objects.open().exists()
                ),
                seconds=120,
                what="both parked, all others sent",
            )

    deadly, unspeakable = messages_about("DEADLY").get(), messages_about("UNSPEAKABLE").get()
    verdict = judge(world, sinks)
    say(verdict, world, {"poison": 2})
    assert (deadly.deaths, deadly.last_error) == (3, "每次尝试都未能结束：工作进程随之中断。")
    assert (unspeakable.failures, unspeakable.last_error) == (8, "ValueError: cannot be put into words")
    assert verdict.lost == 2  # they themselves, and they are in the inbox
    assert verdict.doubled == verdict.unexplained == 0
    assert percentile(waits({"email", "webhook", "slack"}), 0.95) < 30


def test_dead_channels_hold_up_no_other_and_come_back_by_themselves(transactional_db, tmp_path):
    with Sinks(SEED) as sinks:
        world = make_world(sinks)
        sinks.http.modes |= {
            "/wecom": Mode("silent"),
            "/feishu": Mode("reset"),
            "/slack": Mode("error", status=500),
        }
        lay_down(world, 320, spread=0, people=world.people)
        with Rig(tmp_path, sinks, environments=quick("worker1", "worker2")):
            alive = {"email", "webhook", "dingtalk", "msteams", "wecom_app"}
            wait_until(
                lambda: (
                    not Message.objects.open().filter(channel__kind__in=alive).exists()
                    and Message.objects.filter(status="sent").count() > 100
                    and Channel.objects.failing().count() == 3
                ),
                seconds=120,
                what="healthy channels done, three breakers open",
            )
            healthy = waits(alive)
            resting = set(Channel.objects.failing().values_list("kind", flat=True))
            time.sleep(1)
            sinks.http.modes.clear()
            sinks.http.drop_connections()
            wait_until(lambda: not Message.objects.open().exists(), seconds=120, what="all sent once they work again")

    verdict = judge(world, sinks)
    say(verdict, world, {"dead channels": 3})
    print(f"due to sent over healthy channels: p95 {percentile(healthy, 0.95):.1f} s")
    assert resting == {"wecom_robot", "feishu", "slack"}
    assert percentile(healthy, 0.95) <= 60
    assert (verdict.lost, verdict.doubled, verdict.unexplained) == (0, 0, 0), verdict
    assert Channel.objects.failing().count() == 0
