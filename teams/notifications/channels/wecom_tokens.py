"""WeCom's access tokens, which a process shares: asking for one too often is a fault there."""

import hashlib
import threading
import time
from collections.abc import Callable

from django.utils.translation import gettext as _

from teams.notifications.channels import ChannelError

# A token is renewed so long before its end.
_EARLY_SECONDS = 300.0


class Token:
    """One application's token; whoever needs it first fetches it, the others wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value, self._until = "", 0.0

    def get(self, fetch: Callable[[float], tuple[str, float]], end: float, *, instead_of: str = "") -> str:
        """The token, fetched anew if it is old or is the one that was refused; in time before `end`.

        Raises:
            ChannelError
        """
        if not self._lock.acquire(timeout=max(end - time.monotonic(), 0)):
            raise ChannelError(_("WeCom gives no access token."), is_unreachable=True)
        try:
            if not self._value or self._value == instead_of or time.monotonic() >= self._until:
                self._value, lifetime = fetch(end - time.monotonic())
                self._until = time.monotonic() + max(lifetime - _EARLY_SECONDS, lifetime / 2)
            return self._value
        finally:
            self._lock.release()


_tokens: dict[str, Token] = {}
_tokens_lock = threading.Lock()


def token_of(*application: str) -> Token:
    """The token of one application, named by its address, company and secret."""
    name = hashlib.sha256("\0".join(application).encode()).hexdigest()
    with _tokens_lock:
        return _tokens.setdefault(name, Token())
