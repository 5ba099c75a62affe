"""Settings of the processes that the fault tests start and kill: short periods, a short lease, all sends to the sinks.

Every reminder goes out at once in a message of its own, so that each can be followed.
"""

import os

from config.settings.test import *  # noqa: F403
from config.settings.test import CELERY_BROKER_TRANSPORT_OPTIONS as TRANSPORT
from config.settings.test import INSTALLED_APPS as APPS

INSTALLED_APPS = [*APPS, "tests.faults.controls.ControlsConfig"]
CELERY_BROKER_URL = os.environ["FAULTS_BROKER_URL"]
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = "127.0.0.1"
EMAIL_PORT = int(os.environ["FAULTS_SMTP_PORT"])
EMAIL_TIMEOUT = 10
OUTGOING_ALLOWED_HOSTS = ["127.0.0.1"]
SWEEP_PERIOD_SECONDS = 1
DELIVER_PERIOD_SECONDS = 1
OUTBOX_LEASE_SECONDS = 8
MESSAGE_MAX_ITEMS = int(os.environ.get("FAULTS_MAX_ITEMS", "1"))
URGENT_MESSAGES_A_DAY = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    **TRANSPORT,
    "socket_timeout": int(os.environ.get("FAULTS_SOCKET_TIMEOUT", TRANSPORT["socket_timeout"])),
}
