"""Settings of the measured reminders: every one in a message of its own, sends to the receiver on loopback allowed."""

from benchmarks.settings import *  # noqa: F403

OUTGOING_ALLOWED_HOSTS = ["127.0.0.1"]
MESSAGE_MAX_ITEMS = 1
URGENT_MESSAGES_A_DAY = None
