"""Every page and endpoint is sent nonsense under every name that any form knows: it refuses in words, never with a 500.

The kinds are those of reliability.md D (dates, numbers, unicode, size, control, sql, html, json types), one value of a
kind in all fields at once.
"""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import get_resolver
from rest_framework.test import APIClient

from tests.config.rights_table import API, PAGES
from tests.config.test_rights import url_of
from tests.config.world import World, make_world

pytestmark = pytest.mark.django_db

JUNK: dict[str, str] = {
    "empty": "",
    "control": "a\x00b",
    "surrogate": "\ud800x",
    "number": "9" * 40,
    "minus": "-1",
    "float": "NaN",
    "date": "2026-02-30T25:61",
    "old": "0001-01-01",
    "far": "9999-12-31T23:59",
    "long": "长" * 5000,
    "sql": "'; DROP TABLE orders_order; --%",
    "html": "<script>alert(1)</script>{{ 7*7 }}",
    "bidi": "\u202e\u2066=1+1",
    "digits": "²٣",  # isdigit, and no ids
}
# Beside the fields of forms: what addresses carry.
ADDRESS_NAMES = (
    *("q", "after", "before", "page", "section", "who", "view", "columns", "group", "ordering", "month", "day", "ids"),
    *("status", "stage", "customer", "clerk", "team", "template", "promised_after", "promised_before", "etd_from"),
    *("from", "to", "by", "code", "seen", "copy", "line", "lang", "next", "events", "rows", "operation", "chosen"),
)


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        world = make_world()
        connection.check_constraints()  # now, else after each test
        yield world
        transaction.set_rollback(True)


def field_names() -> list[str]:
    """The name of every field of every form there is."""
    get_resolver().url_patterns  # noqa: B018  reading them imports all views, and with them all forms
    names = set(ADDRESS_NAMES)
    ahead = [forms.Form, forms.ModelForm]
    while ahead:
        kind = ahead.pop()
        names |= set(getattr(kind, "base_fields", {}))
        ahead += kind.__subclasses__()
    return sorted(names)


@pytest.mark.parametrize("kind", JUNK)
@pytest.mark.parametrize("side", ["get", "post", "file"])
def test_nonsense_is_refused_in_words(world, kind, side):
    person = world.people["admin"]
    client = Client(raise_request_exception=False)
    client.force_login(person)
    value = JUNK[kind]
    if side == "get" and kind == "surrogate":
        value = value.encode("utf-8", "surrogatepass").decode("latin-1")
    sent = dict.fromkeys(field_names(), value)
    body = urlencode(sent, errors="surrogatepass") if side == "post" else ""  # once: some are long
    faults = []
    for name, entry in PAGES.items():
        if entry.reads is False if side == "get" else not entry.writes:
            continue
        url = url_of(name, entry, world, "own", person)
        with transaction.atomic():
            response = _send(client, side, url, sent, value, body)
            answer = response.getvalue() if response.streaming else response.content
            transaction.set_rollback(True)
        if response.status_code >= 500:
            faults.append(f"{side} {url}: {response.status_code}")
        if kind == "html" and b"<script>alert(1)</script>" in answer:
            faults.append(f"{side} {url}: shown as it was sent")

    assert faults == []


def _send(client: Client, side: str, url: str, sent: dict[str, str], value: str, body: str):
    if side == "get":
        # A few at a time: an address has its length.
        names = [name for name in sent if name in ADDRESS_NAMES]
        return client.get(url, dict.fromkeys(names, value[:200]))
    if side == "file":
        content = value.encode("utf-8", "surrogatepass") or b"0"
        return client.post(url, {name: SimpleUploadedFile("x.xlsx", content) for name in ("file", "files")})
    return client.post(url, body, content_type="application/x-www-form-urlencoded")


@pytest.mark.parametrize("body", [None, [], "x", 5, {"x": 1}, {"ids": "x"}, {"ids": [{}]}, {"lines": [[]]}])
def test_endpoints_refuse_bodies_of_another_shape(world, body):
    person = world.people["admin"]
    client = APIClient(raise_request_exception=False)
    client.force_login(person)
    faults = []
    for name, entry in API.items():
        for method in entry.writes:
            url = url_of(name, entry, world, "own", person)
            with transaction.atomic():
                response = getattr(client, method)(url, data=body, format="json")
                transaction.set_rollback(True)
            if response.status_code >= 500:
                faults.append(f"{method} {url}: {response.status_code}")

    assert faults == []
