"""The desks beside the desk: lists as people arrange them, the board, sheets that come back, cargo, messages."""

from datetime import timedelta
from io import BytesIO

import openpyxl
import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from orders.models import BulkAct, Milestone, Order, OrderDocument, SavedView, Shipment
from orders.services import merges, shipments
from orders.services.orders import edit_order
from tests.e2e.conftest import fits
from tests.factories import first_line, make_confirmed_order, make_team, make_user


@pytest.fixture
def team(transactional_db):
    return make_team("export")


@pytest.fixture
def clerk(team):
    return make_user("lead", team=team, username="wang", name="王丽", language="zh-hans")


@pytest.fixture
def orders(team, clerk):
    now = timezone.now()
    made = [make_confirmed_order(team=team, by=clerk, number=f"GD-{n}", now=now, note="旧") for n in (1, 2, 3)]
    Milestone.objects.update(required_documents=[])
    return made


@pytest.fixture
def cargo(team, clerk, orders):
    values = {"number": "S-1", "team": team, "mode": "FCL", "etd": timezone.localdate() + timedelta(days=10)}
    return shipments.create_shipment(values=values, lines={first_line(orders[0]).pk: 100}, by=clerk, now=timezone.now())


def test_columns_views_and_groups_of_the_list(open_page, orders):
    page = open_page("wang")
    page.goto("/orders/?status=open")
    page.locator("summary", has_text="列").first.click()
    page.get_by_role("checkbox", name="备注").check()
    page.get_by_role("button", name="显示这些列").click()
    expect(page.locator("th", has_text="备注")).to_be_visible()

    page.locator(".view-tabs summary").click()
    page.get_by_label("视图名称").fill("我的单")
    page.get_by_role("button", name="保存此视图").click()
    expect(page.locator(".view-tabs a[aria-current]")).to_have_text("我的单")
    expect(page.locator("th", has_text="备注")).to_be_visible()
    assert "note" in SavedView.objects.get().query

    page.locator("select[name=group]").select_option("status")
    page.wait_for_url("**group=status**")
    page.locator("button.group-open").first.click()
    expect(page.locator("tr.order-row")).to_have_count(3)
    page.locator("tr.order-row [data-check]").first.check()
    expect(page.locator("[data-bulk-bar]")).to_be_visible()
    assert fits(page)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_card_dragged_to_the_right_completes_its_step(open_page, orders, clerk, language):
    clerk.language = language
    clerk.save(update_fields=["language"])
    Milestone.objects.filter(order=orders[1], status="active").update(stage="PROD")
    page = open_page("wang", language=language)
    page.goto("/board/")
    card = page.locator(".board-card", has_text="GD-1")
    card.drag_to(page.locator(".board-column").last)
    expect(page.locator("#act-dialog")).to_be_visible()
    page.locator("#act .form-actions .btn-primary").click()
    expect(page.locator("#act[data-act-finished]")).to_be_visible()

    assert BulkAct.objects.get().operation == "complete"
    assert orders[0].milestones.filter(status="done").exists()


def test_the_board_on_a_phone(open_page, orders):
    page = open_page("wang", size="phone")
    page.goto("/board/")
    expect(page.locator(".board-card")).to_have_count(3)
    assert fits(page)


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_sheet_goes_out_is_edited_and_comes_back(open_page, orders, clerk, team, size):
    page = open_page("wang", size=size)
    page.goto("/orders/?status=open&ordering=number")
    with page.expect_download() as download:
        page.locator("summary", has_text="导出").click()
        page.get_by_role("link", name="订单全部列 xlsx").click()
    book = openpyxl.load_workbook(BytesIO(download.value.path().read_bytes()))
    sheet = book.active
    columns = {cell.value: cell.column for cell in sheet[1]}
    sheet.cell(2, columns["备注"], "我改的")
    sheet.cell(3, columns["备注"], "我也改了")
    stream = BytesIO()
    book.save(stream)
    colleague = make_user("lead", team=team, name="陈伟")
    edit_order(order_id=orders[1].pk, values={"note": "同事改的"}, seen_version=None, by=colleague, now=timezone.now())

    page.goto("/sheets/")
    page.set_input_files("input[type=file]", {"name": "回来.xlsx", "mimeType": "x", "buffer": stream.getvalue()})
    page.locator("form.upload button.btn-primary").click()
    page.wait_for_url("**/sheets/*/")
    expect(page.locator(".merge-table").first).to_contain_text("同事改的")
    expect(page.locator(".merge-table").first).to_contain_text("陈伟")
    assert fits(page)
    page.get_by_role("button", name="写入这些改动").click()
    expect(page.get_by_role("alert").first).to_contain_text("冲突")
    page.locator("input[type=radio][value=mine]").check()
    page.get_by_role("button", name="写入这些改动").click()
    expect(page.locator("#merge-progress")).to_be_visible()
    merges.work_on_merges(clock=timezone.now)
    expect(page.locator(".notice.is-done")).to_contain_text("2 个订单的 2 个单元格")
    assert list(Order.objects.order_by("number").values_list("note", flat=True)) == ["我改的", "我也改了", "旧"]

    page.get_by_role("button", name="撤销").click()
    page.wait_for_url("**/acts/*/")
    assert list(Order.objects.order_by("number").values_list("note", flat=True)) == ["旧", "同事改的", "旧"]


