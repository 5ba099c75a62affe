"""The instant of what happened on a day of which no time is said. Pure."""

from datetime import date, datetime, time, tzinfo

_NOON = time(12)


def instant_on(day: date, *, zone: tzinfo, now: datetime) -> datetime:
    """Noon of the day in `zone`; of today no later than `now`, since what has happened lies not ahead.

    A day to come stays one, for the service to refuse.
    """
    noon = datetime.combine(day, _NOON, zone)
    return min(noon, now) if day == now.astimezone(zone).date() else noon
