"""Settings of the measured server: as in production, on the benchmark's own database and over plain HTTP."""

import os

import dj_database_url

from config.settings.base import *  # noqa: F403
from config.settings.base import DATABASE_OPTIONS, MIDDLEWARE

DEBUG = False
SECRET_KEY = "benchmark-only"  # noqa: S105
ALLOWED_HOSTS = ["*"]
BASE_URL = "http://127.0.0.1"
DATABASES = {"default": {**dj_database_url.parse(os.environ["BENCH_DATABASE_URL"]), **DATABASE_OPTIONS}}
# Each of the two web workers keeps its own, since there is no Redis here.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
MEDIA_ROOT = os.environ["BENCH_FOLDER"] + "/media"
ROOT_URLCONF = "benchmarks.urls"
MIDDLEWARE = ["benchmarks.floor.BareViewMiddleware", *MIDDLEWARE]
EMAIL_HOST, EMAIL_PORT = "127.0.0.1", int(os.environ.get("BENCH_SMTP_PORT", "25"))
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