def test_a_shipment_is_rolled_over_and_taken_back(open_page, cargo):
    page = open_page("wang")
    page.goto("/shipments/S-1/")
    page.get_by_role("button", name="改配").click()
    page.locator("#id_act_etd").fill((timezone.localdate() + timedelta(days=20)).isoformat())
    page.locator("#id_act_reason").fill("甩柜")
    page.locator("#id_act_reason").blur()
    expect(page.locator(".act-effects")).not_to_contain_text("填")
    page.locator("#act .form-actions .btn-primary").click()
    expect(page.locator("#act[data-act-finished]")).to_be_visible()
    cargo.refresh_from_db()
    assert cargo.etd == timezone.localdate() + timedelta(days=20)

    page.goto("/shipments/S-1/")
    page.get_by_role("button", name="撤回上一步").click()
    page.wait_for_url("**/acts/*/")
    cargo.refresh_from_db()
    assert cargo.etd == timezone.localdate() + timedelta(days=10)


def test_cargo_is_split_and_photographed_on_a_phone(open_page, cargo):
    page = open_page("wang", size="phone")
    page.goto("/shipments/S-1/")
    stream = BytesIO()
    Image.new("RGB", (600, 400), "teal").save(stream, "JPEG")
    photo = {"name": "柜.jpg", "mimeType": "image/jpeg", "buffer": stream.getvalue()}
    page.set_input_files("input[capture]", photo)
    expect(page.locator(".photos img")).to_have_count(1)
    assert OrderDocument.objects.get().kind == "LOAD_PHOTO"
    assert fits(page)

    page.get_by_role("link", name="拆分").click()
    page.locator(".quantity-input").fill("30")
    page.locator("[name=number]").fill("S-2")
    page.locator("form .btn-primary").click()
    page.wait_for_url("**/shipments/S-2/")
    assert Shipment.objects.get(number="S-2").lines.get().quantity == 30
    page.goto("/shipments/calendar/")
    assert fits(page)


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_message_becomes_proposals_and_a_yes_makes_them(open_page, cargo, clerk, size):
    for move in ("booked", "loaded"):
        shipments.move_shipment(shipment_id=cargo.pk, to=move, by=clerk, now=timezone.now())
    page = open_page("wang", size=size)
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.setData("text/plain", "GD-1 今天已开船，提单号 COSU6182334470。GD-2 等客户确认");
          document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
        }"""
    )
    page.wait_for_url("**/desk/message/")
    expect(page.locator("mark.is-order")).to_have_count(3)  # two orders and the key
    expect(page.locator(".proposals input:checked")).to_have_count(3)
    assert fits(page)
    page.get_by_role("button", name="执行所选").click()
    page.wait_for_url("**/acts/*/")
    cargo.refresh_from_db()

    assert (cargo.status, cargo.bl_no) == ("departed", "COSU6182334470")
    assert Milestone.objects.filter(order__number="GD-2", waiting_on="customer").exists()


def test_a_colleague_is_named_by_keyboard_and_an_old_page_says_so(open_page, orders, team):
    make_user("lead", team=team, name="陈伟")
    page = open_page("wang")
    page.goto("/orders/GD-1/")
    page.locator("#comment-text").press_sequentially("@陈")
    expect(page.locator("[data-mention-list] button")).to_have_text("陈伟")
    page.keyboard.press("Enter")
    expect(page.locator("#comment-text")).to_have_value("@陈伟 ")
    page.keyboard.type("请看")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".comment-text")).to_have_text("@陈伟 请看")

    colleague = make_user("lead", team=team, name="李娜")
    edit_order(order_id=orders[0].pk, values={"note": "新"}, seen_version=None, by=colleague, now=timezone.now())
    page.evaluate("htmx.ajax('GET', document.querySelector('#order-fresh').getAttribute('hx-get'), '#order-fresh')")
    expect(page.locator(".fresh-notice")).to_contain_text("李娜")
