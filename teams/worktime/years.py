"""A schedule laid out in instants, one local year at a time.

Instants are whole microseconds since 1970-01-01 UTC. Open time is summed up inside each year, so that adding and
measuring are two binary searches, and a sum over the years between. A year's tables depend on the year alone, and at
most `KEPT_YEARS` are kept; an amount of any length needs two, of the years it begins and ends in.
"""

from bisect import bisect_left, bisect_right
from calendar import isleap
from collections.abc import Iterable, Mapping
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from teams.worktime.spec import DAY, Segments, WorktimeError, merge

SECOND = 1_000_000
KEPT_YEARS = 16
MEAN_YEAR = 31_556_952 * SECOND  # 365.2425 days
NO_OFFSET = timedelta(0)
ONE_DAY = timedelta(days=1)
LAST_ORDINAL = date.max.toordinal()
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
# Outside these years no zone has a change of clocks but by a fixed yearly rule, so that years which begin on the same
# weekday and have the same length hold the same open time.
FIRST_IRREGULAR_YEAR, LAST_IRREGULAR_YEAR = 1800, 2100


class CalendarExhausted(WorktimeError):
    """The schedule has no open time left in that direction, or the answer lies outside the years 1 to 9999."""


class Year(NamedTuple):
    """One local year. `sums[i]` is the open time before segment i; the last sum is the open time of the year."""

    start: int
    end: int
    openings: list[int]
    sums: list[int]
    worked: list[int]  # ordinals of the dates on which work begins


class Totals(NamedTuple):
    """Open time in microseconds and number of worked days of a year."""

    open_time: int
    worked_count: int


