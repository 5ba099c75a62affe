"""DingTalk group robot (钉钉群机器人)."""

import base64
import hmac
import re
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from teams.notifications.channels import Parcel, Receipt, words
from teams.notifications.channels.dialects import Dialect
from teams.notifications.channels.fitting import fit, shortened
from teams.notifications.channels.over_http import Codes, HttpChannel, check_code, code_of, encoded, json_object
from teams.notifications.content import Content
from teams.notifications.transport import Answer

LIMIT = 20_000
DIALECT = Dialect(words.twinned, line_end="  \n")
MOBILE = re.compile(r"\+?[0-9][0-9-]{5,19}")
USER_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.@$:-]{0,63}")
# It stands for too many messages in some places, in others for a robot that is not there.
_MIXED, _GONE = 300005, 300001
CODES = Codes(
    product=pgettext_lazy("product", "DingTalk"),
    busy=frozenset({_MIXED, 130101, 410100}),
    gone=frozenset({_GONE, 400013, 400101, 400102, 400106}),
    unfit=frozenset({40035, 43004, 400105, 430101, 430102, 430103, 430104, 460101}),
    locked={310000: _("DingTalk's security settings refuse it (code %(code)s): check keyword, secret and IP list.")},
)


class Dingtalk(HttpChannel):
    """Config: `url`, and `secret` if the robot checks signatures. Addresses are mobile numbers or userids."""

    def url(self, parcel: Parcel) -> str:
        url, secret = super().url(parcel), self.config.get("secret")
        return url + ("&" if "?" in url else "?") + signature(secret, parcel.at) if secret else url

    def form(self, parcel: Parcel) -> dict[str, Any]:
        address = parcel.address if parcel.address.lower() != "all" else ""
        is_mobile, is_user_id = MOBILE.fullmatch(address), USER_ID.fullmatch(address)
        at: dict[str, Any] = {"isAtAll": False}
        if is_mobile or is_user_id:
            at |= {"atMobiles" if is_mobile else "atUserIds": [address]}
            mention = f"@{address}"
        else:
            mention = DIALECT.for_whom(parcel)

        def form(part: Content, left_out: int) -> dict[str, Any]:
            text = words.joined(DIALECT.paragraphs(part, left_out, mention), "\n\n")
            title = shortened(words.one_line(part.title), 100)
            return {"msgtype": "markdown", "markdown": {"title": title, "text": text}, "at": at}

        return fit(parcel.content, form, lambda body: len(encoded(body)) / LIMIT)

    def judge(self, answer: Answer) -> Receipt:
        content = json_object(answer)
        code = code_of(content, "errcode")
        if code == _MIXED and "token" in str(content.get("errmsg")).lower():
            code = _GONE
        check_code(code, CODES)
        return Receipt("errcode 0")


def signature(secret: str, at: float) -> str:
    """The two parameters of a signed call, good for an hour."""
    timestamp = str(round(at * 1000))
    digest = hmac.digest(secret.encode(), f"{timestamp}\n{secret}".encode(), "sha256")
    return urlencode({"timestamp": timestamp, "sign": base64.b64encode(digest).decode()})
