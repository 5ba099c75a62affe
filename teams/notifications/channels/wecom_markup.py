"""WeCom's Markdown, for its robots and its applications."""

import re

from teams.notifications.channels import words
from teams.notifications.channels.dialects import Dialect
from teams.notifications.channels.fitting import fit
from teams.notifications.content import Content

DIALECT = Dialect(words.twinned, faint='<font color="comment">{}</font>')
USER_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.@-]{0,63}")


def is_user_id(address: str) -> bool:
    """Whether it names one member; `all` and `@all` would name everybody."""
    return bool(USER_ID.fullmatch(address)) and address.lower() != "all"


def markdown(content: Content, mention: str, limit: int) -> str:
    """The message in at most `limit` bytes."""

    def form(part: Content, left_out: int) -> str:
        return words.joined(DIALECT.paragraphs(part, left_out, mention), "\n\n")

    return fit(content, form, lambda text: len(text.encode("utf-8", "replace")) / limit)
