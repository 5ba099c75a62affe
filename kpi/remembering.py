"""What may be a moment old is remembered in Redis; if that is away, it is found anew each time."""

import json
import logging
from collections.abc import Callable, Collection, Mapping
from typing import Any

import redis
from django.conf import settings
from django.core.cache import cache

logger = logging.getLogger(__name__)


def read(keys: Collection[str]) -> dict[str, Any]:
    """What was written under these keys and is not too old."""
    if not keys:
        return {}
    try:
        return {key: json.loads(text) for key, text in cache.get_many(keys).items()}
    except redis.RedisError:
        return {}


def write(values: Mapping[str, Any]) -> None:
    """Remember plain JSON values for as long as figures are kept."""
    if not values:
        return
    try:
        cache.set_many({key: json.dumps(value) for key, value in values.items()}, settings.KPI_KEPT_SECONDS)
    except redis.RedisError:
        logger.warning("nothing is remembered: Redis is away")


def remember(key: str, find: Callable[[], Any]) -> Any:
    """What `find` returns, plain JSON values; found once in the time that figures are kept."""
    if not settings.KPI_KEPT_SECONDS:
        return find()
    found = read([key])
    if key not in found:
        found[key] = find()
        write(found)
    return found[key]
