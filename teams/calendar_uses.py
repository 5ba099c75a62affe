"""Who works by a calendar, for the list of calendars: apps above register what of theirs names one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import ngettext

from teams.models import Team


@dataclass(frozen=True)
class Use:
    """`counts` gives how many rows name each calendar, by its id; `words` says a number of them."""

    counts: Callable[[], Mapping[int, int]]
    words: Callable[[int], str]


def _team_counts() -> Mapping[int, int]:
    return dict(Team.objects.order_by().values_list("calendar").annotate(count=Count("pk")))


def _team_words(count: int) -> str:
    return ngettext("%(count)d team", "%(count)d teams", count) % {"count": count}


_uses: list[Use] = [Use(_team_counts, _team_words)]


def register(use: Use) -> None:
    if use not in _uses:
        _uses.append(use)


def uses_by_calendar() -> dict[int, list[str]]:
    """What uses each calendar, in words; one query for each kind of user."""
    found: dict[int, list[str]] = {}
    for use in _uses:
        for calendar_id, count in use.counts().items():
            found.setdefault(calendar_id, []).append(use.words(count))
    return found
