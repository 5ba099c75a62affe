"""Feishu and Lark group robot (飞书自定义机器人), by cards."""

import base64
import hmac
import json
import re
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from teams.notifications.channels import Parcel, Receipt, words
from teams.notifications.channels.dialects import Dialect, title_url
from teams.notifications.channels.fitting import fit
from teams.notifications.channels.over_http import Codes, HttpChannel, check_code, code_of, encoded, json_object
from teams.notifications.content import Content
from teams.notifications.transport import Answer

# Of the request; the signature is added later.
LIMIT, ELEMENTS = 30_000 - 200, 180
DIALECT = Dialect(words.entities)
OPEN_ID = re.compile(r"ou_[0-9A-Za-z]{8,64}")
_LOCKED = _("Feishu's security settings refuse it (code %(code)s): check signature, IP list and keyword.")
_MIXED, _UNFIT = 9499, 19002  # the first stands for a body that it cannot read, and for too many requests
CODES = Codes(
    product=pgettext_lazy("product", "Feishu"),
    busy=frozenset({_MIXED, 11232, 11233}),
    gone=frozenset({19001, 19007}),
    unfit=frozenset({_UNFIT}),
    locked=dict.fromkeys((19021, 19022, 19024), _LOCKED),
)


class Feishu(HttpChannel):
    """Config: `url`, and `secret` if the robot checks signatures. Addresses are open_ids."""

    def form(self, parcel: Parcel) -> dict[str, Any]:
        is_open_id = OPEN_ID.fullmatch(parcel.address)
        mention = f"<at id={parcel.address}></at>" if is_open_id else DIALECT.for_whom(parcel)

        def form(part: Content, left_out: int) -> dict[str, Any]:
            return {"msg_type": "interactive", "card": card(part, left_out, mention)}

        def load(body: dict[str, Any]) -> float:
            return max(len(encoded(body)) / LIMIT, len(body["card"]["elements"]) / ELEMENTS)

        body = fit(parcel.content, form, load)
        secret = self.config.get("secret")
        return {**body, **signature(secret, parcel.at)} if secret else body

    def judge(self, answer: Answer) -> Receipt:
        content = _coded(answer) or json_object(answer)
        code = code_of(content, "code", "StatusCode")
        if code == _MIXED and "bad request" in str(content.get("msg")).lower():
            code = _UNFIT
        check_code(code, CODES)
        return Receipt("code 0")


def _coded(answer: Answer) -> dict[str, Any] | None:
    """What it says beside a bad status: the code tells more."""
    if not 400 <= answer.status < 500:
        return None
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) and content.get("code") else None


def card(content: Content, left_out: int, mention: str) -> dict[str, Any]:
    elements = [_text(words.joined([mention, DIALECT.plain(content.intro)], "\n"))]
    for group in content.groups:
        elements.append(_text(DIALECT.heading(group.title)))
        elements += [_text(DIALECT.entry(entry, content)) for entry in group.entries]
    elements.append(_text(DIALECT.more(content, left_out)))
    if footer := [words.one_line(line) for line in content.footer if line.strip()]:
        elements.append({"tag": "note", "elements": [{"tag": "plain_text", "content": line} for line in footer]})
    url = words.href(title_url(content))
    return {
        "config": {"wide_screen_mode": True},
        **({"card_link": {"url": url}} if url else {}),
        "header": {
            "template": "red" if content.is_urgent else "blue",
            "title": {"tag": "plain_text", "content": words.one_line(content.title)},
        },
        "elements": [element for element in elements if element],
    }


def _text(text: str) -> dict[str, Any]:
    return {"tag": "div", "text": {"tag": "lark_md", "content": text}} if text else {}


def signature(secret: str, at: float) -> dict[str, str]:
    """The two fields of a signed message, good for an hour."""
    timestamp = str(int(at))
    digest = hmac.digest(f"{timestamp}\n{secret}".encode(), b"", "sha256")
    return {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}
