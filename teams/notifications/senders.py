"""Senders by channel, set up once in a run and closed at its end."""

import threading

from teams import secrets
from teams.models import Channel
from teams.notifications.channels import Sender
from teams.notifications.channels.catalog import CATALOG


class Senders:
    """Hands out the sender of a channel; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ready: dict[tuple[int, int], Sender] = {}

    def of(self, channel: Channel) -> Sender:
        """The sender for the channel's settings as they are.

        Raises:
            Exception: whatever the settings lack, e.g. `teams.secrets.Unreadable` after a change of keys.
        """
        key = (channel.pk, channel.version)
        with self._lock:
            if key not in self._ready:
                self._ready[key] = make_sender(channel)
            return self._ready[key]

    def close(self) -> None:
        for sender in self._ready.values():
            sender.close()


def make_sender(channel: Channel) -> Sender:
    config = secrets.unseal(channel.config) if channel.config else {}
    return CATALOG[channel.kind].sender(config)
