"""A webhook for other programs: the whole message as JSON, signed, with a key that tells repeats (docs/channels.md)."""

import hmac
from typing import Any

from teams.notifications.channels import Parcel, Receipt
from teams.notifications.channels.over_http import HttpChannel
from teams.notifications.transport import Answer, check_status


class Webhook(HttpChannel):
    """Config: `url`, and `secret` for the signature."""

    def form(self, parcel: Parcel) -> dict[str, Any]:
        content = parcel.content
        return {
            "id": parcel.delivery_id,
            "address": parcel.address,
            "language": parcel.language,
            "is_urgent": content.is_urgent,
            "title": content.title,
            "intro": content.intro,
            "url": content.url,
            "groups": [
                {
                    "title": group.title,
                    "entries": [
                        {
                            "key": entry.key,
                            "headline": entry.headline,
                            "lines": list(entry.lines),
                            "url": entry.url,
                            "answer_url": entry.answer_url,
                        }
                        for entry in group.entries
                    ],
                }
                for group in content.groups
            ],
            "footer": list(content.footer),
        }

    def headers(self, parcel: Parcel, body: bytes) -> dict[str, str]:
        headers = {**super().headers(parcel, body), "Idempotency-Key": parcel.delivery_id}
        if secret := self.config.get("secret"):
            timestamp = str(int(parcel.at))
            headers |= {
                "X-Gendan-Timestamp": timestamp,
                "X-Gendan-Signature": f"sha256={signature(secret, timestamp, body)}",
            }
        return headers

    def judge(self, answer: Answer) -> Receipt:
        check_status(answer)
        return Receipt(str(answer.status))


def signature(secret: str, timestamp: str, body: bytes) -> str:
    return hmac.digest(secret.encode(), f"{timestamp}.".encode() + body, "sha256").hex()
