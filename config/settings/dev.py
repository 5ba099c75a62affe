"""Development and demo: embedded services, console mail. Default of manage.py."""

import os

import dj_database_url

from config.launcher.urls import database_url, redis_url
from config.settings.base import *  # noqa: F403
from config.settings.base import DATABASE_OPTIONS, cache_in

DEBUG = os.environ.get("GENDAN_DEBUG", "") == "1"
SECRET_KEY = os.environ.get("SECRET_KEY", "dev-only-key-never-used-in-production-0123456789")
ALLOWED_HOSTS = ["*"]
BASE_URL = os.environ.get("GENDAN_BASE_URL", "http://127.0.0.1:8000")
DATABASES = {"default": {**dj_database_url.parse(database_url()), **DATABASE_OPTIONS}}
CELERY_BROKER_URL = redis_url()
CACHES = cache_in(CELERY_BROKER_URL)
MEDIA_ROOT = os.environ.get("GENDAN_MEDIA_ROOT") or os.path.join(
    os.environ.get("GENDAN_DATA_DIR") or str(BASE_DIR / ".data"),  # noqa: F405
    "media",
)
# Static files straight from their sources; only production collects them.
STATIC_ROOT = None  # type: ignore[assignment]  # a path in production only
WHITENOISE_USE_FINDERS = True

if "EMAIL_HOST" in os.environ:
    EMAIL_HOST = os.environ["EMAIL_HOST"]
    EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "25"))
    EMAIL_TIMEOUT = 10
else:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