class Years:
    """The open time of a schedule, year by year."""

    def __init__(
        self, timezone: str, week: tuple[Segments, ...], own: Mapping[int, Segments], holidays: frozenset[int]
    ) -> None:
        self._zone = ZoneInfo(timezone)
        self._week = week
        self._own = own
        self._holidays = holidays
        self._has_week = any(week)
        self._has_nights = any(closing > DAY for hours in (*week, *own.values()) for _, closing in hours)
        # A date's last segment may reach into the next date, so that date's year is touched as well.
        self._special_years = {
            date.fromordinal(min(ordinal + step, LAST_ORDINAL)).year for ordinal in {*own, *holidays} for step in (0, 1)
        }
        worked = [date.fromordinal(ordinal).year for ordinal, hours in own.items() if hours]
        self._first_year = MINYEAR if self._has_week else min(worked, default=MAXYEAR + 1)
        self._last_year = MAXYEAR if self._has_week else min(max(worked, default=MINYEAR - 1) + 1, MAXYEAR)
        self._kept: dict[int, Year] = {}
        self._totals: dict[int | tuple[int, bool, bool], Totals] = {}

    def locate(self, instant: int) -> tuple[int, Year]:
        """The local year `instant` lies in; beyond the calendar, its first or last year."""
        number = min(max(1970 + instant // MEAN_YEAR, MINYEAR), MAXYEAR)
        year = self._kept.get(number) or self.year(number)
        # The guess is at most one off, around the new year.
        if instant >= year.end and number < MAXYEAR:
            number += 1
            year = self.year(number)
        elif instant < year.start and number > MINYEAR:
            number -= 1
            year = self.year(number)
        return number, year

    def is_open(self, instant: int) -> bool:
        _, year = self.locate(instant)
        index = bisect_right(year.openings, instant) - 1
        return index >= 0 and instant - year.openings[index] < year.sums[index + 1] - year.sums[index]

    def between(self, start: int, end: int) -> int:
        """Open time in [start, end), for start <= end."""
        first, first_year = self.locate(start)
        last, last_year = self.locate(end)
        whole_years = sum(self.totals(number).open_time for number in range(first, last))
        return whole_years - passed(first_year, start) + passed(last_year, end)

    def advance(self, start: int, amount: int) -> int:
        """The instant by which `amount` of open time has passed since `start`; a negative amount walks back.

        Raises:
            CalendarExhausted: there is not that much open time.
        """
        number, year = self.locate(start)
        target = passed(year, start) + amount
        # Zero asks for the next open instant: some time has to be left after it, as for the smallest amount.
        needed = target if amount else target + 1
        if needed > year.sums[-1]:
            while needed > (total := self.totals(number).open_time):
                target, needed, number = target - total, needed - total, self._after(number)
            year = self.year(number)
        elif target < 0:
            while target < 0:
                number = self._before(number)
                target += self.totals(number).open_time
            year = self.year(number)
        # Forward, an amount used up between two segments ends where the first closes; else where the second opens.
        index = (bisect_left(year.sums, target) if amount > 0 else bisect_right(year.sums, target)) - 1
        return year.openings[index] + target - year.sums[index]

    def worked_ordinal(self, number: int, index: int) -> int:
        """The worked date at `index` among those of a year; an index outside the year reaches into its neighbours."""
        while index >= (count := self.totals(number).worked_count):
            index, number = index - count, self._after(number)
        while index < 0:
            number = self._before(number)
            index += self.totals(number).worked_count
        return self.year(number).worked[index]

    def _after(self, number: int) -> int:
        if number >= self._last_year:
            raise CalendarExhausted("the schedule has no working time that far ahead")
        return number + 1

    def _before(self, number: int) -> int:
        if number <= self._first_year:
            raise CalendarExhausted("the schedule has no working time that far back")
        return number - 1

    def totals(self, number: int) -> Totals:
        """Open time and worked days of a year, without keeping its tables."""
        # Years that must be alike are laid out once, so that ages pass quickly.
        is_regular = not FIRST_IRREGULAR_YEAR <= number < LAST_IRREGULAR_YEAR and number not in self._special_years
        kind = (date(number, 1, 1).weekday(), isleap(number), number < FIRST_IRREGULAR_YEAR) if is_regular else number
        found = self._totals.get(kind)
        if found is None:
            year = self._kept.get(number) or self._lay_out(number)
            found = self._totals[kind] = Totals(year.sums[-1], len(year.worked))
        return found

    def year(self, number: int) -> Year:
        """The tables of a local year."""
        year = self._kept.get(number)
        if year is None:
            year = self._lay_out(number)
            if len(self._kept) >= KEPT_YEARS:
                self._kept.clear()
            self._kept[number] = year
        return year

    def kept(self) -> list[Year]:
        """The years laid out and kept so far, at most `KEPT_YEARS`."""
        return list(self._kept.values())

    def is_holiday(self, ordinal: int) -> bool:
        return ordinal in self._holidays

    def hours_of(self, ordinal: int) -> Segments:
        """The hours of work that begin on a date, in local seconds."""
        if ordinal in self._holidays:
            return ()
        own = self._own.get(ordinal)
        return self._week[(ordinal - 1) % 7] if own is None else own

    def _lay_out(self, number: int) -> Year:
        openings: list[int] = []
        sums = [0]
        worked: list[int] = []
        first = date(number, 1, 1).toordinal()
        midnights = self._midnights(number)
        before = self.hours_of(first - 1)
        for ordinal, (midnight, next_midnight) in enumerate(pairwise(midnights), first):
            # A zone that moves over the date line skips a date: its end is not after its beginning.
            hours = self.hours_of(ordinal) if next_midnight > midnight else ()
            if hours:
                worked.append(ordinal)
            local = self._on_date(ordinal, hours, before) if self._has_nights else hours
            for opening, closing in self._open_time(ordinal, local, midnight, next_midnight) if local else ():
                openings.append(opening)
                sums.append(sums[-1] + closing - opening)
            before = hours
        return Year(midnights[0], midnights[-1], openings, sums, worked)

    def _midnights(self, number: int) -> list[int]:
        """The instants at which the dates of a year begin, and the last one ends."""
        local = datetime(number, 1, 1, tzinfo=self._zone)
        wall = (local.toordinal() - EPOCH_ORDINAL) * DAY * SECOND
        instants = [wall - _offset(local)]
        for _ in range(364 + isleap(number)):
            local += ONE_DAY
            wall += DAY * SECOND
            instants.append(wall - _offset(local))
        return [*instants, self.instant(local.toordinal(), DAY)]

    def _on_date(self, ordinal: int, hours: Segments, before: Segments) -> Segments:
        """The local segments inside one date: its own, and what reaches into it from the date before."""
        reaching_in = [(0, closing - DAY) for _, closing in before if closing > DAY]
        if ordinal in self._holidays or not (hours or reaching_in):
            return ()
        if not reaching_in and hours[-1][1] <= DAY:
            return hours
        return merge([*reaching_in, *((opening, min(closing, DAY)) for opening, closing in hours)])

    def _open_time(self, ordinal: int, local: Segments, midnight: int, next_midnight: int) -> Iterable[tuple[int, int]]:
        if next_midnight - midnight == DAY * SECOND:
            return [(midnight + opening * SECOND, midnight + closing * SECOND) for opening, closing in local]
        # The clocks change on this date, and a segment may vanish or run into the next one.
        instants = ((self.instant(ordinal, opening), self.instant(ordinal, closing)) for opening, closing in local)
        inside = ((max(opening, midnight), min(closing, next_midnight)) for opening, closing in instants)
        return merge((opening, closing) for opening, closing in inside if opening < closing)

    def instant(self, ordinal: int, second: int) -> int:
        """The instant of a local time, `second` after the midnight that begins the date."""
        days, rest = divmod(second, DAY)
        if ordinal + days > LAST_ORDINAL:
            local = datetime.max.replace(tzinfo=self._zone)
        else:
            local = datetime.fromordinal(ordinal + days).replace(tzinfo=self._zone) + timedelta(seconds=rest)
        return ((ordinal - EPOCH_ORDINAL) * DAY + second) * SECOND - _offset(local)


def _offset(local: datetime) -> int:
    """Microseconds that a local time is ahead of UTC."""
    offset = local.utcoffset() or NO_OFFSET
    return (offset.days * DAY + offset.seconds) * SECOND


def passed(year: Year, instant: int) -> int:
    """Open time of the year that lies before `instant`."""
    index = bisect_right(year.openings, instant) - 1
    if index < 0:
        return 0
    start = year.sums[index]
    return min(start + instant - year.openings[index], year.sums[index + 1])
