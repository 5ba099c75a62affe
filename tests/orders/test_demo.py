"""Loading the demo: always the same for one seed, and row for row what the services would have written."""

from io import StringIO
from random import Random

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import models, transaction

from customers.models import Company, Contact
from orders.demo.companies import load_companies
from orders.demo.deck import cards
from orders.demo.load import holds_real_work, load_demo, load_stories, tell_stories
from orders.demo.logins import LOGINS
from orders.demo.people import load_people
from orders.demo.story import Story
from orders.models import Order
from orders.process import load_shipped_templates
from orders.reasons import load_delay_reasons
from teams.models import User
from teams.services.calendars import load_default_calendars
from tests.orders.demo_replay import Replay
from tests.orders.demo_rows import NOW, TABLES, snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def basics():
    load_default_calendars()
    load_shipped_templates()
    load_delay_reasons()
    load_people()
    load_companies(Random("1:companies"), NOW)


def one_of_each_kind() -> list[Story]:
    """Few stories in which every fate, template, verb and kind of terms occurs; each is slow through the services."""
    told = zip(cards(60), tell_stories(60, 1, NOW), strict=True)
    kinds = {s.number: (s, {c.fate, c.template, *terms_in(s), *(act.verb for act in s.acts)}) for c, s in told}
    missing = set().union(*(own for _story, own in kinds.values()))
    chosen = []
    while missing:
        story, own = max(kinds.values(), key=lambda pair: (len(pair[1] & missing), -len(pair[0].acts)))
        chosen.append(story)
        missing -= own
    return chosen


def terms_in(story: Story) -> set[tuple[str, object]]:
    """What of the story's terms adds steps to its template."""
    values = story.acts[0].data["values"]
    names = ("payment_terms", "incoterm", "third_party_inspection", "wood_packaging", "statutory_inspection")
    return {(name, values[name]) for name in names}


def rows_of_demo(orders: int, seed: int) -> dict[type[models.Model], list[str]]:
    """What the demo writes; taken back afterwards."""
    with transaction.atomic():
        load_demo(orders=orders, seed=seed, now=NOW)
        rows = {table: snapshot(table) for table in TABLES}
        transaction.set_rollback(True)
    return rows


@pytest.mark.slow
def test_demo_rows_are_what_the_services_write(basics):
    stories = one_of_each_kind()
    assert {act.verb for story in stories for act in story.acts} >= {"hold", "cancel", "resume", "promise", "move"}
    assert {("payment_terms", "LC"), ("wood_packaging", True)} <= set().union(*map(terms_in, stories))
    with transaction.atomic():
        load_stories(stories)
        in_bulk = {table: snapshot(table) for table in TABLES}
        transaction.set_rollback(True)
    assert all(in_bulk.values())

    for story in stories:
        Replay().tell(story)

    for table in TABLES:
        assert snapshot(table) == in_bulk[table]


def test_demo_is_the_same_for_one_seed_and_another_for_the_next():
    first, again, other = rows_of_demo(8, seed=5), rows_of_demo(8, seed=5), rows_of_demo(8, seed=6)

    assert again == first
    assert other != first


def test_demo_adds_only_what_is_missing():
    assert load_demo(orders=5, seed=1, now=NOW) == 5
    assert load_demo(orders=5, seed=1, now=NOW) == 0
    assert load_demo(orders=8, seed=1, now=NOW) == 3

    assert Order.objects.count() == 8
    assert Contact.objects.filter(is_primary=True).count() == Company.objects.count()


def test_demo_alone_is_no_real_work(basics):
    load_demo(orders=1, seed=1, now=NOW)
    assert holds_real_work() is False

    User.objects.create(username="somebody", name="Somebody")

    assert holds_real_work() is True


def test_every_demo_login_works(basics):
    for username, password, _zh, _en in LOGINS:
        assert User.objects.get(username=username).check_password(password) is True, username

    assert User.objects.get(username="hejing").has_usable_password() is False
    assert User.objects.get(username="admin").is_superuser is True


def test_demo_command_lists_the_logins_without_loading_anything():
    out = StringIO()

    call_command("demo", "--list-logins", stdout=out)

    assert all(username in out.getvalue() for username, *_rest in LOGINS)
    assert Order.objects.count() == 0


def test_demo_command_says_when_the_data_is_there():
    out = StringIO()
    call_command("demo", "--orders", "3", stdout=StringIO())

    call_command("demo", "--orders", "3", stdout=out)

    assert "there already" in out.getvalue()
    assert Order.objects.count() == 3


def test_demo_command_refuses_an_impossible_number():
    with pytest.raises(CommandError, match="20000"):
        call_command("demo", "--orders", "-1")
