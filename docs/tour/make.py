"""Takes the pictures of the tour from a running demo: `python3 manage.py dev`, then this with `.venv/bin/python`.

Each job is walked as a person would walk it, once in Chinese and once in English, and changes the demo data on the way.
Needs Chromium on the PATH. Pictures are written beside this file as JOB-NN-LANGUAGE.png with 128 colours.
"""

import argparse
import shutil
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
PASSWORD = "gendan-demo-2026"  # noqa: S105  # of the demo
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
LANGUAGES = {"zh": "zh-hans", "en": "en"}


def today() -> date:
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


class Walk:
    """One job in one language: a page, and pictures with running numbers."""

    def __init__(self, browser: Browser, url: str, job: str, language: str) -> None:
        self.browser, self.url, self.job, self.language, self.count = browser, url, job, language, 0
        self.page: Page = browser.new_page()

    def log_in(self, username: str, size: dict[str, int] = DESK) -> Page:
        """A page of its own, in the language of the walk."""
        locale = "zh-CN" if self.language == "zh" else "en-GB"
        context = self.browser.new_context(viewport=size, locale=locale, timezone_id="Asia/Shanghai", base_url=self.url)
        page = self.page = context.new_page()
        page.goto("/accounts/login/")
        page.locator("[name=username]").fill(username)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("form button.btn-primary").click()
        page.wait_for_url("**/")
        switch = page.locator(f"button[name=language][value='{LANGUAGES[self.language]}']").first
        if switch.count():  # it offers the other language only
            with page.expect_navigation():
                switch.evaluate("button => button.click()")
        return page

    def picture(self) -> None:
        self.count += 1
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_timeout(300)
        with Image.open(BytesIO(self.page.screenshot())) as picture:
            name = f"{self.job}-{self.count:02}-{self.language}.png"
            picture.convert("RGB").quantize(128).save(HERE / name, optimize=True)
        print(name)


def morning(walk: Walk) -> None:
    """A clerk's morning."""
    page = walk.log_in("clerk")
    page.goto("/")
    walk.picture()  # what is overdue, today, soon, waiting
    rows = page.locator("#desk-today [data-check], #desk-soon [data-check]")
    for at in range(min(3, rows.count())):
        rows.nth(at).check()
    walk.picture()  # several checked
    page.locator("[data-bulk-bar] [data-url*='/pause/']").first.click()
    page.wait_for_selector("#act form")
    page.wait_for_timeout(1200)
    walk.picture()  # what it would do
    page.locator("#act .form-actions .btn-primary").click()
    page.wait_for_selector("#act[data-act-finished]")
    walk.picture()  # done, with one undo
    page.goto("/orders/?status=open")
    walk.picture()  # the list
    number = page.locator("a[data-open]").nth(4).inner_text()
    other = page.locator("a[data-open]").nth(6).inner_text()
    soon = today() + timedelta(days=45)
    texts = {
        "zh": f"王经理：\n{number} 客户要求交期改到 {soon.month}月{soon.day}日，共 1,200 件。\n{other} 等客户确认。",
        "en": f"Hi,\nplease move the delivery of {number} to {soon:%d %B}, 1,200 pcs in all.\n"
        f"{other}: waiting for the customer.\nThanks",
    }
    page.goto("/desk/message/")
    page.locator("#message-text").fill(texts[walk.language])
    page.locator(".message-form button").click()
    walk.picture()  # a message read
    page.goto("/board/")
    walk.picture()
    page.goto(f"/orders/{number}/")
    walk.picture()
    page = walk.log_in("clerk", PHONE)
    page.goto("/")
    walk.picture()


