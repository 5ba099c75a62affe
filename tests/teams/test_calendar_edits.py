"""Edits in two steps: proposed and counted, then saved as the next version, or not at all."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction

from teams import calendar_effects
from teams.calendar_effects import Listener
from teams.errors import DomainError, InvalidInput
from teams.models import CalendarEdit, CalendarVersion, RecurringException, WorkCalendar
from teams.models.calendars import UnknownVersion
from teams.services import calendar_edits
from teams.services.calendars import CodeTaken, create_calendar, load_default_calendars, load_statutory_days
from teams.worktime import is_working_day, working_days_between
from tests.factories import MONDAY, make_team, make_user

pytestmark = pytest.mark.django_db
LATER = MONDAY + timedelta(hours=1)
DAY_OFF = {"kind": "days", "day": "off", "from": "2026-03-09", "to": "2026-03-10", "name": "厂庆"}


@pytest.fixture(autouse=True)
def no_listener(monkeypatch):
    monkeypatch.setattr(calendar_effects, "_listeners", [])


@pytest.fixture
def anna():
    return make_user("admin", team=make_team(), name="Anna")


@pytest.fixture
def office(anna):
    return WorkCalendar.objects.get(code="CN_OFFICE")


def propose(office, by, changes=DAY_OFF, seen_version=None):
    return calendar_edits.propose_edit(
        calendar_id=office.pk, changes=changes, seen_version=seen_version, by=by, now=MONDAY
    )


def test_shipped_calendars_have_their_first_version():
    load_default_calendars()

    for calendar in WorkCalendar.objects.all():
        [version] = calendar.versions.all()
        assert (version.version, version.spec, version.by) == (calendar.version, calendar.spec(), None)


def test_a_version_is_written_once(office):
    with pytest.raises(IntegrityError), transaction.atomic():
        CalendarVersion.objects.create(calendar=office, version=office.version, spec={})


def test_an_older_version_keeps_its_schedule(office):
    old = office.version
    load_statutory_days(office, [2027])

    assert is_working_day(date(2027, 10, 1), office.schedule(old))
    assert not is_working_day(date(2027, 10, 1), office.schedule())


def test_a_version_that_never_was_is_unknown(office):
    with pytest.raises(UnknownVersion):
        office.schedule(99)


def test_a_schedule_takes_one_query_and_then_none(office, django_assert_num_queries):
    load_statutory_days(office, [2027])

    with django_assert_num_queries(1):
        office.schedule()
        office.schedule()


def test_proposing_shows_what_changes_and_saves_nothing(office, anna):
    before = office.content(), office.version

    edit = propose(office, anna)

    office.refresh_from_db()
    assert (office.content(), office.version) == before
    assert edit.changed_dates == ["2026-03-09", "2026-03-10"]
    assert (edit.status, edit.base_version, edit.total, edit.by) == ("ready", office.version, 0, anna)
    assert edit.counted_at == MONDAY


def test_a_date_that_stays_closed_is_not_among_the_changed_ones(office, anna):
    edit = propose(office, anna, {**DAY_OFF, "from": "2026-03-07", "to": "2026-03-09"})

    assert edit.changed_dates == ["2026-03-09"]


def test_changed_dates_span_two_years_back_to_five_ahead(office, anna):
    hours = {str(day): [[540, 1020]] for day in range(1, 6)}
    changes = {"kind": "hours", "name_zh": "办", "name_en": "O", "timezone": "Asia/Shanghai", "hours": hours}

    dates = propose(office, anna, changes).changed_dates

    assert (dates[0], dates[-1]) == ("2024-01-02", "2031-12-31")
    assert dates == sorted(set(dates))


def test_another_zone_changes_every_worked_date_and_no_other(office, anna):
    content = office.content()
    hours = {str(day): [list(span) for span in spans] for day, spans in content.hours.items()}
    changes = {"kind": "hours", "name_zh": "办", "name_en": "O", "timezone": "Asia/Tokyo", "hours": hours}

    dates = {date.fromisoformat(text) for text in propose(office, anna, changes).changed_dates}

    assert date(2026, 3, 9) in dates
    assert date(2026, 3, 8) not in dates


def test_saving_makes_the_next_version_with_who_and_when(office, anna):
    edit = propose(office, anna)

    saved = calendar_edits.save_edit(edit_id=edit.pk, by=anna, now=LATER)

    office.refresh_from_db()
    version = office.versions.get(version=edit.base_version + 1)
    assert (saved.status, saved.saved_at, saved.new_version) == ("saved", LATER, office.version)
    assert (version.spec, version.by, version.at) == (office.spec(), anna, LATER)
    assert version.spec == saved.spec
    assert version.days["2026-03-09"] == ["off", "厂庆", "", "own"]
    assert working_days_between(date(2025, 12, 31), date(2026, 12, 31), office.schedule()) == 246


@pytest.mark.parametrize(
    "changes",
    [
        DAY_OFF,
        {"kind": "makeup", "follows": False},
        {"kind": "import", "country": "CN", "year": 2027},
        {
            **{"kind": "recurring", "day": "workday", "weekday": 6, "nth": -1, "name": "月末"},
            **{"from": "2026-01-01", "to": "2026-12-31"},
        },
    ],
    ids=lambda changes: changes["kind"],
)
def test_what_is_saved_is_what_was_shown(office, anna, changes):
    edit = propose(office, anna, changes)

    calendar_edits.save_edit(edit_id=edit.pk, by=anna, now=LATER)

    assert WorkCalendar.objects.get(pk=office.pk).spec() == edit.spec


def test_a_rule_is_added_and_taken_away(office, anna):
    rule = {"day": "workday", "weekday": 6, "nth": -1, "from": "2026-01-01", "to": "2026-12-31", "name": "月末"}
    before = office.spec()
    for kind, count in (("recurring", 1), ("not_recurring", 0)):
        edit = propose(office, anna, {"kind": kind, **rule})
        calendar_edits.save_edit(edit_id=edit.pk, by=anna, now=LATER)
        assert office.recurring.count() == count

    assert office.spec() == before


def test_a_dropped_edit_changes_nothing_and_is_not_saved_later(office, anna):
    edit = propose(office, anna)
    calendar_edits.drop_edit(edit_id=edit.pk)

    with pytest.raises(calendar_edits.EditNotReady):
        calendar_edits.save_edit(edit_id=edit.pk, by=anna, now=LATER)

    assert WorkCalendar.objects.get(pk=office.pk).version == office.version


def test_an_edit_is_saved_once(office, anna):
    edit = propose(office, anna)
    calendar_edits.save_edit(edit_id=edit.pk, by=anna, now=LATER)

    with pytest.raises(calendar_edits.EditNotReady):
        calendar_edits.save_edit(edit_id=edit.pk, by=anna, now=LATER)
    with pytest.raises(calendar_edits.EditNotReady):
        calendar_edits.drop_edit(edit_id=edit.pk)


def test_an_edit_of_an_older_version_is_refused_with_the_name_of_who_was_faster(office, anna):
    mine = propose(office, anna)
    theirs = propose(office, make_user("admin", team=make_team(), name="Bo"), {**DAY_OFF, "from": "2026-03-10"})
    calendar_edits.save_edit(edit_id=theirs.pk, by=theirs.by, now=LATER)

    with pytest.raises(calendar_edits.CalendarMovedOn, match="Bo"):
        calendar_edits.save_edit(edit_id=mine.pk, by=anna, now=LATER)

    again = calendar_edits.redo_edit(edit_id=mine.pk, by=anna, now=LATER)
    mine.refresh_from_db()
    assert mine.status == "dropped"
    assert again.changed_dates == ["2026-03-09"]  # the 10th is off already


def test_a_form_filled_in_over_an_older_version_is_refused(office, anna):
    with pytest.raises(calendar_edits.CalendarMovedOn):
        propose(office, anna, seen_version=office.version - 1)

    assert not CalendarEdit.objects.exists()


def test_bad_input_leaves_no_edit_behind(office, anna):
    with pytest.raises(InvalidInput):
        propose(office, anna, {**DAY_OFF, "to": "2026-03-08"})

    assert not CalendarEdit.objects.exists()


class Orders:
    """An app above: counts later, and is told in the saving transaction."""

    def __init__(self, *, later: bool) -> None:
        self.later, self.told = later, []

    def count(self, edit, now):
        edit.total, edit.checked, edit.affected = 7, 0 if self.later else 7, 0 if self.later else 3
        edit.status = "counting" if self.later else "ready"
        edit.save()

    def saved(self, edit, now):
        self.told.append((edit.pk, edit.new_version, WorkCalendar.objects.get(pk=edit.calendar_id).version, now))

    def register(self):
        calendar_effects.register(Listener(self.count, self.saved, lambda edit: None))
        return self


def test_the_app_above_counts_and_is_told_of_the_new_version(office, anna):
    orders = Orders(later=False).register()

    edit = propose(office, anna)
    calendar_edits.save_edit(edit_id=edit.pk, by=anna, now=LATER)

    assert (edit.status, edit.affected, edit.total) == ("ready", 3, 7)
    assert orders.told == [(edit.pk, edit.base_version + 1, edit.base_version + 1, LATER)]


def test_what_is_still_counted_is_not_saved(office, anna):
    orders = Orders(later=True).register()
    edit = propose(office, anna)

    with pytest.raises(calendar_edits.EditNotReady):
        calendar_edits.save_edit(edit_id=edit.pk, by=anna, now=LATER)

    assert orders.told == []


def test_an_app_above_that_fails_undoes_the_saving(office, anna):
    def fail(edit, now):
        raise ZeroDivisionError

    edit = propose(office, anna)
    calendar_effects.register(Listener(lambda edit, now: None, fail, lambda edit: None))

    with pytest.raises(ZeroDivisionError):
        calendar_edits.save_edit(edit_id=edit.pk, by=anna, now=LATER)

    edit.refresh_from_db()
    assert edit.status == "ready"
    assert WorkCalendar.objects.get(pk=office.pk).version == edit.base_version


def test_a_change_without_dates_near_today_asks_nobody(office, anna):
    Orders(later=True).register()

    assert propose(office, anna, {"kind": "import", "country": "CN", "year": 2022}).status == "ready"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_at_once_one_wins(office, anna):
    edits = [propose(office, anna, {**DAY_OFF, "from": day, "to": day}) for day in ("2026-03-09", "2026-03-10")]
    ready = Barrier(2)

    def save(edit):
        try:
            ready.wait(timeout=10)
            calendar_edits.save_edit(edit_id=edit.pk, by=anna, now=LATER)
        except DomainError as refusal:
            return refusal.code
        finally:
            connection.close()
        return "saved"

    with ThreadPoolExecutor(2) as pool:
        results = sorted(pool.map(save, edits))

    office.refresh_from_db()
    assert results == ["calendar_moved_on", "saved"]
    assert office.version == edits[0].base_version + 1
    assert office.exceptions.filter(is_statutory=False).count() == 1


def test_a_new_calendar_is_a_copy_with_its_own_name(office, anna):
    values = {"name_zh": "义乌办", "name_en": "Yiwu office", "copy_of": office.pk}

    calendar = create_calendar(code="YIWU", **values, by=anna, now=MONDAY)

    assert calendar.spec() == office.spec()
    assert (calendar.version, calendar.name_zh, calendar.verified_until) == (1, "义乌办", office.verified_until)
    assert calendar.versions.get().by == anna
    for code, fault in (("YIWU", CodeTaken), ("new", InvalidInput), ("a b", InvalidInput)):
        with pytest.raises(fault) as refusal:
            create_calendar(code=code, **values, by=anna, now=MONDAY)
        assert list(refusal.value.fields) == ["code"]


@pytest.mark.parametrize(
    "fields", [{"kind": "none"}, {"weekday": 8}, {"nth": 6}, {"nth": -2}, {"to_date": date(2025, 1, 1)}]
)
def test_the_database_refuses_a_rule_that_cannot_be(office, fields):
    valid = {"kind": "off", "weekday": 6, "nth": 1, "from_date": date(2026, 1, 1), "to_date": date(2026, 12, 31)}

    with pytest.raises(IntegrityError), transaction.atomic():
        RecurringException.objects.create(calendar=office, **{**valid, **fields})


@pytest.mark.parametrize("fields", [{"status": "lost"}, {"status": "saved"}, {"saved_at": MONDAY}])
def test_the_database_refuses_an_edit_that_cannot_be(office, anna, fields):
    edit = propose(office, anna)

    with pytest.raises(IntegrityError), transaction.atomic():
        CalendarEdit.objects.filter(pk=edit.pk).update(**fields)
