"""What all channels over HTTP have in common: one request a message, and an answer that has to be read."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils import translation
from django.utils.translation import gettext as _

from teams.notifications.channels import ChannelError, Parcel, Receipt
from teams.notifications.transport import USUAL_PAUSE, Answer, Post, Transport, check_status

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as Text


class HttpChannel(ABC):
    """Sends each parcel by one POST of JSON. `post` is the way out; the channel closes only one of its own."""

    def __init__(self, config: Mapping[str, str], post: Post | None = None) -> None:
        self.config = config
        self._own = None if post else Transport()
        self._post: Post = post or self._own  # type: ignore[assignment]  # one of the two is there

    def send(self, parcel: Parcel) -> Receipt:
        """Put it into form in the reader's language, and send it.

        Raises:
            ChannelError
            Exception: whatever putting it into form stumbled over.
        """
        with translation.override(parcel.language):
            body = encoded(self.form(parcel))
        return self.judge(self._post(self.url(parcel), body, self.headers(parcel, body)))

    def url(self, parcel: Parcel) -> str:
        return self.config["url"]

    def headers(self, parcel: Parcel, body: bytes) -> dict[str, str]:
        return {"Content-Type": "application/json; charset=utf-8", "X-Gendan-Delivery": parcel.delivery_id}

    @abstractmethod
    def form(self, parcel: Parcel) -> Mapping[str, Any]:
        """The message as this product wants it, in the language in force."""

    @abstractmethod
    def judge(self, answer: Answer) -> Receipt:
        """Whether it was taken.

        Raises:
            ChannelError
        """

    def close(self) -> None:
        if self._own is not None:
            self._own.close()


def encoded(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


@dataclass(frozen=True)
class Codes:
    """What a product's result codes mean. Other codes than these may be different the next time."""

    product: "Text"
    busy: frozenset[int] = frozenset()  # too fast: a pause helps
    gone: frozenset[int] = frozenset()  # the robot is there no more
    unfit: frozenset[int] = frozenset()  # this message will not be taken, now or later
    locked: "Mapping[int, Text]" = field(default_factory=dict)  # its security settings refuse us


def json_object(answer: Answer) -> Mapping[str, Any]:
    """The object that a successful answer holds.

    Raises:
        ChannelError: the status says no, or the answer is something else, such as the page of a proxy.
    """
    check_status(answer)
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise unreadable()
    return content


def unreadable() -> ChannelError:
    reason = _("The other side answered with something else than a result; whether the message arrived is not known.")
    return ChannelError(reason, is_outcome_unknown=True)


def code_of(content: Mapping[str, Any], *names: str) -> int:
    """The result code, under the first of the names that is there.

    Raises:
        ChannelError
    """
    code = next((content[name] for name in names if name in content), None)
    if type(code) is not int:
        raise unreadable()
    return code


def check_code(code: int, codes: Codes) -> None:
    """Success is the code 0 and nothing else (reliability C13).

    Raises:
        ChannelError
    """
    names = {"product": codes.product, "code": code}
    if code in codes.busy:
        reason = _("%(product)s takes no more messages for the moment (code %(code)s).")
        raise ChannelError(reason % names, retry_after=USUAL_PAUSE)
    if code in codes.gone:
        reason = _("%(product)s does not know this robot any more (code %(code)s).")
        raise ChannelError(reason % names, permanent=True, is_address_dead=True)
    if code in codes.locked:
        raise ChannelError(str(codes.locked[code]) % names, permanent=True)
    if code:
        reason = _("%(product)s did not take the message (code %(code)s).")
        raise ChannelError(reason % names, permanent=code in codes.unfit)
