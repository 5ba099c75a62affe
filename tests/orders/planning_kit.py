"""Calendars and random networks for the tests of the planning engine; nothing here asks the engine."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from orders.planning import START, Limit, Plan, PlanStep, Span, plan
from teams.statutory import china_days
from teams.worktime import WorkSchedule

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY, HOUR, MINUTE, TICK = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(microseconds=1)
MON_FRI = ("mon", "tue", "wed", "thu", "fri")
WEEK = (*MON_FRI, "sat", "sun")
OFFICE_HOURS = [["08:30", "12:00"], ["13:30", "18:00"]]
FACTORY_HOURS = [["08:00", "12:00"], ["13:00", "17:30"]]
COUNTER_HOURS, BERLIN_HOURS = [["09:00", "17:00"]], [["08:00", "16:30"]]
ALL_DAY, ALL_NIGHT = [["00:00", "24:00"]], [["22:00", "06:00"]]
CHINA = china_days(range(2025, 2028))
_CHINA_DAYS: dict[str, Any] = {
    "holidays": [day.isoformat() for day in CHINA.off],
    "extra_workdays": [day.isoformat() for day in CHINA.workdays],
}
# Lunch and 补班; a sixth day; banks that keep their weekends; two zones with clock changes; nights; one day a week.
SPECS: dict[str, dict[str, Any]] = {
    "office": {
        "timezone": "Asia/Shanghai",
        "hours": dict.fromkeys(MON_FRI, OFFICE_HOURS),
        "extra_workday_hours": OFFICE_HOURS,
        **_CHINA_DAYS,
    },
    "factory": {
        "timezone": "Asia/Shanghai",
        "hours": dict.fromkeys(WEEK[:6], FACTORY_HOURS),
        **_CHINA_DAYS,
    },
    "bank": {
        "timezone": "Asia/Shanghai",
        "hours": dict.fromkeys(MON_FRI, COUNTER_HOURS),
        "holidays": _CHINA_DAYS["holidays"],
    },
    "carrier": {"timezone": "Asia/Shanghai", "hours": dict.fromkeys(WEEK, ALL_DAY)},
    "new_york": {
        "timezone": "America/New_York",
        "hours": dict.fromkeys(MON_FRI, COUNTER_HOURS),
        "holidays": ["2026-02-16", "2026-05-25", "2026-11-26"],
    },
    "berlin": {
        "timezone": "Europe/Berlin",
        "hours": {**dict.fromkeys(MON_FRI[:4], BERLIN_HOURS), "fri": [["08:00", "13:00"]]},
        "holidays": ["2026-04-03", "2026-04-06", "2026-05-01"],
    },
    "night": {
        "timezone": "Asia/Shanghai",
        "hours": dict.fromkeys(MON_FRI, ALL_NIGHT),
        "holidays": ["2026-02-17", "2026-10-01"],
    },
    "port": {"timezone": "America/New_York", "hours": dict.fromkeys(WEEK, ALL_DAY)},
    "part_time": {
        "timezone": "Asia/Kathmandu",
        "hours": {"wed": [["10:00", "14:00"]]},
        "extra_workdays": ["2026-02-14"],
    },
}
SCHEDULES = {name: WorkSchedule.from_dict(spec) for name, spec in SPECS.items()}
PLAIN = ("office", "factory", "bank", "carrier", "night")  # without clock changes
# Stretches with 春节, 国庆, and the clock changes of both zones behind their beginnings.
BEGINNINGS = (date(2026, 3, 2), date(2026, 2, 2), date(2026, 9, 14), date(2026, 10, 19))


def china(text: str) -> datetime:
    """The instant of a local time in China, such as "2026-09-30 18:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def step(code: str, duration: str = "1w", after: str = "", calendar: str = "office", **more: Any) -> PlanStep:
    """`PlanStep` in short: `after` is "A,B+2w", `latest` "ETD-10w", `within` "ETD+21c"."""
    for name, sign in (("latest", "-"), ("within", "+")):
        if name in more:
            more[name] = tuple((code, span) for code, span in _edges(more[name], sign) if span)
    return PlanStep(code, span(duration), tuple(_edges(after, "+")), calendar, **more)


def span(text: str) -> Span:
    return Span(int(text[:-1]), text[-1]) if text != "0" else Span(0, "w")


def _edges(text: str, sign: str) -> list[tuple[str, Span | None]]:
    pairs = [part.partition(sign) for part in text.split(",") if part]
    return [(code, span(lag) if lag else None) for code, _sign, lag in pairs]


