"""The instant of what happened on a day of which no time is said. Pure."""

from datetime import date, datetime, time, tzinfo

_NOON = time(12)


def instant_on(day: date, *, zone: tzinfo, now: datetime, after: datetime | None = None) -> datetime:
    """Noon of the day in `zone`; of today no later than `now`, since what has happened lies not ahead.

    A day to come stays one, for the service to refuse. `after` is what happened before it: if that was later on the
    same day, the same instant is meant.
    """
    at = datetime.combine(day, _NOON, zone)
    if day == now.astimezone(zone).date():
        at = min(at, now)
    return max(at, after) if after is not None and after.astimezone(zone).date() == day else at
