"""Plans in words, in both languages. Pure: no database."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone, translation

from orders.plan_words import (
    binding_words,
    calculation_words,
    exact_float,
    float_words,
    limit_name,
    passed_words,
    provisional_words,
    span_words,
)
from orders.planning import Constraint, Span
from teams.calendar_days import OFF, REST, WORKDAY, DayRun

YEAR = timezone.localdate().year
AT = datetime(YEAR, 10, 12, 10, 0, tzinfo=UTC)  # 18:00 in Shanghai
DAY = timedelta(hours=8)
NATIONAL = DayRun(date(YEAR, 10, 1), date(YEAR, 10, 7), OFF, "国庆节")
MAKEUP = DayRun(date(YEAR, 10, 10), date(YEAR, 10, 10), WORKDAY, "国庆节")
SUNDAY = DayRun(date(YEAR, 10, 11), date(YEAR, 10, 11), REST, "")


@pytest.fixture(params=["zh-hans", "en"])
def language(request):
    with translation.override(request.param), timezone.override("Asia/Shanghai"):
        yield request.param


def said(language: str, zh: str, en: str) -> str:
    return zh if language == "zh-hans" else en


def test_the_days_that_make_a_span_are_named_as_off_or_made_up(language):
    words = calculation_words(Span(48, "h"), [NATIONAL, MAKEUP, SUNDAY])

    assert words == said(
        language,
        "48 工作小时 = 跳过 10-01…10-07 国庆节 放假、10-10 补班 计入、跳过休息日 1 天",
        "48 working hours = 10-01…10-07 国庆节 (放假) skipped, 10-10 make-up workday (补班) counted, "
        "1 rest day skipped",
    )
    assert "调休" not in words


def test_a_span_without_days_off_says_so(language):
    assert calculation_words(Span(2, "w"), []) == said(
        language, "2 个工作日，其间没有放假", "2 working days, no day off in between"
    )
    assert calculation_words(Span(0, "w"), [NATIONAL]) == said(
        language, "本身不占工作时间", "It takes no working time of its own"
    )


def test_rest_days_are_summed_and_a_day_of_another_year_tells_it(language):
    later = DayRun(date(YEAR + 1, 2, 6), date(YEAR + 1, 2, 12), OFF, "春节")

    assert passed_words([SUNDAY, later, SUNDAY]) == [
        said(
            language,
            f"跳过 {YEAR + 1}-02-06…{YEAR + 1}-02-12 春节 放假",
            f"{YEAR + 1}-02-06…{YEAR + 1}-02-12 春节 (放假) skipped",
        ),
        said(language, "跳过休息日 2 天", "2 rest days skipped"),
    ]


@pytest.mark.parametrize(
    ("constraint", "zh", "en"),
    [
        (
            Constraint("before", AT, "LOADED"),
            "必须在“LOADED”开始之前完成：{at} 起",
            "Has to be done before “LOADED” starts: {at}",
        ),
        (
            Constraint("before", AT, "X", Span(2, "w")),
            "必须在“X”开始前 2 个工作日 完成：{at} 起",
            "Has to be done 2 working days before “X” starts: {at}",
        ),
        (
            Constraint("latest", AT, "ETD", Span(3, "w")),
            "最迟在“ETD”前 3 个工作日 完成：{at}",
            "Has to be done 3 working days before “ETD”: {at}",
        ),
        (Constraint("after", AT, "X"), "接在“X”之后：{at}", "Follows “X”: {at}"),
        (
            Constraint("after", AT, "X", Span(6, "w")),
            "“X”之后再等 6 个工作日：{at}",
            "Follows “X” by 6 working days: {at}",
        ),
        (
            Constraint("within", AT, "ETD", Span(21, "c")),
            "“ETD”之后 21 个日历日 内：{at}",
            "Within 21 calendar days after “ETD”: {at}",
        ),
        (
            Constraint("anchor", AT, "ETD"),
            "整个计划以此日期为锚：由承诺交期或预计开船给定",
            "The plan hangs from this date: it is given by the promise or by the ETD",
        ),
        (Constraint("start", AT), "从下单起算：{at}", "Counts from the order: {at}"),
        (
            Constraint("limit", AT, "GATE_IN", name="cy"),
            "必须在截港 CY 截止之前完成：{at}",
            "Has to be done by the CY cut-off: {at}",
        ),
        (
            Constraint("limit", AT, name="lc_expiry"),
            "必须在信用证有效期之前完成：{at}",
            "Has to be done by the L/C expiry: {at}",
        ),
        (Constraint("now", AT), "正在进行，完成时间不可能早于现在", "It runs, and cannot be finished in the past"),
        (Constraint("expected", AT), "责任人预计不早于 {at}", "Its owner does not expect it before {at}"),
        (
            Constraint("pause", AT),
            "时钟曾停，停表期间的工作时间顺延",
            "Its clock stood: that working time is added",
        ),
        (Constraint("actual", AT), "已发生：{at}", "It happened: {at}"),
    ],
    ids=lambda value: value.kind if isinstance(value, Constraint) else None,
)
def test_every_constraint_is_a_sentence(language, constraint, zh, en):
    weekday = AT.astimezone(timezone.get_current_timezone()).date().weekday()
    day = said(language, "周" + "一二三四五六日"[weekday], ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[weekday])

    assert binding_words(constraint, str, at=AT) == said(language, zh, en).format(at=f"10-12 {day} 18:00")


def test_calendar_and_buffer_stand_with_the_constraint(language):
    words = binding_words(Constraint("before", AT, "ETD"), str, at=AT, calendar="Factory", buffer=Span(2, "w"))

    assert words.endswith(
        said(language, "起（Factory）；其前预留缓冲 2 个工作日", "(Factory); 2 working days are kept free before it")
    )


def test_without_a_date_the_other_step_is_named_alone(language):
    assert binding_words(Constraint("before", AT, "X"), str) == said(language, "在“X”开始之前", "Before “X” starts")
    assert binding_words(Constraint("after", AT, "X", Span(1, "w")), str) == said(
        language, "“X”之后再等 1 个工作日", "Follows “X” by 1 working day"
    )


@pytest.mark.parametrize(
    ("amount", "days", "zh", "en"),
    [
        (timedelta(hours=24), 3, "浮动 3 个工作日", "3 working days of float"),
        (timedelta(hours=-32), -4, "缺 4 个工作日", "short by 4 working days"),
        (timedelta(hours=3), 0, "浮动 3 小时", "3 h of float"),
        (timedelta(hours=-2), 0, "缺 2 小时", "short by 2 h"),
        (timedelta(0), 0, "无浮动", "no float"),
        (None, None, "", ""),
    ],
)
def test_float_is_told_in_working_days(language, amount, days, zh, en):
    assert float_words(amount, days, DAY) == said(language, zh, en)


def test_float_beside_its_own_name_is_the_span_alone(language):
    assert float_words(timedelta(hours=24), 3, DAY, is_named=False) == said(language, "3 个工作日", "3 working days")


@pytest.mark.parametrize(
    ("minutes", "zh", "en"),
    [(1500, "+3 天 1 小时", "+3 days 1 h"), (-480, "−1 天", "−1 day"), (0, "0", "0"), (None, "—", "—")],
)
def test_exact_float_has_its_sign(language, minutes, zh, en):
    assert exact_float(minutes, DAY) == said(language, zh, en)


def test_spans_and_limits_have_names(language):
    assert span_words(Span(1, "w")) == said(language, "1 个工作日", "1 working day")
    assert span_words(Span(0, "w")) == span_words(None) == ""
    assert limit_name("promise") == said(language, "承诺交期", "promised delivery")
    assert limit_name("something new") == "something new"
    assert provisional_words(date(YEAR, 12, 31)) == said(
        language, "12-31 之后的日历未定", "calendar not final after 12-31"
    )
