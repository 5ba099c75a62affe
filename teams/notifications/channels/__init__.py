"""The ways to reach a person outside the product. One class a file, with `send(parcel)`."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from teams.notifications.content import Content


class ChannelError(Exception):
    """The message did not go out, as far as is known; the text is a readable reason that shows no secret.

    `permanent`: no later try can help. `is_unreachable`: the channel itself is away, so other messages need not try
    now. `is_outcome_unknown`: the other side may have taken the message; another try may be a repeat.
    `is_address_dead`: this person's address is refused, the channel works. `retry_after`: the other side asks for a
    pause of the whole channel (a limit was met); such a try counts as none.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        is_unreachable: bool = False,
        is_outcome_unknown: bool = False,
        is_address_dead: bool = False,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.is_unreachable = is_unreachable
        self.is_outcome_unknown = is_outcome_unknown
        self.is_address_dead = is_address_dead
        self.retry_after = retry_after


@dataclass(frozen=True)
class Parcel:
    """One message for one person over one channel, ready to go.

    `address` is the person's name in that channel: a mail address, a user id, or for robots whom to mention (may be
    empty). `delivery_id` stays the same however often the message is sent; `is_repeat` says that an earlier try may
    have arrived.
    """

    delivery_id: str
    address: str
    content: Content
    language: str = "zh-hans"
    name: str = ""  # the person's own: what a robot writes where it can mention nobody
    is_repeat: bool = False
    # Epoch seconds by the database's clock, which signatures are made with: a worker's own may be wrong by hours.
    at: float = field(default_factory=time.time)


@dataclass(frozen=True)
class Receipt:
    """What the other side answered to a message it took; `detail` is shown to the administrator."""

    detail: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


class Sender(Protocol):
    """A channel that is set up: safe to use from several threads until `close`."""

    def send(self, parcel: Parcel) -> Receipt:
        """Send it, within ten seconds.

        Raises:
            ChannelError
            Exception: whatever putting the content into form stumbled over.
        """

    def close(self) -> None: ...
