"""The calendar editor: a year to look at, forms that refuse by field, edits that are seen before they are saved."""

import re
from datetime import date, timedelta

import pytest
from django.urls import reverse

from teams import calendar_effects
from teams.calendar_effects import Listener, Progress
from teams.models import CalendarEdit, RecurringException, WorkCalendar
from teams.services import calendar_edits
from tests.factories import MONDAY, make_company, make_team, make_user

pytestmark = pytest.mark.django_db
PAGE = "/settings/calendars/CN_OFFICE/"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def no_listener(monkeypatch):
    monkeypatch.setattr(calendar_effects, "_listeners", [])


@pytest.fixture
def anna(client):
    user = make_user("admin", team=make_team(), name="Anna", language="en")
    client.force_login(user)
    return user


@pytest.fixture
def office(anna):
    return WorkCalendar.objects.get(code="CN_OFFICE")


def cells(response) -> dict[date, object]:
    return {
        cell.date: cell
        for month in response.context["months"]
        for week in month.weeks
        for cell in week
        if cell is not None
    }


def test_the_list_says_hours_and_who_works_by_each(client, anna, office):
    make_company(calendar=office)
    make_company(calendar=office)

    rows = {row["calendar"].code: row for row in client.get("/settings/calendars/").context["rows"]}

    assert rows["CN_OFFICE"]["hours"] == [("Mon to Fri", "08:30–12:00, 13:30–18:00")]
    assert rows["CN_FACTORY"]["hours"] == [("Mon to Sat", "08:00–12:00, 13:00–17:00")]
    assert rows["CARRIER"]["hours"] == [("every day", "00:00–24:00")]
    assert rows["CN_OFFICE"]["uses"] == ["1 team", "2 companies"]
    assert rows["CARRIER"]["uses"] == []


def test_a_year_has_all_its_days_once_and_says_248_for_2026(client, office):
    response = client.get(PAGE, {"year": "2026"})

    found = cells(response)
    assert list(found) == [date(2026, 1, 1) + timedelta(days=step) for step in range(365)]
    assert response.context["sums"].working_days == 248
    assert "248 working days" in response.content.decode()


@pytest.mark.parametrize(("language", "off", "work"), [("zh-hans", "放", "班"), ("en", "off", "work")])
def test_special_days_have_a_word_besides_their_colour(client, anna, office, language, off, work):
    anna.language = language
    anna.save()

    found = cells(client.get(PAGE, {"year": "2026"}))

    marks = {day: found[date(2026, 10, day)].mark for day in (1, 7, 8, 10, 11)}
    assert marks == {1: off, 7: off, 8: "", 10: work, 11: ""}
    assert found[date(2026, 10, 11)].kind == "rest"


def test_the_word_is_never_tiaoxiu(client, anna, office):
    anna.language = "zh-hans"
    anna.save()

    page = client.get(PAGE, {"year": "2026"}).content.decode()

    assert "调休" not in page
    assert "放假" in page
    assert "补班" in page
    assert "国庆节" in page


def test_own_days_are_told_from_statutory_ones(client, office):
    office.exceptions.create(date=date(2026, 10, 9), kind="off", name="厂庆")

    found = cells(client.get(PAGE, {"year": "2026"}))

    assert (found[date(2026, 10, 9)].source, found[date(2026, 10, 1)].source) == ("own", "statutory")
    assert "our own" in found[date(2026, 10, 9)].label
    assert "厂庆" in found[date(2026, 10, 9)].label


@pytest.mark.parametrize(("year", "says"), [("2026", False), ("2027", True), ("2022", True)])
def test_a_year_that_is_not_verified_says_so(client, office, year, says):
    page = client.get(PAGE, {"year": year}).content.decode()

    assert ("Calendar not final" in page) is says


@pytest.mark.parametrize("year", ["1999", "2101", "abcd", "20260", "", "２０２６"])
def test_a_year_that_cannot_be_read_is_the_current_one(client, office, year):
    response = client.get(PAGE, {"year": year})

    assert response.status_code == 200
    assert any(cell.is_today for cell in cells(response).values())


