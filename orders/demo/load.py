"""Load the demo: people, companies, and orders with their history up to an instant."""

from collections.abc import Callable, Iterable
from datetime import datetime
from random import Random

from django.db import connection, transaction

from orders.demo.changes import change_plans
from orders.demo.companies import load_companies
from orders.demo.deck import cards
from orders.demo.hand import Hand
from orders.demo.ledger import Ledger
from orders.demo.people import PEOPLE, load_people
from orders.demo.plots import lay_plot
from orders.demo.story import Story
from orders.demo.telling import tell
from orders.demo.world import World, to_minute
from orders.models import Order
from orders.process import load_shipped_templates
from orders.reasons import load_delay_reasons
from teams.models import User
from teams.services.calendars import load_default_calendars

# What other apps add to the demo once its orders are there.
added: list[Callable[[datetime], int]] = []
SOURCE = "demo"  # Order.source of every demo order
_LOCK = 7_201_144  # two runs at once would load twice


@transaction.atomic
def load_demo(*, orders: int, seed: int, now: datetime) -> int:
    """Bring the demo up to `orders` orders and return how many are new; the same seed and `now` give the same data."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    load_default_calendars()
    load_shipped_templates()
    load_delay_reasons()
    load_people()
    load_companies(Random(f"{seed}:companies"), now)
    there = Order.objects.filter(source=SOURCE).count()
    told = list(zip(cards(orders), tell_stories(orders, seed, now), strict=True))[there:]
    load_stories(story for _card, story in told)
    change_plans(told, now)
    for add in added:
        add(now)
    return len(told)


def holds_real_work() -> bool:
    """Whether there is anything that the demo did not bring: an account or an order of somebody else."""
    accounts = {person.username for person in PEOPLE}
    return User.objects.exclude(username__in=accounts).exists() or Order.objects.exclude(source=SOURCE).exists()


def tell_stories(count: int, seed: int, now: datetime) -> list[Story]:
    """The first `count` stories in the order of their cards."""
    world = World.read(to_minute(now))
    return [tell(lay_plot(card, world, seed)) for card in cards(count)]


def load_stories(stories: Iterable[Story]) -> None:
    """Write the stories as rows; keys follow the order in which the orders were placed."""
    ledger = Ledger()
    for story in sorted(stories, key=lambda story: (story.acts[0].at, story.number)):
        Hand(ledger, story)
    ledger.save()