def shipment(walk: Walk) -> None:
    """A shipment from the board to its papers."""
    page = walk.log_in("logistics")
    page.goto("/shipments/")
    walk.picture()
    page.goto("/shipments/calendar/")
    walk.picture()
    page.goto("/shipments/?status=booked")
    number = page.locator("a[data-open]").nth(0 if walk.language == "zh" else 1).inner_text()
    page.goto(f"/shipments/{number}/")
    walk.picture()
    page.locator("[data-url*='ship-roll']").click()
    page.locator("#id_act_etd").fill((today() + timedelta(days=25)).isoformat())
    page.locator("#id_act_reason").fill("甩柜" if walk.language == "zh" else "rolled by the carrier")
    page.locator("#id_act_reason").blur()
    page.wait_for_timeout(2500)
    walk.picture()  # the next sailing, and what moves with it
    page.locator("#act .form-actions .btn-primary").click()
    page.wait_for_selector("#act[data-act-finished]")
    page.goto(f"/shipments/{number}/packing/")
    for at, value in enumerate(("120", "2400", "2580", "14.2")):
        page.locator(".quantity-input").nth(at).fill(value)
    walk.picture()
    page.locator("form .btn-primary").last.click()
    page.goto("/shipments/?status=loaded")
    page.locator("[data-check-all]").check()
    page.locator("[data-bulk-bar] [data-url*='ship-departed']").click()
    page.wait_for_selector("#act form")
    page.wait_for_timeout(2000)
    walk.picture()  # many departed at once, the effects first
    page = walk.log_in("logistics", PHONE)
    page.goto(f"/shipments/{number}/")
    stream = BytesIO()
    Image.new("RGB", (800, 600), (88, 128, 150)).save(stream, "JPEG")
    page.set_input_files("input[capture]", {"name": "1.jpg", "mimeType": "image/jpeg", "buffer": stream.getvalue()})
    page.wait_for_selector(".photos img")
    page.locator("#photos").scroll_into_view_if_needed()
    walk.picture()


def round_trip(walk: Walk) -> None:
    """A list goes out to Excel and comes back."""
    page = walk.log_in("lead")
    page.goto("/orders/?status=confirmed&ordering=number")
    page.locator("details.menu:has(a[href*='/orders/export/']) summary").click()
    walk.picture()
    with page.expect_download() as download:
        page.locator("a[href*='/orders/export/'][href*='format=xlsx']").nth(1).click()
    book = openpyxl.load_workbook(BytesIO(download.value.path().read_bytes()))
    sheet = book.active
    heads = [cell.value for cell in sheet[1]]
    note = heads.index("备注" if walk.language == "zh" else "note") + 1
    promised = heads.index("承诺日期" if walk.language == "zh" else "promised date") + 1
    notes = {"zh": ("先打样再排产", "客户改唛头"), "en": ("sample before production", "new shipping marks")}
    mine = notes[walk.language]
    sheet.cell(2, note, mine[0])
    sheet.cell(3, note, mine[1])
    sheet.cell(4, promised, today() + timedelta(days=60))
    stream = BytesIO()
    book.save(stream)
    page.goto(f"/orders/{sheet.cell(3, 1).value}/edit/")
    page.locator("[name=note]").fill({"zh": "同事先写的备注", "en": "a colleague was faster"}[walk.language])
    page.locator("main form button.btn-primary").first.click()
    page.wait_for_load_state("networkidle")
    page.goto("/sheets/")
    walk.picture()
    page.set_input_files("input[type=file]", {"name": "orders.xlsx", "mimeType": "x", "buffer": stream.getvalue()})
    page.locator("form.upload button.btn-primary").click()
    page.wait_for_url("**/sheets/*/")
    walk.picture()  # a conflict, cell by cell
    page.locator("input[type=radio][value=mine]").first.check()
    page.locator("[name=side][value=customer]").check()
    page.locator("[name=reason]").fill({"zh": "客户要求推迟", "en": "the customer asked for it"}[walk.language])
    page.locator("button[name=take]").click()
    page.wait_for_selector(".notice.is-done", timeout=60_000)
    walk.picture()
    page.locator("form[action*='/undo/'] button").click()
    page.wait_for_url("**/acts/*/")
    walk.picture()


JOBS: dict[str, Callable[[Walk], None]] = {"morning": morning, "shipment": shipment, "round-trip": round_trip}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--only", choices=JOBS)
    arguments = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or sys.exit("Chromium is not on the PATH.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for language in LANGUAGES:
            for name, job in JOBS.items():
                if arguments.only in (None, name):
                    job(Walk(browser, arguments.url, name, language))
        browser.close()


if __name__ == "__main__":
    main()