@dataclass(frozen=True, repr=False)
class Case:
    """What `plan` is asked with."""

    steps: tuple[PlanStep, ...]
    anchors: dict[str, datetime]
    calendars: dict[str, WorkSchedule]
    now: datetime
    actuals: dict[str, datetime]
    pauses: dict[str, tuple[tuple[datetime, datetime], ...]]
    buffer: Span | None = None

    def plan(self, **more: Any) -> Plan:
        return plan(
            self.steps, self.anchors, self.calendars, self.actuals, self.pauses, self.now, buffer=self.buffer, **more
        )

    def __repr__(self) -> str:
        """Short enough to read in a failure: calendars by name, instants in China's time."""
        rows = [_row(each) for each in self.steps]
        rows += [f"{code} {kind} {_local(at)}" for kind, found in (("anchor", self.anchors), ("actual", self.actuals))
                 for code, at in found.items()]  # fmt: skip
        rows += [f"{code} paused {_local(a)} to {_local(b)}" for code, own in self.pauses.items() for a, b in own]
        return "\n  ".join(["", *rows, f"now {_local(self.now)}", f"buffer {self.buffer}", ""])

    def _repr_pretty_(self, printer: Any, _is_circle: bool) -> None:
        printer.text(repr(self))

    def but(self, **changes: Any) -> Case:
        return replace(self, **changes)

    def with_step(self, code: str, **changes: Any) -> Case:
        """The same with one step changed."""
        return self.but(steps=tuple(replace(s, **changes) if s.code == code else s for s in self.steps))

    @property
    def hanging(self) -> dict[str, datetime]:
        return {code: at for code, at in self.anchors.items() if code != START}

    @property
    def by_code(self) -> dict[str, PlanStep]:
        return {each.code: each for each in self.steps}


def _row(each: PlanStep) -> str:
    waits = [f"{code}+{lag or 0}" for code, lag in each.dependencies]
    leads = [f"latest {code}-{lead}" for code, lead in each.latest]
    periods = [f"within {code}+{period}" for code, period in each.within]
    limits = [f"{'hard' if limit.is_hard else 'soft'} limit {_local(limit.at)}" for limit in each.limits]
    expected = [f"expected {_local(each.expected_at)}"] if each.expected_at else []
    flags = ["H"] if each.is_hard else []
    return " ".join(
        [each.code, str(each.duration), each.calendar, *waits, *leads, *periods, *limits, *expected, *flags]
    )


def _local(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%m-%d %H:%M}"


class Dice:
    """Small choices read off one number, so that a network costs few draws; those of 0 are the plainest."""

    def __init__(self, number: int) -> None:
        self.number = (
            number * 0x9E3779B97F4A7C15F39CC0605CEDC834 % 2**128
        )  # drawn numbers are small more often than not
        self.number ^= self.number >> 64

    def pick(self, count: int) -> int:
        self.number, found = divmod(self.number, count)
        return found

    def one_in(self, count: int) -> bool:
        return self.pick(count) == count - 1


_NUMBERS = st.integers(0, 2**64)
counts: Counter[str] = Counter()  # in this process so far


def count(what: str, number: int) -> None:
    """Count for the line that the run prints at its end."""
    counts[what] += number


@st.composite
def cases(
    draw: st.DrawFn,
    *,
    most: int = 12,
    calendars: tuple[str, ...] = tuple(SPECS),
    rich: bool = True,
    has_one_anchor: bool = False,
) -> Case:
    """A random network on up to four calendars. `rich`: with limits, actuals, pauses and expected dates."""
    numbers = draw(st.lists(_NUMBERS, min_size=3, max_size=most))
    dice = Dice(draw(_NUMBERS))
    names = [calendars[dice.pick(len(calendars))] for _time in range(3)] + [calendars[0]]
    first = BEGINNINGS[dice.pick(len(BEGINNINGS))]
    begin = datetime(first.year, first.month, first.day, 1, tzinfo=UTC) + dice.pick(14 * 24 * 4) * 15 * MINUTE
    now = begin + dice.pick(12) * DAY + dice.pick(24) * HOUR if rich else begin
    made = _Making(names, begin, rich)
    for number in numbers:
        made.add(Dice(number))
    anchors = {START: begin}
    codes = list(made.steps)
    for _time in range(1 if has_one_anchor else (0, 1, 1, 1, 1, 2)[dice.pick(6)]):
        code = codes[-1 - dice.pick(min(4, len(codes)))]
        anchors[code] = begin + dice.pick(60) * DAY + (dice.pick(48) * HOUR / 2 if dice.one_in(3) else 9 * HOUR)
    buffer = (None, Span(2, "w"), Span(1, "w"), Span(12, "h"), Span(3, "c"))[dice.pick(5)]
    count("networks", 1)
    return Case(
        tuple(made.steps.values()),
        anchors,
        {name: SCHEDULES[name] for name in names},
        now,
        made.actuals,
        made.pauses,
        buffer,
    )


