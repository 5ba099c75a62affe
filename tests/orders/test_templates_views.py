"""The pages of process templates: list, one process, editor with errors at their cells, moving orders."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.forms.templates import FOLDED
from orders.grammar import row_of
from orders.models import PlanJob, ProcessTemplate
from orders.process import steps_of
from orders.services import templates as services
from tests.factories import make_confirmed_order, make_line_values, make_template, make_user

pytestmark = pytest.mark.django_db
LIST = "/settings/templates/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def anna(client, team):
    user = make_user("admin", team=team, name="Anna", language="en")
    client.force_login(user)
    make_template()
    return user


def rows_of(code):
    template = ProcessTemplate.objects.get(code=code, is_current=True)
    return template, [row_of(spec) for _pk, spec in steps_of(template.pk)]


def fields_of(template, rows, *, act="check", base_version=None, **head):
    """What a browser sends of the editor."""
    data = {
        **{"name_zh": template.name_zh, "name_en": template.name_en, "buffer": template.buffer, "act": act},
        **{"base_version": base_version or template.version},
        **{"steps-TOTAL_FORMS": len(rows), "steps-INITIAL_FORMS": 0, "steps-MIN_NUM_FORMS": 0},
        **{"steps-MAX_NUM_FORMS": 200},
        **head,
    }
    for index, row in enumerate(rows):
        for name, text in row.items():
            data[f"steps-{index}-{name}"] = list(text) if name == "flags" else text
        data.setdefault(f"steps-{index}-ORDER", index + 1)
    return data


def edit(client, code, change=None, **options):
    template, rows = rows_of(code)
    if change:
        rows = change(rows) or rows
    return client.post(f"{LIST}{code}/edit/", fields_of(template, rows, **options))


def save_next(code, by, change):
    template, rows = rows_of(code)
    change(rows)
    names = (template.name_zh, template.name_en)
    return services.save_version(
        code=code,
        rows=rows,
        buffer=template.buffer,
        names=names,
        by=by,
        now=timezone.now(),
        base_version=template.version,
    )


def set_cell(code, column, text):
    def change(rows):
        next(row for row in rows if row["code"] == code)[column] = text

    return change


# The list and the pages of a process


def test_the_list_says_length_steps_and_open_orders_by_version(client, anna, team, clerk):
    make_confirmed_order(team=team, by=clerk, template="DOMESTIC_MTO")
    save_next("DOMESTIC_MTO", anna, set_cell("CSAT", "sla", ""))
    make_confirmed_order(team=team, by=clerk, template="SPARE_PARTS")  # another process

    rows = {row.template.code: row for row in client.get(LIST).context["rows"]}

    assert {code: rows[code].figures.days for code in ("EXPORT_FCL", "GARMENT_TNA", "DOMESTIC_MTO")} == {
        "EXPORT_FCL": 43,
        "GARMENT_TNA": 60,
        "DOMESTIC_MTO": 31,
    }
    assert (rows["DOMESTIC_MTO"].step_count, rows["DOMESTIC_MTO"].open_count, rows["DOMESTIC_MTO"].older_count) == (
        21,
        1,
        1,
    )
    assert rows["DOMESTIC_MTO"].open_words == "v1: 1"
    assert rows["SPARE_PARTS"].older_count == 0


def test_the_list_asks_as_much_for_one_process_as_for_many(client, anna):
    client.get(LIST)
    with CaptureQueriesContext(
        connection,
    ) as many:
        client.get(LIST)
    ProcessTemplate.objects.exclude(code="SPARE_PARTS").update(is_current=False)
    with CaptureQueriesContext(connection) as one:
        client.get(LIST)

    assert len(many) == len(one)


@pytest.mark.parametrize("show", ["steps", "network", "coverage", "versions", "nonsense"])
@pytest.mark.parametrize("code", ["EXPORT_FCL", "SPARE_PARTS"])
def test_each_part_of_a_process_is_shown(client, anna, show, code):
    response = client.get(f"{LIST}{code}/?show={show}")

    assert response.status_code == 200
    assert response.context["tab"] == (show if show != "nonsense" else "steps")


def test_the_page_of_an_export_says_43_working_days_in_both_languages(client, anna):
    assert b"43 working days" in client.get(f"{LIST}EXPORT_FCL/").content
    anna.language = "zh-hans"
    anna.save(update_fields=["language"])
    assert "43 个工作日" in client.get(f"{LIST}EXPORT_FCL/").content.decode()


def test_versions_cost_the_same_however_many_there_are(client, anna):
    save_next("SPARE_PARTS", anna, set_cell("CSAT", "sla", ""))
    client.get(f"{LIST}SPARE_PARTS/?show=versions")
    with CaptureQueriesContext(connection) as two:
        client.get(f"{LIST}SPARE_PARTS/?show=versions")
    for text in ("1w/-/-", "2w/-/-"):
        save_next("SPARE_PARTS", anna, set_cell("CSAT", "sla", text))
    client.get(f"{LIST}SPARE_PARTS/?show=versions")
    with CaptureQueriesContext(connection) as four:
        response = client.get(f"{LIST}SPARE_PARTS/?show=versions")

    lines = response.context["versions"]
    assert [line.template.version for line in lines] == [4, 3, 2, 1]
    assert lines[0].diff.rows[0].cells == [("reminders", "1w/-/-", "2w/-/-")]
    assert lines[-1].diff is None
    assert len(two) == len(four)


@pytest.mark.parametrize("role", ["clerk", "manager"])
@pytest.mark.parametrize("path", ["", "SPARE_PARTS/", "SPARE_PARTS/edit/", "SPARE_PARTS/migrate/", "new/"])
def test_settings_are_for_those_who_may_edit_them(client, team, role, path):
    make_template()
    client.force_login(make_user(role, team=team))

    assert client.get(LIST + path).status_code == 403
    assert client.get(f"{LIST}NOWHERE/").status_code == 404


# The editor


def test_checking_shows_the_effect_and_saves_nothing(client, anna, team, clerk):
    make_confirmed_order(team=team, by=clerk, template="DOMESTIC_MTO")

    response = edit(client, "DOMESTIC_MTO", set_cell("PROD_DONE", "duration", "14w"))

    preview = response.context["preview"]
    assert response.status_code == 200
    assert (preview["before"].days, preview["after"].days, preview["difference"]) == (
        "31 working days",
        "35 working days",
        4,
    )
    assert [(row.code, row.cells) for row in preview["diff"].rows] == [("PROD_DONE", [("duration", "10w", "14w")])]
    assert preview["open_count"] == 1
    assert ProcessTemplate.objects.filter(code="DOMESTIC_MTO").count() == 1


def test_warnings_name_steps_nothing_waits_for_and_nobody_is_reminded_of(client, anna):
    def change(rows):
        set_cell("IPQC", "sla", "")(rows)
        set_cell("OQC", "depends_on", "PROD_DONE")(rows)

    warnings = edit(client, "DOMESTIC_MTO", change).context["preview"]["warnings"]

    assert "In-process inspection" in warnings[0].steps
    assert warnings[1].steps == ["In-process inspection"]


def test_saving_makes_version_two_and_leads_to_it(client, anna):
    response = edit(client, "DOMESTIC_MTO", set_cell("PROD_DONE", "duration", "14w"), act="save")

    assert (response.status_code, response["Location"]) == (302, f"{LIST}DOMESTIC_MTO/")
    template, rows = rows_of("DOMESTIC_MTO")
    assert (template.version, template.made_by) == (2, anna)
    assert next(row for row in rows if row["code"] == "PROD_DONE")["duration"] == "14w"


def test_a_browser_with_scripts_sends_all_steps_in_one_field(client, anna):
    template, rows = rows_of("EXPORT_FCL")
    set_cell("PROD_DONE", "duration", "14w")(rows)
    fields = fields_of(template, rows, act="save")
    pairs = []
    for name in [name for name in fields if name.startswith("steps-") and not name.endswith("_FORMS")]:
        value = fields.pop(name)
        pairs += [[name, str(each)] for each in (value if isinstance(value, list) else [value])]

    response = client.post(f"{LIST}EXPORT_FCL/edit/", {**fields, FOLDED: json.dumps(pairs)}, headers=HTMX)

    assert response["HX-Redirect"] == f"{LIST}EXPORT_FCL/"
    assert rows_of("EXPORT_FCL")[0].version == 2


@pytest.mark.parametrize("folded", ["[", "7", '{"a": 1}', "[[1, 2]]", "[[]]", '["ab"]', "[" * 5000])
def test_folded_steps_that_cannot_be_read_are_refused(client, anna, folded):
    template, _rows = rows_of("SPARE_PARTS")

    response = client.post(f"{LIST}SPARE_PARTS/edit/", {**fields_of(template, []), FOLDED: folded})

    assert response.status_code == 422


def test_rows_are_saved_in_the_order_of_their_numbers_without_removed_and_blank_ones(client, anna):
    template, rows = rows_of("CLAIM_8D")
    fields = fields_of(template, [*rows, dict.fromkeys(rows[0], "")], act="save")
    fields["steps-1-ORDER"], fields["steps-2-ORDER"] = 3, 2
    fields["steps-4-DELETE"] = "on"  # SETTLEMENT
    fields["steps-7-depends_on"] = "CORRECTIVE"

    response = client.post(f"{LIST}CLAIM_8D/edit/", fields)

    codes = [row["code"] for row in rows]
    assert response.status_code == 302
    assert [row["code"] for row in rows_of("CLAIM_8D")[1]] == [codes[0], codes[2], codes[1], codes[3], *codes[5:]]


def test_a_row_is_added_without_scripts(client, anna):
    template, rows = rows_of("SPARE_PARTS")

    response = client.post(f"{LIST}SPARE_PARTS/edit/", fields_of(template, rows, act="add"))

    shown = response.context["editor"].shown_forms
    assert response.status_code == 200
    assert len(shown) == len(rows) + 1
    assert shown[-1].is_blank


@pytest.mark.parametrize(
    ("code", "column", "text", "words"),
    [
        ("PICKED", "duration", "3x", "“3x” is not understood"),
        ("PICKED", "duration", "900w", "too long"),
        ("PICKED", "role", "", "exactly one owner"),
        ("PICKED", "role", "boss", "“boss” is not a role"),
        ("PICKED", "depends_on", "GONE", "There is no step GONE"),
        ("PICKED", "depends_on", "DISPATCHED", "in a circle"),
        ("PICKED", "latest", "ORDER_RECEIVED-1w", "does not come after"),
        ("PICKED", "documents", "XYZ!", "There is no document XYZ"),
        ("PICKED", "calendar", "MARS", "There is no work calendar MARS"),
        ("PICKED", "stage", "NOPE", "“NOPE” is not understood"),
        ("PICKED", "code", "DISPATCHED", "stands twice"),
        ("PICKED", "name_en", "x" * 201, "At most 200 characters"),
    ],
)
@pytest.mark.parametrize("act", ["check", "save"])
def test_an_error_stands_at_its_cell_and_the_input_is_kept(client, anna, code, column, text, words, act):
    response = edit(client, "SPARE_PARTS", set_cell(code, column, text), act=act)

    editor = response.context["editor"]
    assert response.status_code == 422
    faulty = [form for form in editor.shown_forms if column in form.errors]
    assert any(words in error for form in faulty for error in form.errors[column])
    assert any(words in fault and f"-{column}" in target for target, fault in editor.faults)
    assert any(form[column].value() == text for form in editor.shown_forms)
    assert text.encode() in response.content
    assert ProcessTemplate.objects.filter(code="SPARE_PARTS").count() == 1


@pytest.mark.parametrize(
    "change",
    [
        set_cell("ORDER_RECEIVED", "flags", ""),  # no anchor
        set_cell("PICKED", "flags", "AT"),  # two
        lambda rows: rows.clear(),
    ],
)
def test_a_process_at_fault_as_a_whole_is_refused(client, anna, change):
    response = edit(client, "SPARE_PARTS", change, act="save")

    editor = response.context["editor"]
    assert response.status_code == 422
    assert editor.faults or editor.head.non_field_errors()


def test_more_than_two_hundred_rows_are_refused(client, anna):
    template, rows = rows_of("SPARE_PARTS")
    pairs = [[f"steps-{n}-{name}", f"S{n}" if name == "code" else "x"] for n in range(201) for name in ("code", "role")]

    response = client.post(
        f"{LIST}SPARE_PARTS/edit/",
        {**fields_of(template, []), "steps-TOTAL_FORMS": 201, FOLDED: json.dumps(pairs)},
    )

    assert response.status_code == 422
    assert "at most 200 steps" in response.context["editor"].head.non_field_errors()[0]
    assert len(rows) == 10


def test_names_and_buffer_are_refused_at_their_fields(client, anna):
    response = edit(client, "SPARE_PARTS", None, name_en="", buffer="soon", act="save")

    assert response.status_code == 422
    assert set(response.context["editor"].head.errors) >= {"name_en"}


def test_the_second_writer_sees_both_and_saving_again_decides(client, anna, team):
    li = make_user("admin", team=team, name="Li Na")
    template, rows = rows_of("SPARE_PARTS")
    save_next("SPARE_PARTS", li, set_cell("CSAT", "sla", ""))
    set_cell("PICKED", "duration", "5h")(rows)

    response = client.post(f"{LIST}SPARE_PARTS/edit/", fields_of(template, rows, act="save"))

    assert response.status_code == 409
    assert "Li Na saved version 2" in response.context["conflict"]
    assert [row.code for row in response.context["theirs"].rows] == ["CSAT"]
    assert [row.code for row in response.context["yours"].rows] == ["PICKED"]
    assert response.context["editor"].head["base_version"].value() == "2"
    assert ProcessTemplate.objects.filter(code="SPARE_PARTS").count() == 2

    again = client.post(f"{LIST}SPARE_PARTS/edit/", fields_of(template, rows, act="save", base_version=2))
    assert again.status_code == 302
    assert rows_of("SPARE_PARTS")[0].version == 3


def test_a_new_process_begins_as_a_copy_and_goes_on_in_the_editor(client, anna):
    source = ProcessTemplate.objects.get(code="CLAIM_8D")
    data = {"name_zh": "欧盟客诉", "name_en": "EU complaint", "code": "CLAIM_EU", "copy_of": source.pk}

    response = client.post(f"{LIST}new/", data)

    assert response["Location"] == f"{LIST}CLAIM_EU/edit/"
    again = client.post(f"{LIST}new/", data)
    assert again.status_code == 422
    assert "code" in again.context["form"].errors


# Moving open orders


def _drop_ipqc(rows):
    rows[:] = [row for row in rows if row["code"] != "IPQC"]
    set_cell("OQC", "depends_on", "PROD_DONE")(rows)
    set_cell("PROD_DONE", "duration", "14w")(rows)


@pytest.fixture
def older(anna, team, clerk):
    now = timezone.now()
    promised = (now + timedelta(days=90)).date()
    orders = [
        make_confirmed_order(
            team=team,
            by=clerk,
            now=now - timedelta(days=1),
            template="DOMESTIC_MTO",
            lines=[make_line_values(promised_date_original=promised)],
        )
        for _ in range(2)
    ]
    save_next("DOMESTIC_MTO", anna, _drop_ipqc)
    return orders


def test_each_order_tells_what_the_new_version_would_move(client, older):
    rows = client.get(f"{LIST}DOMESTIC_MTO/migrate/").context["rows"]

    assert [row.order for row in rows] == sorted(older, key=lambda order: order.number)
    assert all((row.added, row.removed, row.fault) == (0, 1, "") and row.moved > 0 for row in rows)
    assert all(row.largest[1].startswith("−") for row in rows)  # planned earlier


def test_chosen_orders_become_a_job_with_a_bar(client, older):
    response = client.post(f"{LIST}DOMESTIC_MTO/migrate/", {"order": [older[0].pk, "x", 10**30]})

    job = PlanJob.objects.get()
    assert response["Location"] == f"{LIST}jobs/{job.pk}/"
    assert job.order_ids == [older[0].pk]
    assert b"hx-trigger" in client.get(response["Location"], headers=HTMX).content
    PlanJob.objects.update(done=1, finished_at=timezone.now(), faults=[{"order": "GD-1", "message": "no"}], failed=1)
    finished = client.get(response["Location"]).content
    assert b"hx-trigger" not in finished
    assert b"GD-1" in finished


def test_all_orders_are_chosen_at_once(client, older):
    client.post(f"{LIST}DOMESTIC_MTO/migrate/", {"all": "1"})

    assert set(PlanJob.objects.get().order_ids) == {order.pk for order in older}


def test_choosing_none_is_refused(client, older):
    response = client.post(f"{LIST}DOMESTIC_MTO/migrate/", {})

    assert response.status_code == 422
    assert not PlanJob.objects.exists()


def test_the_page_asks_little_besides_the_proposals(client, older, monkeypatch):
    """With the proposals taken out, one order or two cost the same."""
    monkeypatch.setattr("orders.pages.templates.propose", lambda order, changes, *, now: pytest.fail("not asked here"))
    monkeypatch.setattr("orders.views.templates.pages.migration_row", lambda order, template, now: {"order": order})
    client.get(f"{LIST}DOMESTIC_MTO/migrate/")
    with CaptureQueriesContext(connection) as two:
        client.get(f"{LIST}DOMESTIC_MTO/migrate/")
    type(older[0]).objects.filter(pk=older[0].pk).update(template=rows_of("DOMESTIC_MTO")[0])
    with CaptureQueriesContext(connection) as one:
        client.get(f"{LIST}DOMESTIC_MTO/migrate/")

    assert len(two) == len(one)


def test_a_bad_cursor_is_a_bad_request(client, older):
    assert client.get(f"{LIST}DOMESTIC_MTO/migrate/?after=xx").status_code == 400


def test_jobs_of_other_kinds_have_no_page_here(client, anna):
    job = PlanJob.objects.create(kind="calendar", created_at=timezone.now(), by=anna)

    assert client.get(f"{LIST}jobs/{job.pk}/").status_code == 404