def test_a_clicked_day_opens_a_small_form(client, office):
    response = client.get(f"{PAGE}days/", {"date": "2026-10-10"}, headers=HTMX)

    page = response.content.decode()
    assert "<html" not in page
    assert 'value="2026-10-10"' in page
    assert re.search(r'value="off"[^>]*checked', page)  # it is worked, so off is what one wants


def test_the_form_shows_the_own_day_that_is_there(client, office):
    office.exceptions.create(date=date(2026, 10, 9), kind="workday", name="赶货")

    form = client.get(f"{PAGE}days/", {"date": "2026-10-09"}).context["form"]

    assert (form.initial["day"], form.initial["name"]) == ("workday", "赶货")


DAYS = {"day": "off", "from_date": "2026-03-09", "to_date": "2026-03-10", "name": "厂庆"}


def test_days_lead_to_the_preview_and_nothing_is_saved(client, office):
    response = client.post(f"{PAGE}days/", DAYS)

    edit = CalendarEdit.objects.get()
    assert response.url == f"{PAGE}edits/{edit.pk}/"
    page = client.get(response.url).content.decode()
    assert "2026-03-09 Mon to 2026-03-10 Tue" in page
    assert "no longer worked" in page
    assert re.search(r"248</td>\s*<td[^>]*>246<", page)
    assert not office.exceptions.filter(is_statutory=False).exists()


def test_in_the_dialog_the_browser_is_sent_on(client, office):
    response = client.post(f"{PAGE}days/", DAYS, headers=HTMX)

    assert response.headers["HX-Redirect"] == f"{PAGE}edits/{CalendarEdit.objects.get().pk}/"


def test_one_day_needs_no_end(client, office):
    client.post(f"{PAGE}days/", {**DAYS, "to_date": ""})

    assert CalendarEdit.objects.get().changed_dates == ["2026-03-09"]


@pytest.mark.parametrize(
    ("path", "values", "field"),
    [
        ("days/", {**DAYS, "to_date": "2026-03-08"}, "to_date"),
        ("days/", {**DAYS, "to_date": "2027-03-15"}, "to_date"),
        ("days/", {**DAYS, "from_date": "1999-12-31"}, "from_date"),
        ("days/", {**DAYS, "from_date": "2026-02-30"}, "from_date"),
        ("days/", {**DAYS, "from_date": ""}, "from_date"),
        ("days/", {**DAYS, "name": "x" * 81}, "name"),
        ("days/", {**DAYS, "day": "调休"}, "day"),
        ("import/", {"country": "XX", "year": "2027"}, "country"),
        ("import/", {"country": "CN", "year": "2101"}, "year"),
        ("import/", {"country": "CN", "year": "2030"}, "year"),
        ("import/", {"country": "CN", "year": "x"}, "year"),
        ("recurring/", {"to_date": ""}, "to_date"),
        ("recurring/", {"to_date": "2037-01-01"}, "to_date"),
        ("recurring/", {"weekday": "8"}, "weekday"),
        ("recurring/", {"nth": "7"}, "nth"),
        ("recurring/", {"name": "x" * 81}, "name"),
        ("hours/", {"timezone": "Asia/Beijing"}, "timezone"),
        ("hours/", {"tue": "08:30-12:00, 11:59-18:00"}, "tue"),
        ("hours/", {"tue": "18:00-08:30"}, "tue"),
        ("hours/", {"tue": "08:30-25:00"}, "tue"),
        ("hours/", {"tue": "morning"}, "tue"),
        ("hours/", {"tue": "08:30-12:00 x 13:00-14:00"}, "tue"),
        ("hours/", dict.fromkeys(["mon", "tue", "wed", "thu", "fri"], ""), "mon"),
        ("hours/", {"name_zh": ""}, "name_zh"),
        ("hours/", {"name_en": "x" * 81}, "name_en"),
    ],
)
def test_bad_input_is_refused_beside_its_field_and_leaves_nothing(client, office, path, values, field):
    response = client.post(PAGE + path, {**defaults(path, office), **values})

    names = {"import/": "import_form", "recurring/": "recurring_form"}
    form = response.context[names.get(path, "form")]
    assert response.status_code == 422
    assert list(form.errors) == [field]
    assert str(form.errors[field][0]) in response.content.decode().replace("&#x27;", "'")
    assert not CalendarEdit.objects.exists()


