"""Asking the apps whether items are still true; a bad row holds up no other (reliability C10, R9)."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from teams.models import Notification
from teams.notifications import registry

logger = logging.getLogger(__name__)
Facts = Mapping[int, Mapping[str, Any]]


def ask(items: Sequence[Notification], now: datetime) -> tuple[Facts, dict[int, str]]:
    """The facts of the items still worth telling, and of those that could not be asked the error; by item id.

    Asked for all items of a kind at once, and one by one only if that fails.
    """
    by_kind: dict[str, list[Notification]] = {}
    for item in items:
        by_kind.setdefault(item.kind, []).append(item)
    facts: dict[int, Mapping[str, Any]] = {}
    errors: dict[int, str] = {}
    for group in by_kind.values():
        told, failed = _ask(group, now)
        facts |= told
        errors |= failed
    return facts, errors


def _ask(group: Sequence[Notification], now: datetime) -> tuple[Facts, dict[int, str]]:
    try:
        with transaction.atomic():
            return registry.get(group[0].kind).still_true(group, now), {}
    except Exception as error:
        if len(group) > 1:
            answers = [_ask([item], now) for item in group]
            return (
                {pk: told for facts, _errors in answers for pk, told in facts.items()},
                {pk: text for _facts, errors in answers for pk, text in errors.items()},
            )
        logger.exception("item %s cannot be checked", group[0].pk)
        return {}, {group[0].pk: f"{type(error).__name__}: {error}".replace("\x00", "")[:300]}
