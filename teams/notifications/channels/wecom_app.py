"""WeCom application (企业微信应用消息): to each member in person, and a repeat of the same text is dropped."""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from teams.notifications.channels import ChannelError, Parcel, Receipt
from teams.notifications.channels.over_http import Codes, HttpChannel, check_code, code_of, encoded, json_object
from teams.notifications.channels.wecom_markup import is_user_id, markdown
from teams.notifications.channels.wecom_tokens import Token, token_of
from teams.notifications.transport import SEND_SECONDS, Answer, Post

LIMIT = 2048
HOST = "https://qyapi.weixin.qq.com"
CODES = Codes(
    product=pgettext_lazy("product", "WeCom"),
    busy=frozenset({45009, 45011, 45033}),
    unfit=frozenset({40008, 40058, 44004, 45002}),
)
_STALE = frozenset({40014, 42001})
_NOBODY = frozenset({40003, 40031, 46004, 60111, 81013})
# The settings of the application: messages wait until somebody mends them.
_SETTINGS = frozenset({40001, 40013, 40056, 40091, 48002, 60020, 301002})


class WecomApp(HttpChannel):
    """Config: `corp_id`, `agent_id`, `secret`, and `base_url` for a private WeCom. Addresses are userids."""

    def __init__(self, config: Mapping[str, str], post: Post | None = None) -> None:
        super().__init__(config, post)
        self._base = (config.get("base_url") or HOST).rstrip("/")
        self._token: Token = token_of(self._base, config["corp_id"], config["secret"])

    def send(self, parcel: Parcel) -> Receipt:
        """As any channel; a token that WeCom ended early is renewed once."""
        if not is_user_id(parcel.address):
            raise _nobody()
        end = time.monotonic() + SEND_SECONDS
        with translation.override(parcel.language):
            body = encoded(self.form(parcel))
        token = self._token.get(self._fetch, end)
        answer = self._deliver(token, parcel, body, end)
        if code_of(json_object(answer), "errcode") in _STALE:
            answer = self._deliver(self._token.get(self._fetch, end, instead_of=token), parcel, body, end)
        return self.judge(answer)

    def form(self, parcel: Parcel) -> dict[str, Any]:
        return {
            "touser": parcel.address,
            "msgtype": "markdown",
            "agentid": int(self.config["agent_id"]),
            "markdown": {"content": markdown(parcel.content, "", LIMIT)},
            "enable_duplicate_check": 1,
            "duplicate_check_interval": 4 * 3600,
        }

    def _deliver(self, token: str, parcel: Parcel, body: bytes, end: float) -> Answer:
        url = f"{self._base}/cgi-bin/message/send?{urlencode({'access_token': token})}"
        return self._post(url, body, self.headers(parcel, body), seconds=end - time.monotonic())

    def _fetch(self, seconds: float) -> tuple[str, float]:
        """A token and how many seconds it lives."""
        names = urlencode({"corpid": self.config["corp_id"], "corpsecret": self.config["secret"]})
        try:
            content = json_object(self._post(f"{self._base}/cgi-bin/gettoken?{names}", None, {}, seconds=seconds))
            _check_settings(code := code_of(content, "errcode"))
            check_code(code, CODES)
        except ChannelError as error:
            # Whatever it was, no message is on its way yet, and it is the same for each of them.
            raise ChannelError(str(error), is_unreachable=True, retry_after=error.retry_after) from error
        return str(content.get("access_token", "")), float(content.get("expires_in") or 0)

    def judge(self, answer: Answer) -> Receipt:
        content = json_object(answer)
        code = code_of(content, "errcode")
        is_left_out = content.get("invaliduser") or content.get("unlicenseduser")
        if code in _NOBODY or (code == 0 and is_left_out):  # Success, and nobody got it.
            raise _nobody()
        _check_settings(code)
        check_code(code, CODES)
        name = content.get("msgid")
        return Receipt(f"errcode 0, msgid {name[:64]}" if isinstance(name, str) else "errcode 0")


def _check_settings(code: int) -> None:
    if code in _SETTINGS or code in _STALE:
        reason = _("WeCom does not let this application in (code %(code)s): check its ID, secret and trusted IPs.")
        raise ChannelError(reason % {"code": code}, is_unreachable=True)


def _nobody() -> ChannelError:
    reason = _("WeCom has no member of this userid whom the application may write to.")
    return ChannelError(reason, permanent=True, is_address_dead=True)