def defaults(path, office):
    if path == "recurring/":
        dates = {"from_date": "2026-01-01", "to_date": "2026-12-31"}
        return {"day": "workday", "nth": "-1", "weekday": "6", "name": "", **dates}
    if path == "hours/":
        week = dict.fromkeys(["mon", "tue", "wed", "thu", "fri", "makeup"], "08:30-12:00, 13:30-18:00")
        return {"version": office.version, "name_zh": "办", "name_en": "O", "timezone": "Asia/Shanghai", **week}
    return {}


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("08:30–12:00, 13:30–18:00", [[510, 720], [810, 1080]]),
        ("8:30-12:00；13:30～18:00", [[510, 720], [810, 1080]]),
        ("08：30至12：00、13：30至18：00", [[510, 720], [810, 1080]]),
        ("00:00-24:00", [[0, 1440]]),
        ("", []),
    ],
)
def test_hours_are_read_as_people_write_them(client, office, text, spans):
    client.post(f"{PAGE}hours/", {**defaults("hours/", office), "sat": text})

    assert CalendarEdit.objects.get().changes["hours"]["6"] == spans


def test_hours_filled_in_over_an_older_version_are_refused_once(client, office):
    stale = {**defaults("hours/", office), "version": office.version - 1}

    refused = client.post(f"{PAGE}hours/", stale)

    assert refused.status_code == 422
    assert refused.context["form"].non_field_errors()
    assert refused.context["form"].data["version"] == str(office.version)


def test_the_switch_asks_for_the_opposite(client, office):
    response = client.post(f"{PAGE}makeup/", {"follows": "no"})

    page = client.get(response.url).content.decode()
    assert "Do not work on statutory make-up days" in page
    assert "2026-10-10 Sat" in page


def test_loading_the_next_year_is_seen_first(client, office):
    response = client.post(f"{PAGE}import/", {"country": "CN", "year": "2027"})
    client.post(f"{response.url}save/")

    office.refresh_from_db()
    page = client.get(PAGE, {"year": "2027"}).content.decode()
    assert office.verified_until == date(2026, 12, 31)
    assert "are not announced yet" in page


def test_a_rule_is_shown_and_can_be_taken_away(client, office):
    client.post(client.post(f"{PAGE}recurring/", defaults("recurring/", office)).url + "save/")
    page = client.get(PAGE).content.decode()
    assert "the last Sat of each month" in page

    rule = RecurringException.objects.get()
    client.post(client.post(f"{PAGE}recurring/{rule.pk}/remove/").url + "save/")

    assert not RecurringException.objects.exists()


def test_an_edit_that_is_not_saved_is_found_on_the_calendars_page(client, anna, office):
    edit = propose(office, anna)

    page = client.get(PAGE).content.decode()

    assert f"{PAGE}edits/{edit.pk}/" in page
    assert "Not saved yet" in page


def propose(office, by, **changes):
    asked = {"kind": "days", "day": "off", "from": "2026-03-09", "to": "2026-03-09", "name": "厂庆", **changes}
    return calendar_edits.propose_edit(calendar_id=office.pk, changes=asked, seen_version=None, by=by, now=MONDAY)


def test_an_edit_whose_calendar_moved_on_is_refused_with_who_it_was_and_counted_again(client, anna, office):
    mine = propose(office, anna)
    theirs = propose(office, make_user("admin", team=make_team(), name="Bo"), day="off", **{"to": "2026-03-10"})
    calendar_edits.save_edit(edit_id=theirs.pk, by=theirs.by, now=MONDAY)

    refused = client.post(f"{PAGE}edits/{mine.pk}/save/")

    assert refused.status_code == 409
    assert "Bo" in refused.content.decode()
    assert f"{PAGE}edits/{mine.pk}/redo/" in refused.content.decode()
    # The same is off already: that is said, and the edit stays to be dropped.
    client.post(f"{PAGE}edits/{mine.pk}/redo/")
    assert CalendarEdit.objects.count() == 2


