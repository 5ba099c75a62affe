"""Pages and answers travel compressed to who can read that; files and streams go as they are."""

import gzip

import pytest
from django.test import Client

from tests.config.world import make_world

pytestmark = pytest.mark.django_db


def test_pages_and_answers_travel_compressed_and_files_as_they_are():
    world = make_world()
    client = Client()
    client.force_login(world.people["manager"])
    document = world.sides["own"].document

    for path, kind in (("/orders/", "text/html"), ("/api/v1/orders/", "application/json")):
        plain, packed = client.get(path), client.get(path, headers={"Accept-Encoding": "gzip, br"})
        assert "Content-Encoding" not in plain.headers
        assert (packed.headers["Content-Encoding"], packed.headers["Vary"].count("Accept-Encoding")) == ("gzip", 1)
        assert packed.headers["Content-Type"].startswith(kind)
        assert len(packed.content) == int(packed.headers["Content-Length"]) < len(plain.content) / 2
        assert world.sides["own"].order.number in gzip.decompress(packed.content).decode()

    for path in (f"/api/v1/documents/{document.pk}/download/", "/orders/export/?format=csv"):
        answer = client.get(path, headers={"Accept-Encoding": "gzip"})
        assert (answer.status_code, answer.streaming) == (200, True)
        assert "Content-Encoding" not in answer.headers