class _Making:
    def __init__(self, names: list[str], begin: datetime, rich: bool) -> None:
        self.names, self.begin, self.rich = names, begin, rich
        self.steps: dict[str, PlanStep] = {}
        self.actuals: dict[str, datetime] = {}
        self.pauses: dict[str, tuple[tuple[datetime, datetime], ...]] = {}

    def add(self, dice: Dice) -> None:
        codes = list(self.steps)
        code = f"S{len(codes):02}"
        duration = self._span(dice)
        others = [codes[-1 - dice.pick(min(5, len(codes)))] for _time in range(dice.pick(3)) if codes]
        if codes and not others and dice.pick(4):
            others = codes[-1:]
        dependencies = tuple((other, None if dice.pick(3) else self._span(dice)) for other in dict.fromkeys(others))
        calendar = self.names[dice.pick(4)]
        if codes and dice.one_in(6):
            self._lead(codes[-1 - dice.pick(len(codes))], code, self._span(dice))
        more: dict[str, Any] = {}
        if self.rich:
            more = self._outside(dice, codes)
            self._facts(dice, code, dependencies)
        self.steps[code] = PlanStep(code, duration, dependencies, calendar, **more)

    def _lead(self, earlier: str, code: str, lead: Span) -> None:
        before = self.steps[earlier]
        self.steps[earlier] = replace(before, latest=(*before.latest, (code, lead)))

    def _outside(self, dice: Dice, codes: list[str]) -> dict[str, Any]:
        more: dict[str, Any] = {"is_hard": dice.one_in(8)}
        if dice.one_in(7):
            more["limits"] = (Limit("cutoff", self._instant(dice), is_hard=bool(dice.pick(3))),)
        if codes and dice.one_in(10):
            more["within"] = ((codes[-1 - dice.pick(len(codes))], Span(dice.pick(25), "c" if dice.pick(3) else "w")),)
        if dice.one_in(16):
            more["expected_at"] = self._instant(dice)
        return more

    def _facts(self, dice: Dice, code: str, dependencies: tuple[tuple[str, Span | None], ...]) -> None:
        may_be_done = all(other in self.actuals for other, _lag in dependencies) or dice.one_in(12)
        if may_be_done and not dice.pick(3):
            self.actuals[code] = self.begin + dice.pick(10 * 24) * HOUR
        if dice.one_in(8):
            spans = []
            for _time in range(1 + dice.pick(2)):
                since = self._instant(dice)
                spans.append((since, since + dice.pick(96) * HOUR))
            self.pauses[code] = tuple(spans)

    def _instant(self, dice: Dice) -> datetime:
        return self.begin + dice.pick(40 * 24) * HOUR

    @staticmethod
    def _span(dice: Dice) -> Span:
        kind = dice.pick(8)
        if kind < 4:
            return Span(1 + dice.pick(5), "w")
        if kind < 6:
            return Span(1 + dice.pick(12), "h")
        return Span(dice.pick(9), "c") if kind == 6 else Span(0, "w")


@st.composite
def schedules(draw: st.DrawFn) -> WorkSchedule:
    """A calendar with one or two segments on some weekdays, days off and make-up days, in a zone with clock changes."""
    dice = Dice(draw(_NUMBERS))
    hours = {}
    for day in WEEK:
        opening, length, pause = 5 + dice.pick(8), 1 + dice.pick(5), 1 + dice.pick(3)
        if dice.pick(4):
            segments = [(opening, opening + length)]
            if dice.pick(2):
                segments.append((opening + length + pause, opening + 2 * length + pause))
            hours[day] = [[f"{a:02}:{15 * (a % 4):02}", f"{b % 24:02}:{15 * (b % 4):02}"] for a, b in segments]
    dates = [(BEGINNINGS[dice.pick(4)] + dice.pick(40) * DAY).isoformat() for _time in range(6)]
    return WorkSchedule.from_dict(
        {
            "timezone": ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")[dice.pick(4)],
            "hours": hours or {"tue": [["09:00", "17:00"]]},
            "holidays": dates[:4],
            "extra_workdays": dates[4:],
        }
    )
