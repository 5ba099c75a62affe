"""When a person may be told something, their working time less their quiet hours, and when their digest is due."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from teams.worktime import CalendarExhausted, ScheduleError, WorkSchedule, next_opening

# Whoever works round the clock does not read a digest at midnight.
DEFAULT_DIGEST_TIME = time(8, 0)
# What fell due overnight comes into the inbox when the day opens, and belongs into the digest of that morning.
DIGEST_AFTER_OPENING = timedelta(minutes=5)
SEARCH_DAYS = 400
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Hours:
    """A person's hours. Clock times are in `zone`; without a `schedule` every hour is a working hour."""

    zone: ZoneInfo
    schedule: WorkSchedule | None = None
    digest_time: time | None = None
    quiet_from: time | None = None
    quiet_to: time | None = None

    def next_open(self, at: datetime) -> datetime:
        """`at` if the person may be told now, else the first instant from which they may.

        A calendar that never opens again, or quiet hours that leave nothing open, must not swallow what is to be told:
        then it is `at` itself.
        """
        instant, end = at, at + SEARCH_DAYS * DAY
        while instant < end:
            opening = self._opening(instant)
            if opening is None:
                return at
            instant = self._after_quiet(opening)
            if instant == opening:
                return instant
        return at

    def is_open(self, at: datetime) -> bool:
        return self.next_open(at) == at

    def next_digest(self, at: datetime) -> tuple[date, datetime]:
        """The first digest that is due at `at` or later: its local day, by which it is known, and its instant.

        One on each local day with working time, also on days on which clocks change; the day's first open instant from
        the digest time on, or if none is left, the day's first; never before the day has been open for some minutes.
        """
        day = at.astimezone(self.zone).date()
        for _ in range(SEARCH_DAYS):
            instant = self._digest_of(day)
            if instant is not None and instant >= at:
                return day, instant
            day += DAY
        return day, at

    def day_begins(self, at: datetime) -> datetime:
        """Midnight of the local day of `at`."""
        return self._instant(at.astimezone(self.zone).date(), time(0))

    def _digest_of(self, day: date) -> datetime | None:
        midnight = self._instant(day, time(0))
        opening = self.next_open(midnight)
        # Who is at work at midnight has no opening to wait for.
        first = opening if opening == midnight else opening + DIGEST_AFTER_OPENING
        for wanted in (self._instant(day, self.digest_time or DEFAULT_DIGEST_TIME), midnight):
            instant = self.next_open(max(wanted, first))
            if instant.astimezone(self.zone).date() == day:
                return instant
        return None

    def _instant(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(ZoneInfo("UTC"))

    def _opening(self, at: datetime) -> datetime | None:
        if self.schedule is None:
            return at
        try:
            return next_opening(at, self.schedule)
        except (CalendarExhausted, ScheduleError):
            return None

    def _after_quiet(self, at: datetime) -> datetime:
        if self.quiet_from is None or self.quiet_to is None:
            return at
        local = at.astimezone(self.zone)
        day, clock = local.date(), local.time()
        if self.quiet_from < self.quiet_to:
            is_quiet, ends = self.quiet_from <= clock < self.quiet_to, day
        else:  # over midnight
            is_quiet = clock >= self.quiet_from or clock < self.quiet_to
            ends = day + DAY if clock >= self.quiet_from else day
        # A clock set back may read the end twice: never go back in time.
        return max(at, self._instant(ends, self.quiet_to)) if is_quiet else at
