"""The plan in the browser: the axis, the why, re-planning by preview, undo."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst

from orders.models import Order, PlanChange, ProcessTemplate
from orders.pages.axis import MARKS_AT, Scale, draw_axis, place_marks, text_width
from orders.pages.plan import outlook_of, read_live, shortfalls_of
from orders.pages.replan import preview_of
from orders.pages.why import why_of
from orders.plan_words import exact_float
from orders.planning import clock_for
from orders.services import milestones as milestone_services
from orders.services import plans, shipments
from orders.services.plans import Changes
from orders.services.plans.proposing import read_milestones
from teams.permissions import RoleCode
from tests.factories import first_line, make_confirmed_order, make_line_values, make_team, make_user

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Shanghai")
NOW = timezone.now()
TODAY = timezone.localdate()
DAY = timedelta(days=1)
PROMISED = TODAY + 130 * DAY


def make_export(team, clerk, *, promised=PROMISED, ordered_at=NOW - DAY, **fields) -> Order:
    return make_confirmed_order(
        team=team,
        by=clerk,
        template="EXPORT_FCL",
        now=ordered_at,
        lines=[make_line_values(promised_date_original=promised)],
        **{"incoterm": "FOB", "mode": "FCL", "country": "DE", "payment_terms": "TT_COPY_BL", **fields},
    )


@pytest.fixture
def export(team, clerk) -> Order:
    return make_export(team, clerk)


def page(name: str, order: Order, *args) -> str:
    return reverse(name, args=[order.number, *args])


def shown(client, order: Order, **changes) -> dict[str, str]:
    """What the browser would send: the form as shown, with its hidden first values, and `changes`."""
    form = client.get(page("order_plan", order)).context["form"]
    data = {}
    for name, field in form.fields.items():
        value = field.prepare_value(form[name].initial)
        value = "" if value in (None, False) else value
        if field.show_hidden_initial:
            data[form.add_initial_prefix(name)] = value
        if value != "":
            data[name] = value
    return {**data, **changes}


def apply(client, order: Order, *, seen: int | None = None, reason: str = "", side: str = "customer", **changes):
    sent = {**shown(client, order, **changes), "seen_plan": seen or order.plan_id, "side": side, "reason": reason}
    return client.post(page("order_plan", order), sent)


def live_of(order: Order, now: datetime = NOW):
    order = Order.objects.select_related("plan").get(pk=order.pk)
    return read_live(order, read_milestones(order), now=now)


def dues(order: Order) -> dict[str, datetime]:
    return dict(order.milestones.open().values_list("code", "due_at"))


# Who sees and may what ------------------------------------------------------------------------------------------------


def test_the_plan_of_another_team_does_not_exist(client, export):
    client.force_login(make_user("lead", team=make_team()))
    milestone = export.milestones.first()

    for url in (
        page("order_plan", export),
        page("order_plan_preview", export),
        page("order_plan_notice", export),
        page("step_why", export, milestone.pk),
    ):
        assert client.get(url).status_code == 404
    assert client.post(page("order_plan", export), {}).status_code == 404
    assert client.post(page("order_plan_undo", export), {"change": export.plan_id}).status_code == 404


@pytest.mark.parametrize("role", [RoleCode.QC, RoleCode.LOGISTICS])
def test_who_may_not_edit_the_order_sees_its_plan_and_changes_nothing(client, team, export, role):
    client.force_login(make_user(role, team=team))

    response = client.get(page("order_plan", export))

    assert response.status_code == 200
    assert "replan" not in response.content.decode().split("<main")[1].split("plan-grid")[0]
    assert client.post(page("order_plan", export), {"seen_plan": export.plan_id}).status_code == 403
    assert client.post(page("order_plan_undo", export), {"change": export.plan_id}).status_code == 403


def test_the_why_of_another_orders_step_is_not_found(client, team, clerk, export):
    other = make_export(team, clerk)
    client.force_login(clerk)

    assert client.get(page("step_why", export, other.milestones.first().pk)).status_code == 404


# The order page -------------------------------------------------------------------------------------------------------


def test_order_page_takes_no_more_queries_with_a_plan(client, clerk, export, django_assert_max_num_queries):
    client.force_login(clerk)
    client.get(page("order", export))

    with django_assert_max_num_queries(20):
        response = client.get(page("order", export))

    assert response.context["axis"].has_forecast
    assert response.context["outlook"].promised == PROMISED


def test_plan_page_and_why_grow_without_more_queries(client, team, clerk, export, django_assert_max_num_queries):
    client.force_login(clerk)
    for url in (page("order_plan", export), page("step_why", export, export.milestones.first().pk)):
        client.get(url)
    with django_assert_max_num_queries(20) as few:
        client.get(page("order_plan", export))
    for months in (5, 6, 7):
        changes = Changes(promised_date=TODAY + months * 30 * DAY)
        plans.apply_changes(order_id=export.pk, changes=changes, by=clerk, now=NOW, reason="再推迟", side="customer")
    with django_assert_max_num_queries(20) as many:
        response = client.get(page("order_plan", export))
    with django_assert_max_num_queries(12):
        client.get(page("step_why", export, export.milestones.first().pk))

    assert len(response.context["changes"]) == 4
    assert len(many) <= len(few)


def test_a_plan_that_fits_is_not_announced_and_one_that_does_not_is(client, team, clerk, export):
    client.force_login(clerk)
    fits = make_export(team, clerk, ordered_at=NOW)
    assert "hidden" in client.get(page("order_plan_notice", fits)).content.decode()

    late = make_export(team, clerk, promised=TODAY + 20 * DAY, ordered_at=NOW - 15 * DAY)
    response = client.get(page("order_plan_notice", late))

    assert len(response.context["moves"]) == len(plans.propose(late, Changes(), now=timezone.now()).moves) > 0
    assert page("order_plan_preview", late) in response.content.decode()


def test_the_outlook_tells_float_promise_and_prediction(team, clerk, export):
    comfortable = outlook_of(live_of(export))
    short = outlook_of(live_of(make_export(team, clerk, promised=TODAY + 30 * DAY)))

    assert (comfortable.tone, comfortable.late_text) == ("done", "")
    assert comfortable.predicted_at.astimezone(ZONE).date() == PROMISED  # the ship sails on its ETD, not before
    assert short.tone == "late"
    assert short.predicted_at.astimezone(ZONE).date() > TODAY + 30 * DAY
    assert short.late_text


def test_what_cannot_be_kept_is_told_once_with_the_cutoffs_that_fail_with_it(team, clerk):
    live = live_of(make_export(team, clerk, promised=TODAY + 30 * DAY))

    views = shortfalls_of(live.plan, live.nodes, live.milestones, {})

    assert len(live.plan.shortfalls) > 1
    assert [view.chain[-1].key for view in views] == ["ETD"]
    assert [step.days for step in views[0].helps] == sorted((s.days for s in views[0].helps), reverse=True)
    assert views[0].also


def test_orders_without_a_plan_have_pages_all_the_same(client, team, clerk, order):
    Order.objects.filter(pk=order.pk).update(plan=None, plan_shape=None)
    client.force_login(clerk)

    for name in ("order", "order_plan", "order_plan_notice"):
        assert client.get(page(name, order)).status_code == 200
    assert client.get(page("order_plan_preview", order)).status_code == 409
    why = client.get(page("step_why", order, order.milestones.first().pk))
    assert why.context["why"] is None


# The axis -------------------------------------------------------------------------------------------------------------


def test_scale_lays_days_out_from_midnight_in_the_readers_zone():
    scale = Scale.over(date(2026, 10, 1), date(2026, 12, 31), ZONE)

    assert scale.day_width == pytest.approx(620 / 92)
    assert scale.at(datetime(2026, 10, 1, tzinfo=ZONE)) == 0
    assert scale.at(datetime(2026, 10, 11, tzinfo=ZONE)) == scale.on(date(2026, 10, 11)) == round(10 * 620 / 92, 1)
    assert scale.at(datetime(2026, 9, 1, tzinfo=UTC)) == 0
    assert scale.at(datetime(2027, 9, 1, tzinfo=UTC)) == scale.width == 620


@pytest.mark.parametrize(("days", "width"), [(10, 600), (100, 620), (400, 2000), (4000, 4000)])
def test_short_plans_are_stretched_and_long_ones_drawn_together(days, width):
    assert Scale.over(date(2026, 1, 1), date(2026, 1, 1) + (days - 1) * DAY, ZONE).width == width


def test_names_of_lines_never_cover_each_other():
    found = [(100.0, "now", "today 11-25"), (104.0, "promise", "promise 11-26"), (108.0, "anchor", "on board 11-27")]
    marks = place_marks([*found, (112.0, "anchor", "one too many")], 120.0)

    spans = {}
    for mark in marks:
        if mark.text:
            width = text_width(mark.text)
            span = (mark.text_x - width, mark.text_x) if mark.is_left else (mark.text_x, mark.text_x + width)
            assert all(span[1] <= a or b <= span[0] for a, b in spans.get(mark.y, []))
            spans.setdefault(mark.y, []).append(span)
    assert [bool(mark.text) for mark in marks] == [True, True, True, False]
    assert min(spans) == MARKS_AT


def test_axis_shows_plan_forecast_float_critical_chain_cutoffs_and_days_off(team, clerk):
    order = make_export(team, clerk, promised=date(2026, 12, 18), ordered_at=datetime(2026, 9, 1, 1, tzinfo=UTC))
    now = datetime(2026, 9, 2, 1, tzinfo=UTC)
    live = live_of(order, now)
    milestones = list(live.milestones.values())

    axis = draw_axis(milestones, {m.pk: "quiet" for m in milestones}, date(2026, 12, 18), now, live=live)

    rows = {row.milestone.code: row for row in axis.rows}
    assert len(rows) == len(milestones)
    assert [group.name for group in axis.groups][:2] != []
    loaded = rows["LOADED"]
    assert loaded.x1 <= loaded.due <= loaded.tail
    assert loaded.forecast < loaded.due
    assert not loaded.is_late
    assert {row.milestone.code for row in axis.rows if row.is_critical} == {
        code for code, step in live.plan.steps.items() if step.is_critical
    }
    assert rows["CUSTOMS_RELEASED"].cuts
    assert {mark.kind for mark in axis.marks} == {"now", "promise", "anchor"}
    national = [band for band in axis.bands if band.kind == "off" and "10-01…10-07" in band.title]
    assert len(national) == 1
    assert "补班" in next(band.title for band in axis.bands if band.kind == "workday")
    ys = [row.y for row in axis.rows]
    assert ys == sorted(set(ys))


def test_steps_of_several_shipments_stand_under_their_own(client, team, clerk, export):
    line = first_line(export)
    for number, days in (("S-1", 120), ("S-2", 135)):
        shipments.create_shipment(
            values={"number": number, "team": team, "etd": TODAY + days * DAY}, lines={line.pk: 50}, by=clerk, now=NOW
        )
    plans.apply_changes(order_id=export.pk, changes=Changes(), by=clerk, now=NOW)
    client.force_login(clerk)

    names = [group.name for group in client.get(page("order", export)).context["axis"].groups]

    assert sum(name.endswith("· S-1") for name in names) == sum(name.endswith("· S-2") for name in names) > 1
    rows = client.get(page("order_plan", export)).context["rows"]
    assert any(row.name.endswith("· S-1") for row in rows)


# The why --------------------------------------------------------------------------------------------------------------


def test_the_why_names_the_constraint_and_the_days_it_skipped(team, clerk):
    order = make_export(team, clerk, promised=date(2026, 11, 9), ordered_at=datetime(2026, 8, 24, 1, tzinfo=UTC))
    live = live_of(order, datetime(2026, 8, 25, 1, tzinfo=UTC))
    step = live.milestones["MATERIAL_IN"]

    why = why_of(live, step)

    assert live.name("IQC_DONE") in why.binding
    assert why.calendar_version == step.calendar.version
    assert step.planned_start_at.astimezone(ZONE).date() < date(2026, 10, 1) < step.due_at.astimezone(ZONE).date()
    assert "10-01…10-07" in why.calculation
    assert "放假" in why.calculation
    assert "调休" not in why.calculation


def test_a_buffer_before_the_anchor_is_named(team, clerk, export):
    live = live_of(export)

    kept_free = why_of(live, live.milestones["SO_RELEASED"]).binding
    cutoff = why_of(live, live.milestones["CUSTOMS_RELEASED"]).binding

    assert "2" in kept_free.rsplit("；", 1)[-1] or "2" in kept_free.rsplit(";", 1)[-1]
    assert "；" not in cutoff  # a cut-off is kept to the hour, nothing is kept free before it


def test_a_date_beyond_the_announced_days_is_marked(team, clerk, export):
    milestone = export.milestones.get(code="CLOSED")
    live = live_of(export)
    assert not live.milestones["CLOSED"].calendar.verified_until or why_of(live, live.milestones["CLOSED"]) is not None
    milestone.calendar.verified_until = TODAY
    milestone.calendar.save(update_fields=["verified_until"])

    assert why_of(live_of(export), live_of(export).milestones["CLOSED"]).provisional


@pytest.mark.parametrize("as_fragment", [True, False])
def test_why_is_a_dialog_for_htmx_and_a_page_without(client, clerk, export, as_fragment):
    client.force_login(clerk)
    headers = {"hx-request": "true"} if as_fragment else {}

    text = client.get(page("step_why", export, export.milestones.get(code="ETD").pk), headers=headers).content.decode()

    assert ("<html" not in text) is as_fragment
    assert 'id="why-title"' in text


# Re-planning ----------------------------------------------------------------------------------------------------------


def test_the_preview_is_what_is_applied_and_undo_brings_all_back(client, clerk, export):
    client.force_login(clerk)
    before, plan = dues(export), export.plan_id
    new = PROMISED + 14 * DAY

    preview = client.get(page("order_plan_preview", export), shown(client, export, promised_date=new.isoformat()))
    assert preview.status_code == 200
    assert dues(export) == before
    wanted = {row.name: row.new for row in preview.context["preview"].moved}

    response = apply(client, export, promised_date=new.isoformat(), reason="客户推迟装运")

    assert response.status_code == 302
    export.refresh_from_db()
    assert export.current_promised_date == new
    assert export.promised_date == PROMISED
    moved = {capfirst(m.name): m.due_at for m in export.milestones.all() if before.get(m.code) != m.due_at}
    assert moved == wanted
    assert client.post(page("order_plan_undo", export), {"change": export.plan_id}).status_code == 302
    export.refresh_from_db()
    assert export.current_promised_date == PROMISED
    assert dues(export) == before
    assert export.plan_id != plan
    assert PlanChange.objects.filter(order=export, is_undone=True).count() == 1


def test_a_promise_that_moves_nothing_names_the_sailing_that_would(client, team, clerk, export):
    shipments.create_shipment(
        values={"number": "S-9", "team": team, "etd": TODAY + 120 * DAY},
        lines={first_line(export).pk: 100},
        by=clerk,
        now=NOW,
    )
    plans.apply_changes(order_id=export.pk, changes=Changes(), by=clerk, now=NOW)
    client.force_login(clerk)

    data = shown(client, export, promised_date=(PROMISED + 14 * DAY).isoformat())
    response = client.get(page("order_plan_preview", export), data)

    assert response.context["preview"].count == 0
    assert "S-9" in response.content.decode()


def test_preview_tells_people_floats_constraints_and_what_the_terms_do(client, team, clerk, export):
    make_user("finance", team=team, name="吴丹")
    client.force_login(clerk)
    lc = {"payment_terms": "LC", "lc_latest_shipment": (PROMISED + 2 * DAY).isoformat()}

    context = client.get(page("order_plan_preview", export), shown(client, export, **lc)).context

    preview = context["preview"]
    assert "LC_RECEIVED" in {m.milestone.code for m in plans.propose(export, changes_of(context), now=NOW).moves}
    assert [row.kind for row in preview.removed] == ["removed"] * len(preview.removed)
    assert preview.added
    assert all(row.binding for row in preview.added)
    assert sum(count for _person, count in preview.people) == preview.count
    assert [note.added for note in preview.notes] != [[]]
    assert not context["needs_reason"]


def changes_of(context) -> Changes:
    return context["form"].changes()


def test_a_slip_needs_a_reason_and_moves_what_follows(client, clerk, export):
    client.force_login(clerk)
    step = export.milestones.get(code="CONTRACT_REVIEW")
    late = timezone.localtime(NOW + 100 * DAY).strftime("%Y-%m-%dT%H:%M")
    slip = {"step": step.pk, "expected_at": late}

    without = apply(client, export, **slip)
    assert without.status_code == 422
    assert "reason" in without.context["apply_form"].errors
    assert without.context["preview"].count > 0

    assert apply(client, export, reason="客户改图", **slip).status_code == 302
    step.refresh_from_db()
    assert step.expected_at is not None
    assert step.due_at >= step.expected_at


def test_whoever_was_faster_makes_the_preview_come_anew(client, team, clerk, export):
    client.force_login(clerk)
    seen = export.plan_id
    changes = Changes(promised_date=PROMISED + 7 * DAY)
    plans.apply_changes(order_id=export.pk, changes=changes, by=clerk, now=NOW, reason="先改", side="customer")
    newer = Order.objects.get(pk=export.pk).plan_id

    response = apply(client, export, seen=seen, promised_date=(PROMISED + 21 * DAY).isoformat(), reason="再改")

    assert response.status_code == 409
    assert response.context["preview"].count > 0
    assert str(response.context["apply_form"]["seen_plan"].value()) == str(newer)
    assert Order.objects.get(pk=export.pk).plan_id == newer


def test_a_change_that_moves_nothing_says_so(client, team, clerk):
    order = make_export(team, clerk, ordered_at=NOW)
    client.force_login(clerk)

    response = client.get(page("order_plan_preview", order))

    assert response.context["preview"].count == 0
    assert not response.context["has_changes"]


def test_only_the_last_change_can_be_undone(client, clerk, export):
    client.force_login(clerk)
    first = export.plan_id

    response = client.post(page("order_plan_undo", export), {"change": first})

    assert response.status_code == 409
    assert client.post(page("order_plan_undo", export), {"change": "x"}).status_code == 422
    assert client.post(page("order_plan_undo", export), {"change": 987_654_321}).status_code == 404


def test_a_new_template_version_is_offered_and_an_old_one_is_not(client, clerk, export):
    client.force_login(clerk)
    assert "template" not in client.get(page("order_plan", export)).context["form"].fields
    old = export.template
    ProcessTemplate.objects.filter(pk=old.pk).update(is_current=False)
    newer = ProcessTemplate.objects.create(code=old.code, version=2, kind=old.kind, name_zh="新", name_en="new")

    form = client.get(page("order_plan", export)).context["form"]

    assert list(form.fields["template"].queryset) == [newer]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"promised_date": (TODAY - DAY).isoformat()}, "promised_date"),
        ({"promised_date": "2020-01-01"}, "promised_date"),
        ({"promised_date": "2026-02-30"}, "promised_date"),
        ({"step": "CONTRACT_REVIEW", "expected_at": "2020-01-01T10:00"}, "expected_at"),
        ({"expected_at": "2099-01-01T10:00"}, "step"),
        ({"step": "987654321"}, "step"),
        ({"payment_terms": "CASH"}, "payment_terms"),
        ({"mode": "ROCKET"}, "mode"),
        ({"country": "QQ"}, "country"),
        ({"lc_presentation_days": "0"}, "lc_presentation_days"),
        ({"lc_latest_shipment": "2026-12-31", "lc_expiry": "2026-12-01"}, "lc_expiry"),
    ],
)
def test_bad_changes_name_their_field_and_move_nothing(client, clerk, export, changes, field):
    client.force_login(clerk)
    if not str(changes.get("step", "9")).isdecimal():
        changes = {**changes, "step": export.milestones.get(code=changes["step"]).pk}
    before = dues(export)

    for response in (
        client.get(page("order_plan_preview", export), shown(client, export, **changes)),
        apply(client, export, reason="x", **changes),
    ):
        assert response.status_code == 422
        assert field in response.context["form"].errors
    assert dues(export) == before


def test_a_closed_step_cannot_be_expected(client, clerk, export):
    done = export.milestones.get(code="PO_RECEIVED")
    milestone_services.skip_milestone(milestone_id=done.pk, by=clerk, now=NOW, reason="口头下单")
    client.force_login(clerk)
    later = (NOW + 9 * DAY).strftime("%Y-%m-%dT%H:%M")

    response = client.get(page("order_plan_preview", export), shown(client, export, step=done.pk, expected_at=later))

    assert response.status_code == 422
    assert "step" in response.context["form"].errors


def test_an_unknown_template_version_is_refused(client, clerk, export):
    client.force_login(clerk)
    old = export.template
    ProcessTemplate.objects.filter(pk=old.pk).update(is_current=False)
    ProcessTemplate.objects.create(code=old.code, version=2, kind=old.kind, name_zh="新", name_en="new")

    response = client.get(page("order_plan_preview", export), shown(client, export, template="987654321"))

    assert response.status_code == 422
    assert "template" in response.context["form"].errors


def test_a_partial_query_changes_only_what_it_names(client, clerk, export):
    client.force_login(clerk)

    context = client.get(page("order_plan_preview", export), {"promised_date": PROMISED.isoformat()}).context

    assert context["form"].changes() == Changes(promised_date=PROMISED)


# Terms in the order's own forms ---------------------------------------------------------------------------------------


def test_terms_are_edited_on_the_order_and_the_plan_then_asks_for_a_preview(client, clerk, export):
    client.force_login(clerk)
    form = client.get(page("order_edit", export)).context["form"]
    data = {"version": export.version, "number": export.number, "initial-number": export.number}
    data |= {"clerk": clerk.pk, "initial-clerk": clerk.pk, "currency": "USD", "initial-currency": "USD"}
    data |= {"fx_rate": "1", "initial-fx_rate": "1", "priority": "normal", "initial-priority": "normal"}
    assert {"third_party_inspection", "wood_packaging", "lc_latest_shipment", "country"} <= set(form.fields)

    response = client.post(page("order_edit", export), {**data, "wood_packaging": "on"})

    assert response.status_code == 302
    export.refresh_from_db()
    assert export.wood_packaging
    assert export.payment_terms == "TT_COPY_BL"
    added = [m.milestone.code for m in plans.propose(export, Changes(), now=NOW).moves if m.kind == "added"]
    assert added == ["FUMIGATED"]
    assert client.get(page("order_plan_notice", export)).context["moves"]


def test_an_expiry_before_the_latest_shipment_is_told_at_its_field(client, clerk, export):
    client.force_login(clerk)
    data = {"version": export.version, "lc_latest_shipment": "2026-12-31", "lc_expiry": "2026-12-01"}

    response = client.post(page("order_edit", export), data)

    assert response.status_code == 422
    assert "lc_expiry" in response.context["form"].errors


def test_the_preview_compares_with_todays_float(team, clerk, export):
    proposal = plans.propose(export, Changes(promised_date=PROMISED + 14 * DAY), now=NOW)
    live = live_of(export)

    row = next(row for row in preview_of(proposal, live).moved if row.name == live.name("LOADED"))

    step = live.plan["LOADED"]
    length = clock_for(live.milestones["LOADED"].calendar.schedule()).day_length
    assert row.float_before == exact_float(int(step.float.total_seconds() // 60), length)
