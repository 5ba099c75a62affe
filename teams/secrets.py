"""Secrets that rows of the database hold for us: sealed with a key that is not in the database (reliability C62)."""

import base64
import json
from collections.abc import Mapping
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes

_PURPOSE = b"gendan.teams.secrets.1"
_SHOWN = 4


class Unreadable(Exception):
    """Sealed with a key that is not known here any more, or not sealed at all."""


def seal(values: Mapping[str, str]) -> str:
    """The values as a text for a database column; each call gives another text."""
    content = json.dumps(dict(values), ensure_ascii=False, sort_keys=True)
    return _box(_keys()).encrypt(content.encode()).decode()


def unseal(text: str) -> dict[str, str]:
    """What `seal` was given.

    Raises:
        Unreadable
    """
    try:
        values = json.loads(_box(_keys()).decrypt(text.encode()))
    except InvalidToken:
        raise Unreadable("sealed with a key that is not among CHANNEL_KEY, SECRET_KEY and its fallbacks") from None
    return dict(values)


def hint(value: str) -> str:
    """Enough of a secret to recognise it: its end, and of a short one nothing."""
    return "…" + (value[-_SHOWN:] if len(value) >= 3 * _SHOWN else "")


def _keys() -> tuple[str | bytes, ...]:
    """The first one seals, all of them open: CHANNEL_KEY may be set, changed or dropped while secrets are kept."""
    keys = (settings.CHANNEL_KEY, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return tuple(key for key in keys if key)


@lru_cache(maxsize=4)
def _box(keys: tuple[str | bytes, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str | bytes) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE)
    return base64.urlsafe_b64encode(derivation.derive(force_bytes(key)))
