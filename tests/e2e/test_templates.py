"""Editing a process in the browser: a longer step changes the figures, is saved as version 2, and open orders move."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from orders.models import Order, ProcessTemplate
from orders.process import steps_of
from orders.services.plans.jobs import work_on_jobs
from tests.e2e.conftest import fits
from tests.factories import make_confirmed_order, make_line_values, make_team, make_user

PAGE = "/settings/templates/EXPORT_FCL/"
EDIT = f"{PAGE}edit/"


@pytest.fixture
def team(transactional_db):
    team = make_team("export")
    make_user("admin", team=team, username="anna", name="Anna", language="en")
    make_user("admin", team=team, username="li", name="李娜", language="zh-hans")
    now = timezone.now()
    promised = (now + timedelta(days=100)).date()
    make_confirmed_order(
        team=team,
        by=make_user("clerk", team=team),
        now=now - timedelta(days=1),
        template="EXPORT_FCL",
        lines=[make_line_values(promised_date_original=promised)],
    )
    return team


def row(page: Page, code: str):
    return page.locator("[data-row]:visible").filter(has=page.locator(f'input[name$="-code"][value="{code}"]'))


def cell(page: Page, code: str, name: str):
    return row(page, code).locator(f'[name$="-{name}"]')


def codes(template: ProcessTemplate) -> list[str]:
    return [spec.code for _pk, spec in steps_of(template.pk)]


@pytest.mark.parametrize(("username", "size"), [("anna", "desktop"), ("li", "phone")])
def test_a_longer_step_is_checked_saved_and_open_orders_move(open_page, team, username, size):
    page = open_page(username, size=size, language="en" if username == "anna" else "zh-hans")
    page.goto(PAGE)
    expect(page.locator(".stat-value").first).to_contain_text("43")
    for part in ("network", "coverage", "versions", "steps"):
        page.goto(f"{PAGE}?show={part}")
        assert fits(page), part

    page.goto(EDIT)
    cell(page, "MATERIAL_IN", "duration").fill("15x")
    page.locator("button[value=check]").click()
    expect(page.locator(".fault-list a")).to_have_count(1)
    expect(cell(page, "MATERIAL_IN", "duration")).to_have_value("15x")
    page.locator(".fault-list a").click()
    assert fits(page)

    cell(page, "MATERIAL_IN", "duration").fill("15w")
    page.locator("button[value=check]").click()
    expect(page.locator("[data-before]")).to_contain_text("43")
    expect(page.locator("[data-after]")).to_contain_text("46")
    assert fits(page)
    assert ProcessTemplate.objects.filter(code="EXPORT_FCL").count() == 1

    page.locator("button[value=save]").click()
    page.wait_for_url(f"**{PAGE}")
    expect(page.locator(".stat-value").first).to_contain_text("46")
    assert ProcessTemplate.objects.get(code="EXPORT_FCL", is_current=True).version == 2

    page.locator(".notice.is-today a").click()
    page.wait_for_url("**/migrate/")
    assert fits(page)
    page.locator("[data-choose-all]").check()
    page.locator("[data-choose-button]").click()
    page.wait_for_url("**/jobs/*/")
    work_on_jobs(clock=timezone.now)
    expect(page.locator("#template-job .notice.is-done")).to_be_visible()
    assert Order.objects.get().template.version == 2


def test_rows_are_added_moved_and_removed_by_keyboard_and_buttons(open_page, team):
    page = open_page("anna", language="en")
    page.goto(EDIT)
    before = codes(ProcessTemplate.objects.get(code="EXPORT_FCL"))

    cell(page, "PI_SIGNED", "code").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(row(page, "PI_SIGNED").locator("[data-number]")).to_have_text("3")
    row(page, "SHIPPING_ADVICE").locator("[data-remove]").click()
    expect(row(page, "SHIPPING_ADVICE")).to_have_count(0)
    row(page, "IQC_DONE").locator("[data-insert]").click()
    added = page.locator("[data-row]:visible").nth(11)
    added.locator('[name$="-code"]').fill("COLOUR")
    added.locator('[name$="-name_en"]').fill("colour checked")
    added.locator('[name$="-role"]').select_option("qc")
    added.locator('[name$="-duration"]').fill("1w")
    added.locator('[name$="-depends_on"]').fill("IQC_DONE")
    added.get_by_text("optional").click()
    page.locator("button[value=save]").click()
    page.wait_for_url(f"**{PAGE}")

    after = codes(ProcessTemplate.objects.get(code="EXPORT_FCL", is_current=True))
    expected = [code for code in before if code != "SHIPPING_ADVICE"]
    expected[2], expected[3] = expected[3], expected[2]
    expected.insert(expected.index("IQC_DONE") + 1, "COLOUR")
    assert after == expected


def test_two_hundred_steps_fit_into_one_request(open_page, team):
    page = open_page("anna", language="en")
    page.goto(EDIT)
    # As if somebody had pressed "Add a step" 165 times.
    page.evaluate(
        """() => {
            for (let n = 35; n < 200; n += 1) {
                document.querySelector("[data-add]").click();
                const row = [...document.querySelectorAll("[data-row]")].at(-1);
                const set = (name, value) => { row.querySelector(`[name$="-${name}"]`).value = value; };
                set("code", `EXTRA_${n}`);
                set("name_en", `extra ${n}`);
                set("stage", "CARE");
                set("role", "clerk");
                set("duration", "1w");
                set("sla", "1w/1w/1w");
                set("depends_on", "CLOSED");
            }
        }"""
    )
    page.locator("button[value=save]").click()
    page.wait_for_url(f"**{PAGE}")

    assert len(codes(ProcessTemplate.objects.get(code="EXPORT_FCL", is_current=True))) == 200
