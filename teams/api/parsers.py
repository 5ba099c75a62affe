"""JSON as Postgres can hold it: no NUL, no lone surrogates, no bottomless nesting."""

import json
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

MAX_DEPTH = 64


class GuardedJSONParser(JSONParser):
    """Strict JSON in UTF-8; everything a later layer would stumble over is refused here with 400."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            text = stream.read().decode("utf-8-sig")
            value = json.loads(text, parse_constant=_refuse_constant)
        except (UnicodeDecodeError, ValueError, RecursionError) as error:
            raise ParseError(_("The body is not valid JSON in UTF-8.")) from error
        check_json(value)
        return value


def check_json(value: Any) -> None:
    """Refuse NUL characters, lone surrogates and nesting deeper than 64 levels, without recursion."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise ParseError(_("The JSON is nested too deep."))
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.keys())
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
            elif isinstance(item, str) and ("\x00" in item or any("\ud800" <= char <= "\udfff" for char in item)):
                raise ParseError(_("The text holds characters that cannot be stored (NUL or half a character)."))
        level = below


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
