"""Bodies as Postgres can hold them: no NUL, no lone surrogates, no bottomless nesting, no endless text."""

import json
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import DataAndFiles, JSONParser, MultiPartParser

MAX_DEPTH = 64


class GuardedJSONParser(JSONParser):
    """Strict JSON in UTF-8; everything a later layer would stumble over is refused here with 400."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(most + 1)
        if len(raw) > most:
            raise RequestDataTooBig
        try:
            value = json.loads(
                raw.decode("utf-8-sig"),
                parse_constant=_refuse_constant,
                parse_float=Decimal,  # 0.1 stays 0.1, and 1e999 does not become infinite
                object_pairs_hook=_object_of,
            )
        except (UnicodeDecodeError, ValueError, RecursionError) as error:
            raise ParseError(_("The body is not valid JSON in UTF-8.")) from error
        check_json(value)
        return value


class GuardedMultiPartParser(MultiPartParser):
    """A form with files; its names and texts are held to the same rules as JSON."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> DataAndFiles:
        parsed = super().parse(stream, media_type, parser_context)
        uploads: Any = dict(parsed.files.lists())
        names = [[name, *(upload.name for upload in sent)] for name, sent in uploads.items()]
        check_json([dict(parsed.data.lists()), names])
        return parsed


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


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; a name that stands twice is refused, since readers disagree on which one counts."""
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name stands twice")
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