def test_dropping_leaves_the_calendar_as_it_was(client, anna, office):
    edit = propose(office, anna)

    response = client.post(f"{PAGE}edits/{edit.pk}/drop/")

    edit.refresh_from_db()
    assert (response.url, edit.status) == (PAGE, "dropped")


def test_the_preview_counts_orders_and_gives_examples(client, anna, office):
    edit = propose(office, anna)
    example = {"order": "GD-7", "steps": 3, "largest": "GOODS_READY", "old": "2026-03-09T10:00:00+00:00"}
    CalendarEdit.objects.filter(pk=edit.pk).update(
        total=40, checked=40, affected=12, examples=[{**example, "new": "2026-03-10T10:00:00+00:00"}]
    )

    page = client.get(f"{PAGE}edits/{edit.pk}/").content.decode()

    assert "12 of 40 orders move" in page
    assert 'href="/orders/GD-7/"' in page
    assert "03-10 Tue 18:00" in page
    assert "hx-trigger" not in page


def test_while_orders_are_counted_the_page_asks_again_and_cannot_save(client, anna, office):
    edit = propose(office, anna)
    CalendarEdit.objects.filter(pk=edit.pk).update(status="counting", total=40, checked=9)

    page = client.get(f"{PAGE}edits/{edit.pk}/effect/").content.decode()

    assert 'hx-trigger="every 1s"' in page
    assert "9 of 40 orders looked at" in page
    assert re.search(r'max="40" value="9"', page)
    assert re.search(r"<button[^>]*disabled", page)


@pytest.mark.parametrize(("is_finished", "says"), [(False, "Re-planning: 5 of 9"), (True, "Re-planned: 9 orders")])
def test_after_saving_the_page_follows_the_re_planning(client, anna, office, is_finished, says):
    edit = propose(office, anna)
    calendar_edits.save_edit(edit_id=edit.pk, by=anna, now=MONDAY)
    progress = Progress(total=9, done=9 if is_finished else 5, moved=4, is_finished=is_finished)
    calendar_effects.register(Listener(lambda *_: None, lambda *_: None, lambda _edit: progress))

    page = client.get(f"{PAGE}edits/{edit.pk}/").content.decode()

    assert says in page
    assert ("hx-trigger" in page) is not is_finished


def test_a_new_calendar_is_made_as_a_copy(client, anna, office):
    values = {"code": "YIWU", "name_zh": "义乌", "name_en": "Yiwu", "copy_of": office.pk}

    made = client.post("/settings/calendars/new/", values)
    again = client.post("/settings/calendars/new/", values)

    assert made.url == "/settings/calendars/YIWU/"
    assert WorkCalendar.objects.get(code="YIWU").spec() == office.spec()
    assert (again.status_code, list(again.context["form"].errors)) == (422, ["code"])


@pytest.mark.parametrize("count", [1, 3])
def test_the_pages_take_a_constant_number_of_queries(client, anna, office, django_assert_max_num_queries, count):
    for number in range(count):
        propose(office, anna, **{"from": f"2026-03-{10 + number}", "to": f"2026-03-{10 + number}"})
        office.exceptions.create(date=date(2026, 4, 10 + number), kind="off")
        RecurringException.objects.create(
            **{"calendar": office, "kind": "workday", "weekday": 6, "nth": number + 1},
            **{"from_date": date(2026, 1, 1), "to_date": date(2026, 12, 31)},
        )
        make_company(calendar=office)
    edit = CalendarEdit.objects.latest("pk")

    for address, most in (("/settings/calendars/", 13), (PAGE, 15), (f"{PAGE}edits/{edit.pk}/", 8)):
        with django_assert_max_num_queries(most):
            assert client.get(address).status_code == 200


def test_strangers_are_asked_to_log_in_and_other_roles_are_refused(client):
    team = make_team()

    assert client.get(PAGE).url.startswith(reverse("login"))
    client.force_login(make_user("manager", team=team))
    assert client.get(PAGE).status_code == 403
    assert client.get("/settings/calendars/NONE/").status_code == 404
