"""Guessed passwords and links: at most so many failed tries per account and per address in a window.

Counted in Postgres by one atomic statement, so parallel tries count too, and asked before any hashing. A browser that
once logged in to the account carries a signed cookie and is not slowed by strangers (reliability C57).
"""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db import connection
from django.db.models import F
from django.http import HttpRequest, HttpResponse

from teams.models import LoginAttempt, User

WINDOW = timedelta(minutes=15)
# "answer": links that led nowhere, by address; "test": messages that a person sent themselves to try a channel.
SHORT_WINDOW = timedelta(minutes=1)
SHORT_SCOPES = {"answer", "test"}
LIMITS = {"account": 10, "address": 50, "reset": 3, "answer": 30, "test": 5}
KNOWN_DEVICE_COOKIE = "gendan_device"
KNOWN_DEVICE_AGE = timedelta(days=180)
_SALT = "teams.known-device"


def client_address(request: HttpRequest) -> str:
    """The peer, or the value that the outermost of our own proxies wrote into X-Forwarded-For."""
    hops = settings.TRUSTED_PROXY_COUNT
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    return forwarded[-hops][:60] if hops and len(forwarded) >= hops else request.META.get("REMOTE_ADDR", "")


def take_try(request: HttpRequest, username: str, now: datetime) -> bool:
    """Count one try and tell whether it may be evaluated at all."""
    account = username.strip().lower()[:200]
    device = "device:" if is_known_device(request, username) else ""
    allowed = _count("account", f"{device}{account}", now) <= LIMITS["account"]
    return _count("address", client_address(request), now) <= LIMITS["address"] and allowed


def is_locked(request: HttpRequest, username: str, now: datetime) -> bool:
    """Whether the account or the address has no try left in this window; counts nothing."""
    account = username.strip().lower()[:200]
    device = "device:" if is_known_device(request, username) else ""
    keys = {"account": f"{device}{account}", "address": client_address(request)}
    return any(_used_up(scope, key, now) for scope, key in keys.items())


def take_reset(request: HttpRequest, email: str, now: datetime) -> bool:
    """Count one wish for a reset mail and tell whether it may be sent."""
    allowed = _count("reset", email.strip().lower()[:200], now) <= LIMITS["reset"]
    return _count("address", client_address(request), now) <= LIMITS["address"] and allowed


def take_miss(request: HttpRequest, kind: str, now: datetime) -> bool:
    """Count a link that led nowhere, by its address and by its `kind` (a `Miss`); tell whether its address may go on.

    What comes from an address without a try left is not counted: a flood of guesses writes nothing.
    """
    address = client_address(request)
    if _used_up("answer", address, now) or _count("answer", address, now) > LIMITS["answer"]:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO teams_linkmiss (kind, on_date, count) VALUES (%s, %s, 1)"
            " ON CONFLICT (kind, on_date) DO UPDATE SET count = teams_linkmiss.count + 1",
            [kind, now.astimezone(UTC).date()],
        )
    return True


def take_test(user: User, now: datetime) -> bool:
    """Count one message that a person sends themselves to try a channel, and tell whether it may go."""
    return _count("test", str(user.pk), now) <= LIMITS["test"]


def forget_tries(request: HttpRequest, username: str, now: datetime) -> None:
    """After a success: the account's count starts again, and the address gets its one try back.

    Else the colleagues of one office, who share an address, would lock each other out in the morning.
    """
    account = username.strip().lower()[:200]
    LoginAttempt.objects.filter(scope="account", key__in=[account, f"device:{account}"]).delete()
    address = LoginAttempt.objects.filter(scope="address", key=client_address(request), window_at=_window(now))
    address.filter(count__gt=0).update(count=F("count") - 1)


def remember_device(response: HttpResponse, username: str) -> None:
    """Mark the browser as one that logged in to this account."""
    response.set_cookie(
        KNOWN_DEVICE_COOKIE,
        signing.dumps(username.lower(), salt=_SALT),
        max_age=KNOWN_DEVICE_AGE,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def is_known_device(request: HttpRequest, username: str) -> bool:
    try:
        cookie = signing.loads(request.COOKIES.get(KNOWN_DEVICE_COOKIE, ""), salt=_SALT, max_age=KNOWN_DEVICE_AGE)
    except signing.BadSignature:
        return False
    return cookie == username.lower()


def forget_past_windows(now: datetime) -> int:
    """Delete the counts of windows that are over; returns how many."""
    return LoginAttempt.objects.filter(window_at__lt=_window(now)).delete()[0]


def _used_up(scope: str, key: str, now: datetime) -> bool:
    tries = LoginAttempt.objects.filter(scope=scope, key=key, window_at=_window(now, scope))
    return tries.filter(count__gte=LIMITS[scope]).exists()


def _count(scope: str, key: str, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO teams_loginattempt (scope, key, window_at, count) VALUES (%s, %s, %s, 1)"
            " ON CONFLICT (scope, key, window_at) DO UPDATE SET count = teams_loginattempt.count + 1 RETURNING count",
            [scope, key, _window(now, scope)],
        )
        return cursor.fetchone()[0]


def _window(now: datetime, scope: str = "") -> datetime:
    """When the window of `now` began; a quarter of an hour unless the scope has the short one."""
    seconds = (SHORT_WINDOW if scope in SHORT_SCOPES else WINDOW).total_seconds()
    return datetime.fromtimestamp(now.timestamp() // seconds * seconds, UTC)
