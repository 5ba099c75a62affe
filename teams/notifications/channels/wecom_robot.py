"""WeCom group robot (企业微信群机器人)."""

from typing import Any

from django.utils.translation import pgettext_lazy

from teams.notifications.channels import Parcel, Receipt
from teams.notifications.channels.over_http import Codes, HttpChannel, check_code, code_of, json_object
from teams.notifications.channels.wecom_markup import DIALECT, is_user_id, markdown
from teams.notifications.transport import Answer

LIMIT = 4096
CODES = Codes(
    product=pgettext_lazy("product", "WeCom"),
    busy=frozenset({45009, 45033, 130101}),
    gone=frozenset({93000, 93004, 93008}),
    unfit=frozenset({40008, 40058, 44004, 45002}),
)


class WecomRobot(HttpChannel):
    """Config: `url`."""

    def form(self, parcel: Parcel) -> dict[str, Any]:
        mention = f"<@{parcel.address}>" if is_user_id(parcel.address) else DIALECT.for_whom(parcel)
        return {"msgtype": "markdown", "markdown": {"content": markdown(parcel.content, mention, LIMIT)}}

    def judge(self, answer: Answer) -> Receipt:
        check_code(code_of(json_object(answer), "errcode"), CODES)
        return Receipt("errcode 0")
