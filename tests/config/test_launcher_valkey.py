"""The embedded broker: keeps its queue, keeps its address where it can, lets nobody in without the password."""

import socket

import pytest
import redis

from config.launcher.valkey import Valkey, valkey_url


@pytest.fixture
def valkey(tmp_path):
    valkey = Valkey(tmp_path / "valkey")
    yield valkey
    valkey.stop()


def start(valkey: Valkey) -> redis.Redis:
    valkey.start()
    valkey.wait_until_ready()
    return redis.Redis.from_url(valkey.url, decode_responses=True)


def test_a_queue_survives_a_restart_at_the_same_address(valkey):
    client = start(valkey)
    client.rpush("tick", "work")
    before = valkey.url
    client.close()
    valkey.stop()

    client = start(valkey)

    assert valkey.url == before
    assert client.lrange("tick", 0, -1) == ["work"]
    client.close()


def test_a_taken_port_is_changed_and_everybody_learns_of_it(valkey):
    before = valkey.url
    port = int(before.rsplit(":", 1)[1].split("/")[0])
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", port))
        stranger.listen()

        client = start(valkey)

        assert valkey_url(valkey.folder) == valkey.url != before
        assert client.ping() is True
        client.close()


def test_strangers_on_the_machine_are_refused(valkey):
    start(valkey).close()
    port = valkey.url.rsplit(":", 1)[1].split("/")[0]
    stranger = redis.Redis(port=int(port))

    with pytest.raises(redis.AuthenticationError):
        stranger.ping()
    stranger.close()
    assert {path.name: path.stat().st_mode & 0o077 for path in valkey.folder.glob("*.json")} == {"access.json": 0}
    assert (valkey.folder / "valkey.conf").stat().st_mode & 0o077 == 0


def test_full_memory_never_drops_a_queue(valkey):
    client = start(valkey)

    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    client.close()
