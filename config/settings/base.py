"""Settings shared by dev, test and production; everything secret or local comes from the environment."""

import os
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent.parent

INSTALLED_APPS = [
    "config.apps.ConfigConfig",
    "kpi.apps.KpiConfig",
    "orders.apps.OrdersConfig",
    "customers.apps.CustomersConfig",
    "teams.apps.TeamsConfig",
    "config.apps.SettingsAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "lucide",
]

MIDDLEWARE = [
    "config.middleware.InputGuardMiddleware",
    "config.middleware.DatabaseAwayMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.CompressionMiddleware",
    "config.middleware.BrowserPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "teams.middleware.PersonMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "teams.middleware.RefusalMiddleware",
]

# How long figures of a dashboard are kept at most, while no order changes; 0 counts them anew each time.
KPI_KEPT_SECONDS = 60

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "teams.context.workspace",
            ],
        },
    },
]

AUTH_USER_MODEL = "teams.User"
AUTHENTICATION_BACKENDS = ["teams.authentication.ThrottledBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "teams.authentication.MaximumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "teams.authentication.TunedArgon2Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
PASSWORD_RESET_TIMEOUT = 3600

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "config.assets.VendorFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# What the pages load from registry packages: name under static/ -> path under node_modules/.
VENDOR_ASSETS = {
    "vendor/tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "vendor/tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "vendor/htmx.min.js": "htmx.org/dist/htmx.min.js",
    "vendor/echarts.min.js": "echarts/dist/echarts.common.min.js",
    "vendor/echarts.whole.min.js": "echarts/dist/echarts.min.js",  # heat maps; only their pages load it
}

# Uploads are never served by path: the document view checks the right to the order first.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DOCUMENT_MAX_BYTES = 20 * 1024 * 1024

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "teams.authentication.TokenAuthentication",
        "teams.authentication.BrowserSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["teams.api.parsers.GuardedJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["teams.api.filtering.AskedFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "teams.api.pagination.ContractCursorPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "teams.api.errors.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "URL_FORMAT_OVERRIDE": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Gendan API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "SideEnum": "orders.words.Side",
        "DocumentKindEnum": "orders.models.documents.DocumentKind",
        "StepChangeEnum": "orders.words.StepChange",
        "OrderStatusEnum": "orders.workflow.OrderStatus",
        "MilestoneStatusEnum": "orders.workflow.MilestoneStatus",
        "ShipmentStatusEnum": "orders.workflow.ShipmentStatus",
        "DocumentStatusEnum": "orders.models.documents.OrderDocument.Status",
    },
}

DATABASE_OPTIONS = {
    "CONN_MAX_AGE": 60,
    "CONN_HEALTH_CHECKS": True,
    # PgBouncer in transaction mode has to work.
    "DISABLE_SERVER_SIDE_CURSORS": True,
}

DEFAULT_FROM_EMAIL = "Gendan <gendan@localhost>"

# Celery: every value was measured under killed brokers and workers, see docs/decisions/0004-outbox-and-celery.md.
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_PREFETCH_COUNT_REDUCTION = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_BACKEND = None
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SOFT_TIME_LIMIT = 50
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_DEFAULT_QUEUE = "tick"
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "health_check_interval": 25,
    "socket_keepalive": True,
    "socket_timeout": 30,
}
CELERY_TIMEZONE = "UTC"

# Reminders: what the sweep and the delivery may do at once.
OUTBOX_CLAIM_SIZE = 8
OUTBOX_LEASE_SECONDS = 60
OUTBOX_MAX_ATTEMPTS = 8
# A person's messages in one channel: so many items in one, so many urgent ones on a day (None: no limit) so far apart,
# and the morning digest. What is more joins the next digest; the inbox has everything at once.
MESSAGE_MAX_ITEMS = 200
URGENT_MESSAGES_A_DAY = 2
URGENT_SPACING_SECONDS = 2 * 3600
# How long a message can be answered by its link.
ANSWER_LINK_DAYS = 7
SWEEP_PERIOD_SECONDS = 60
DELIVER_PERIOD_SECONDS = 10
# How often a worker looks for re-planning that nobody works on; whoever starts one has a worker look at once.
PLAN_JOBS_PERIOD_SECONDS = 30
# How often rows that have served their time are deleted.
LEFTOVERS_PERIOD_SECONDS = 3600
CLOSING_PERIOD_SECONDS = 3600

# Seals the secrets of channels; empty means that SECRET_KEY does.
CHANNEL_KEY = os.environ.get("CHANNEL_KEY", "")
# Where messages may go although it lies inside or has an unusual port: "host", "host:port", "10.1.0.0/16".
OUTGOING_ALLOWED_HOSTS = [
    entry.strip() for entry in os.environ.get("GENDAN_ALLOWED_INTERNAL_HOSTS", "").split(",") if entry.strip()
]

# How many of our own proxies append to X-Forwarded-For; 0 means the peer is the client.
TRUSTED_PROXY_COUNT = 0

# Errors reach the process's own log whatever DEBUG says; production writes JSON lines instead.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"django": {"handlers": ["console"], "level": "INFO", "propagate": False}},
}


def cache_in(url: str) -> dict[str, Any]:
    """Django's cache in the Redis that `url` names; one that does not answer at once is done without."""
    patience = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
    return {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url, "OPTIONS": patience}}
