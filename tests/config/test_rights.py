"""Every address × every role × own, a colleague's, another team's and a missing object (reliability S1).

A foreign object answers exactly as a missing one; a stranger is asked to log in; a refused call writes no row.
"""

import re
from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.urls import URLPattern, get_resolver, reverse
from rest_framework.test import APIClient

from orders.services import milestones as milestone_services
from teams.errors import NotPermitted
from teams.permissions import ROLES, RoleCode, Scope
from teams.services.tokens import create_token
from tests.config.rights_table import API, OPEN, PAGES, Entry
from tests.config.world import World, make_world, sees
from tests.factories import MONDAY

pytestmark = pytest.mark.django_db
TABLE = {**API, **PAGES}
UNSAFE = ("post", "put", "patch", "delete")
LOGIN = "/accounts/login/"


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[World]:
    """One world for the whole walk; every request is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        world = make_world()
        connection.check_constraints()  # now, else after each test
        yield world
        transaction.set_rollback(True)


def patterns(resolver=None, namespace: str = "") -> Iterator[str]:
    """The names of every address, the nameless ones by their route."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name or pattern.pattern}"
        else:
            yield from patterns(pattern, f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace)


def test_every_address_is_in_the_table():
    open_ones = tuple(name for names in OPEN.values() for name in names)
    unknown = {
        name for name in patterns() if name not in TABLE and not any(name.startswith(prefix) for prefix in open_ones)
    }

    assert unknown == set()
    assert set(TABLE) - set(patterns()) == set()
    assert len(OPEN) <= 5


class Caller:
    """A person with a client; every call is undone, and counted by the rows that it tried to write."""

    def __init__(self, name: str, client: APIClient) -> None:
        self.name, self.client = name, client

    def call(self, method: str, url: str) -> tuple[int, bytes, str, int]:
        with transaction.atomic():
            before = rows_written()
            kwargs = {} if method in {"get", "head", "options"} else {"data": {}, "format": "json"}
            response = getattr(self.client, method)(url, **kwargs)
            body = b"".join(response.streaming_content) if response.streaming else response.content
            written = rows_written() - before
            transaction.set_rollback(True)
        # A page carries a fresh CSRF token each time, and perhaps its own address.
        body = re.sub(rb"[A-Za-z0-9]{64}", b"TOKEN", body).replace(url.encode(), b"URL")
        return response.status_code, body, response.get("Location", ""), written


def rows_written() -> int:
    """Rows that this transaction inserted, updated or deleted so far, undone ones included."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_xact_user_tables")
        return int(cursor.fetchone()[0])


def url_of(name: str, entry: Entry, world: World, side: str, person) -> str:
    args = entry.args(world.of(side, person)) if entry.args else []
    return reverse(name, args=args)


@pytest.mark.parametrize("role", RoleCode.values)
def test_a_role_does_what_the_table_says_and_nothing_else(world, role):
    person = world.people[role]
    client = APIClient(raise_request_exception=False)  # a 500 is one fault among others
    client.force_login(person)
    caller = Caller(role, client)
    faults: list[str] = []
    for name, entry in TABLE.items():
        declared = {**({} if entry.reads is False else {"get": entry.reads}), **entry.writes}
        # What no role may do is tried by the one that may most.
        others = ("head", "options", *UNSAFE) if role == RoleCode.ADMIN else ()
        for method in dict.fromkeys([*declared, *others]):
            for fault in _try(caller, world, person, name, entry, method, declared):
                faults.append(f"{role} {method.upper()} {name}: {fault}")

    assert not faults, "\n".join(faults)


def _try(caller, world, person, name, entry, method, declared) -> Iterator[str]:
    own = url_of(name, entry, world, "own", person)
    if method in {"head", "options"} or method not in declared:
        status, _body, _to, written = caller.call(method, own)
        if status >= 500 or written:
            yield f"{status}, {written} rows"
        if method in UNSAFE and status not in {403, 404, 405}:
            yield f"{status} for a method that is not declared"
        return
    missing = caller.call(method, url_of(name, entry, world, "missing", person))
    # A colleague's object differs from one's own only for those who see no more than their own.
    colleague = ("colleague",) if ROLES[caller.name].scope is Scope.OWN else ()
    for side in ("own", *colleague, "foreign") if entry.args else ("own",):
        status, body, _to, written = caller.call(method, url_of(name, entry, world, side, person))
        if status >= 500:
            yield f"{side}: {status}"
        elif not sees(caller.name, side, entry.scope):
            if (status, body, written) != (404, missing[1], 0) or missing[0] != 404:
                yield f"{side}: {status} with {written} rows, missing {missing[0]}: not alike"
        elif _may(world, person, caller.name, declared[method], name, side):
            if status in {401, 403, 404, 405}:
                yield f"{side}: {status} although the role may"
            if method == "get" and written:
                yield f"{side}: reading wrote {written} rows"
        elif status != 403 or written:
            yield f"{side}: {status} with {written} rows although the role may not"


def _may(world, person, role, right, name, side) -> bool:
    if right is None:
        return True
    if right == milestone_services.Permission.MILESTONE_COMPLETE:
        try:
            milestone_services.require_on(person, right, world.of(side, person).milestone)
        except NotPermitted:
            return False
        return True
    if name == "api-interaction-detail" and side == "own" and role == RoleCode.CLERK:
        return True  # their own note
    return right in ROLES[role].permissions


@pytest.mark.parametrize("who", ["anonymous", "disabled session", "disabled token"])
def test_strangers_are_asked_to_log_in(world, who):
    client = APIClient()
    person = world.people["lead"]
    with transaction.atomic():
        if who == "disabled session":
            client.force_login(person)
        if who == "disabled token":
            client.credentials(HTTP_AUTHORIZATION=f"Token {create_token(user=person, now=MONDAY)[1]}")
        type(person).objects.filter(pk=person.pk).update(is_active=who == "anonymous")
        faults = list(_strangers_faults(Caller(who, client), world, person))
        transaction.set_rollback(True)

    assert not faults, "\n".join(faults)


def _strangers_faults(caller: Caller, world: World, person) -> Iterator[str]:
    for name, entry in TABLE.items():
        answers = set()  # of methods, apart from the object: a stranger learns nothing
        for side in ("own", "missing"):
            url = url_of(name, entry, world, side, person)
            for method in ("get", *UNSAFE):
                status, body, to, written = caller.call(method, url)
                is_asked = status == 401 if name in API else status == 405 or (status == 302 and to.startswith(LOGIN))
                if not is_asked or written:
                    yield f"{method} {name} {side}: {status}, {written} rows"
                answers.add((method, status, body))
        if name in API and len(answers) != 1 + len(UNSAFE):
            yield f"{name}: own and missing differ"


def test_a_read_only_token_reads_and_never_writes(world):
    person = world.people["manager"]
    client = APIClient()
    with transaction.atomic():
        _token, text = create_token(user=person, now=MONDAY, is_read_only=True)
        client.credentials(HTTP_AUTHORIZATION=f"Token {text}")
        caller = Caller("read only", client)
        faults = []
        caller.call("get", reverse("api-me"))
        for name, entry in API.items():
            url = url_of(name, entry, world, "own", person)
            if entry.reads is not False and caller.call("get", url)[0] in {401, 403, 404, 500}:
                faults.append(f"GET {name}")
            for method in UNSAFE:
                status, _body, _to, written = caller.call(method, url)
                if status not in {403, 405} or written:
                    faults.append(f"{method} {name}: {status}, {written} rows")
        transaction.set_rollback(True)

    assert not faults, "\n".join(faults)
