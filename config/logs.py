"""Log lines as JSON, one event per line, without bodies and with secrets masked."""

import json
import logging
import re
from datetime import UTC, datetime

SECRET_SHAPE = re.compile(
    r"(gdn_[A-Za-z0-9_-]{6})[A-Za-z0-9_-]+"
    r"|((?:password|token|secret|key)[\"']?\s*[=:]\s*[\"']?)[^\s\"',&]+"
    r"|(/a/)[A-Za-z0-9_-]{16,}",  # a link that answers a message
    re.I,
)


class JsonFormatter(logging.Formatter):
    """One JSON object a record: time (UTC), level, logger, message, and the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": mask(record.getMessage()),
        }
        if reference := getattr(record, "reference", None):
            line["reference"] = reference
        if record.exc_info:
            line["traceback"] = mask(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def mask(text: str) -> str:
    """Hide API tokens, links without a log-in, and values that are named as secrets."""
    return SECRET_SHAPE.sub(lambda match: f"{match[1] or match[2] or match[3]}***", text)
