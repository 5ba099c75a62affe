"""Tests: a fresh Postgres of their own, fast password hashing, mail kept in memory."""

import os

import dj_database_url

from config.launcher.throwaway import throwaway_cluster, throwaway_folder
from config.settings.base import *  # noqa: F403
from config.settings.base import DATABASE_OPTIONS

DEBUG = False
SECRET_KEY = "test-only"
ALLOWED_HOSTS = ["*"]
BASE_URL = "http://testserver"
# Inherited by the processes that a test starts, so they meet the same database server.
if "TEST_DATABASE_URL" not in os.environ:
    os.environ["TEST_DATABASE_URL"] = throwaway_cluster()
DATABASES = {"default": {**dj_database_url.parse(os.environ["TEST_DATABASE_URL"]), **DATABASE_OPTIONS}}
CELERY_BROKER_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:1/0")
KPI_KEPT_SECONDS = 0
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MEDIA_ROOT = throwaway_folder()
# Static files straight from their sources, as in dev.
STATIC_ROOT = None  # type: ignore[assignment]  # a path in production only
WHITENOISE_USE_FINDERS = True
