"""Production: every secret from the environment or a file, nothing has a default that would be unsafe."""

import os
from pathlib import Path

import dj_database_url

from config.settings.base import *  # noqa: F403
from config.settings.base import DATABASE_OPTIONS, LOGGING, STORAGES, cache_in


def required(name: str) -> str:
    """Return the variable `name`, or the content of the file named by `name`_FILE; stop the start without either."""
    path = os.environ.get(f"{name}_FILE")
    value = Path(path).read_text().strip() if path else os.environ.get(name, "")
    if not value:
        raise SystemExit(f"Gendan does not start: set {name} (or {name}_FILE) in the environment.")
    if "change-me" in value:
        raise SystemExit(f"Gendan does not start: {name} still holds the example's value, which everybody knows.")
    return value


DEBUG = False
SECRET_KEY = required("SECRET_KEY")
SECRET_KEY_FALLBACKS = [key for key in os.environ.get("SECRET_KEY_FALLBACKS", "").split(",") if key]
BASE_URL = required("GENDAN_BASE_URL").rstrip("/")
ALLOWED_HOSTS = [host.strip() for host in required("ALLOWED_HOSTS").split(",")]
CSRF_TRUSTED_ORIGINS = [BASE_URL]
DATABASES = {"default": {**dj_database_url.parse(required("DATABASE_URL")), **DATABASE_OPTIONS}}
CELERY_BROKER_URL = required("REDIS_URL")
CACHES = cache_in(CELERY_BROKER_URL)
MEDIA_ROOT = os.environ.get("GENDAN_MEDIA_ROOT", "/srv/gendan/media")

EMAIL_HOST = os.environ.get("EMAIL_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
# STARTTLS on the plain port (587), or TLS from the first byte (465); never both.
EMAIL_USE_SSL = os.environ.get("EMAIL_USE_SSL", "") == "1"
EMAIL_USE_TLS = os.environ.get("EMAIL_USE_TLS", "") == "1" and not EMAIL_USE_SSL
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "Gendan <gendan@localhost>")

STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "config.assets.AssetStorage"}}

# TLS ends at the reverse proxy, which overwrites this header.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
TRUSTED_PROXY_COUNT = int(os.environ.get("TRUSTED_PROXY_COUNT", "1"))
SECURE_SSL_REDIRECT = True
# The container's own probes speak plain http.
SECURE_REDIRECT_EXEMPT = [r"^api/v1/health/"]
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrftoken"

LOGGING = {**LOGGING, "formatters": {"plain": {"()": "config.logs.JsonFormatter"}}}
