"""The week and the month in figures: the dashboard's own numbers, once for each who steers, by their choice."""

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.utils import translation

from kpi import tasks
from kpi.boards import save_board, standard_codes
from kpi.figures import figure
from kpi.models import KpiBoard
from kpi.periods import Period
from kpi.questions import Question
from kpi.summaries import MONTH, WEEK, periods_to_tell, tell, words
from orders import reminders
from teams.models import Notification
from teams.notifications import registry
from tests.kpi.rows import local
from tests.kpi.test_agreement import people  # noqa: F401

pytestmark = pytest.mark.django_db
# A Monday, and the first of a month.
MONDAY, FIRST = local(2026, 3, 16, 6), local(2026, 4, 1, 6)


def test_what_ended_is_told_from_five_in_the_morning_and_for_three_days():
    assert periods_to_tell(local(2026, 3, 16, 4, 59)) == []
    [(topic, week)] = periods_to_tell(MONDAY)
    assert (topic, str(week.first), str(week.last)) == (WEEK, "2026-03-09", "2026-03-15")
    assert periods_to_tell(local(2026, 3, 19)) == []
    assert [(topic, str(each.first)) for topic, each in periods_to_tell(FIRST)][-1] == (MONTH, "2026-03-01")


def test_who_steers_is_told_once_and_the_numbers_are_the_dashboards(people):  # noqa: F811
    told = tell(now=MONDAY)
    assert tell(now=MONDAY + timedelta(hours=1)) == 0

    sent = {each.recipient_id: each for each in Notification.objects.filter(kind="kpi_summary")}
    assert told == len(sent)
    assert set(sent) >= {people["lead"].pk, people["manager"].pk, people["other"].pk}
    assert people["clerk"].pk not in sent
    for name in ("lead", "manager", "other"):
        payload = sent[people[name].pk].payload
        assert [each["code"] for each in payload["figures"]]
        assert {each["code"] for each in payload["figures"]} <= set(standard_codes(people[name]))
        for each in payload["figures"]:
            period = Period(local(2026, 3, 9).date(), local(2026, 3, 16).date(), "Asia/Shanghai")
            live = figure(each["code"], Question(period, people[name], MONDAY))
            assert (Decimal(each["value"]), each["count"]) == (live.value, live.count)


def test_a_killed_job_goes_on_where_it_was(people):  # noqa: F811
    turns = iter([False, False, True])
    first = tell(now=MONDAY, is_stopping=lambda: next(turns, True))
    assert first == 2
    rest = tell(now=MONDAY)
    assert rest > 0
    keys = list(Notification.objects.filter(kind="kpi_summary").values_list("dedupe_key", flat=True))
    assert len(keys) == len(set(keys)) == first + rest


def test_ones_own_board_is_what_is_told(people):  # noqa: F811
    lead = people["lead"]
    save_board(name="Mine", codes=["K05", "K22"], query="", team=None, is_first=True, by=lead, now=MONDAY)
    tell(now=MONDAY)

    payload = Notification.objects.get(kind="kpi_summary", recipient=lead).payload
    assert [each["code"] for each in payload["figures"]] == ["K05", "K22"]
    assert KpiBoard.objects.count() == 1


@pytest.mark.parametrize(("language", "said"), [("en", "The week in figures"), ("zh-hans", "一周绩效")])
def test_words_are_in_the_readers_language_and_lead_to_the_period(language, said):
    payload = {
        "topic": WEEK,
        "first": "2026-03-09",
        "last": "2026-03-15",
        "figures": [{"code": "K01", "value": "87.5", "before": "90", "count": 8}],
    }
    with translation.override(language):
        found = words(payload)
        assert found["title"] == said
        assert "87.5%" in found["line_0"]
        assert "−2.5" in found["line_0"]
    kind = registry.get("kpi_summary")
    assert kind.path(payload) == "/kpi/?since=2026-03-09&until=2026-03-15"
    assert kind.topic(payload) == WEEK


def test_a_summary_is_no_reminder_of_a_step():
    """K24 counts reminders of steps alone."""
    assert "kpi_summary" not in reminders.KINDS


def test_the_job_goes_to_its_end_once_for_each_period(people, monkeypatch):  # noqa: F811
    seen = []
    monkeypatch.setattr(tasks.alarms, "tell", lambda **_fields: 0)
    tell_of = tasks.summaries.tell

    def counted(*, now, is_stopping):
        seen.append(now)
        return tell_of(now=now, is_stopping=is_stopping)

    monkeypatch.setattr(tasks.summaries, "tell", counted)
    at = [MONDAY]
    monkeypatch.setattr(tasks, "read_clock", lambda: SimpleNamespace(now=at[0]))
    stop = [True]
    monkeypatch.setattr(tasks, "is_stopping", lambda: stop[0])

    assert tasks.tell_summaries() == 0  # killed before the first reader
    stop[0] = False
    assert tasks.tell_summaries() > 0
    at[0] += timedelta(hours=1)
    assert tasks.tell_summaries() == 0
    at[0] += timedelta(weeks=1)
    tasks.tell_summaries()

    assert seen == [MONDAY, MONDAY, MONDAY + timedelta(weeks=1, hours=1)]
