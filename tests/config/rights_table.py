"""Every address of the product, and who may do what there. A new address needs one line here, or the walk fails."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from teams.permissions import Permission as P


@dataclass(frozen=True)
class Entry:
    """An address: how it is built from `Things`, whose the object is, and what each unsafe method needs.

    `scope` says who sees the object: "order" by the order's team and own-scope, "team" by membership, "person" only
    oneself, "leave" oneself and who distributes everybody's work, "everyone" who is logged in. A method that is not in
    `writes` has to be refused with 405. A right of None means everybody who sees the object. `reads` is what GET needs;
    False means there is no GET.
    """

    args: Callable[[Any], list[Any]] | None = None
    scope: str = "everyone"
    writes: dict[str, P | None] = field(default_factory=dict)
    reads: P | bool | None = None


def order(writes: dict[str, P | None] | None = None, *, reads: P | bool | None = None) -> Entry:
    return Entry(lambda t: [t.order.number], "order", writes or {}, reads)


def milestone(right: P | None, *, reads: P | bool | None = False) -> Entry:
    return Entry(lambda t: [t.milestone.pk], "order", {"post": right}, reads)


def shipment(right: P | None, *, reads: P | bool | None = False) -> Entry:
    return Entry(lambda t: [t.shipment.pk], "order", {"post": right}, reads)


def shipment_page(right: P | None = None, *, writes: bool = True, reads: P | bool | None = None) -> Entry:
    return Entry(lambda t: [t.shipment.number], "order", {"post": right} if writes else {}, reads)


def document(right: P | None, *, reads: P | bool | None = False) -> Entry:
    return Entry(lambda t: [t.document.pk], "order", {} if right is None else {"post": right}, reads)


def calendar(*, writes: bool = True, reads: P | bool = P.SETTINGS_EDIT) -> Entry:
    """A calendar is no secret, so those who may not edit it are told so."""
    args: Callable[[Any], list[Any]] = lambda t: ["NO-SUCH" if t.order.number == "NO-SUCH" else "CN_OFFICE"]  # noqa: E731
    return Entry(args, "everyone", {"post": P.SETTINGS_EDIT} if writes else {}, reads)


def calendar_edit(*, writes: bool = True, reads: P | bool = P.SETTINGS_EDIT) -> Entry:
    args: Callable[[Any], list[Any]] = lambda t: ["CN_OFFICE", t.calendar_edit.pk]  # noqa: E731
    return Entry(args, "everyone", {"post": P.SETTINGS_EDIT} if writes else {}, reads)


def channel(*, reads: P | bool = False) -> Entry:
    return Entry(lambda t: [t.channel.pk], "everyone", {"post": P.SETTINGS_EDIT}, reads)


def own_channel() -> Entry:
    return Entry(lambda t: [t.own_channel.pk], "person", {"post": None}, False)


def process(*, writes: bool = True) -> Entry:
    args: Callable[[Any], list[Any]] = lambda t: ["NO-SUCH" if t.order.number == "NO-SUCH" else "SPARE_PARTS"]  # noqa: E731
    return Entry(args, "everyone", {"post": P.SETTINGS_EDIT} if writes else {}, P.SETTINGS_EDIT)


API = {
    "api-me": Entry(),
    "api-calendar-list": Entry(),
    "api-calendar-detail": Entry(lambda t: ["NO-SUCH" if t.order.number == "NO-SUCH" else "CN_OFFICE"]),
    "api-calendar-add": Entry(lambda t: ["NO-SUCH" if t.order.number == "NO-SUCH" else "CN_OFFICE"]),
    "api-calendar-between": Entry(lambda t: ["NO-SUCH" if t.order.number == "NO-SUCH" else "CN_OFFICE"]),
    "api-notification-list": Entry(),
    "api-notification-detail": Entry(lambda t: [t.notification.pk], "person"),
    "api-notification-acknowledge": Entry(lambda t: [t.notification.pk], "person", {"post": None}, False),
    "api-company-list": Entry(writes={"post": P.COMPANY_EDIT}),
    "api-company-detail": Entry(lambda t: [t.company.pk], "team", {"patch": P.COMPANY_EDIT, "delete": P.COMPANY_EDIT}),
    "api-contact-list": Entry(writes={"post": None}),  # the company in the body decides; tried apart
    "api-contact-detail": Entry(lambda t: [t.contact.pk], "team", {"patch": P.COMPANY_EDIT, "delete": P.COMPANY_EDIT}),
    "api-interaction-list": Entry(writes={"post": None}),
    "api-interaction-detail": Entry(
        lambda t: [t.interaction.pk], "team", {"patch": P.COMPANY_EDIT, "delete": P.COMPANY_EDIT}
    ),
    "api-order-list": Entry(writes={"post": P.ORDER_CREATE}),
    "api-order-detail": order({"patch": P.ORDER_EDIT}),
    "api-order-confirm": order({"post": P.ORDER_MOVE}, reads=False),
    "api-order-hold": order({"post": P.ORDER_MOVE}, reads=False),
    "api-order-resume": order({"post": P.ORDER_MOVE}, reads=False),
    "api-order-cancel": order({"post": P.ORDER_CANCEL}, reads=False),
    "api-order-close": order({"post": P.ORDER_MOVE}, reads=False),
    "api-order-promise": order({"post": P.PROMISE_CHANGE}, reads=False),
    "api-order-plan": order({"post": P.ORDER_EDIT}),
    "api-order-undo-plan": order({"post": P.ORDER_EDIT}, reads=False),
    "api-order-comments": order({"post": P.COMMENT_ADD}, reads=False),
    "api-order-lines": order({"post": P.ORDER_EDIT}, reads=False),
    "api-order-change-line": Entry(lambda t: [t.order.number, 1], "order", {"post": P.ORDER_EDIT}, False),
    "api-order-timeline": order(),
    "api-milestone-list": Entry(),
    "api-milestone-detail": Entry(lambda t: [t.milestone.pk], "order"),
    "api-milestone-complete": milestone(P.MILESTONE_COMPLETE),
    "api-milestone-reopen": milestone(P.MILESTONE_REOPEN),
    "api-milestone-skip": milestone(P.MILESTONE_SKIP),
    "api-milestone-pause": milestone(P.MILESTONE_PAUSE),
    "api-milestone-resume": milestone(P.MILESTONE_PAUSE),
    "api-milestone-assign": milestone(P.MILESTONE_ASSIGN),
    "api-milestone-acknowledge": milestone(None),
    "api-milestone-bulk": Entry(writes={"post": None}, reads=False),  # each id is decided apart; tried apart
    "api-shipment-list": Entry(writes={"post": P.SHIPMENT_EDIT}),
    "api-shipment-detail": Entry(lambda t: [t.shipment.pk], "order", {"patch": P.SHIPMENT_EDIT}),
    "api-shipment-book": shipment(P.SHIPMENT_MOVE),
    "api-shipment-load": shipment(P.SHIPMENT_MOVE),
    "api-shipment-depart": shipment(P.SHIPMENT_MOVE),
    "api-shipment-arrive": shipment(P.SHIPMENT_MOVE),
    "api-shipment-deliver": shipment(P.SHIPMENT_MOVE),
    "api-shipment-cancel": shipment(P.SHIPMENT_MOVE),
    "api-document-list": Entry(writes={"post": None}),  # the order in the body decides; tried apart
    "api-document-detail": document(None, reads=None),
    "api-document-accept": document(P.DOCUMENT_DECIDE),
    "api-document-refuse": document(P.DOCUMENT_DECIDE),
    "api-document-download": document(None, reads=None),
    "api-import-list": Entry(writes={"post": None}),  # the team in the body decides; tests/orders/test_import_runs.py
    "api-import-detail": Entry(lambda t: [t.import_run.pk], "person"),
    "api-import-apply": Entry(lambda t: [t.import_run.pk], "person", {"post": P.ORDER_CREATE}, False),
    "api-import-undo": Entry(lambda t: [t.import_run.pk], "person", {"post": P.ORDER_CREATE}, False),
    "api-export-csv": Entry(),
    "api-export-xlsx": Entry(),
    "api-goal-list": Entry(writes={"post": P.KPI_STEER}, reads=P.KPI_VIEW),
    "api-goal-detail": Entry(lambda t: [t.goal.pk], "team", {"patch": P.KPI_STEER}, P.KPI_VIEW),
    "api-goal-drop": Entry(lambda t: [t.goal.pk], "team", {"post": P.KPI_STEER}, False),
    "kpi-list": Entry(reads=P.KPI_VIEW),
    "kpi-figure": Entry(lambda t: ["K99" if t.order.number == "NO-SUCH" else "K01"], reads=P.KPI_VIEW),
    "kpi-members": Entry(lambda t: ["K99" if t.order.number == "NO-SUCH" else "K01"], reads=P.KPI_VIEW),
}

PAGES = {
    "desk": Entry(),
    "orders": Entry(),
    "order_find": Entry(),
    "desk_counts": Entry(),
    "desk_export": Entry(),
    "desk_people": Entry(reads=P.MILESTONE_ASSIGN),
    "acts": Entry(),
    "act": Entry(lambda t: [t.act.pk], "person"),
    "act_undo": Entry(lambda t: [t.act.pk], "person", {"post": None}, False),
    # Each row is decided apart: tests/orders/test_acts.py
    "act_do": Entry(
        lambda t: ["no-such" if t.order.number == "NO-SUCH" else "complete"], "everyone", {"post": None}, False
    ),
    "act_preview": Entry(
        lambda t: ["no-such" if t.order.number == "NO-SUCH" else "complete"], "everyone", {"post": None}, False
    ),
    "step_act": Entry(
        lambda t: [t.milestone.pk, "complete"], "order", {"post": P.MILESTONE_COMPLETE}, P.MILESTONE_COMPLETE
    ),
    "company_options": Entry(),
    "lines_pasted": Entry(writes={"post": P.ORDER_CREATE}, reads=False),
    "order_new": Entry(writes={"post": P.ORDER_CREATE}, reads=P.ORDER_CREATE),
    "order": order(),
    "order_edit": order({"post": P.ORDER_EDIT}, reads=P.ORDER_EDIT),
    "line_change": Entry(lambda t: [t.order.number, 1], "order", {"post": P.ORDER_EDIT}, P.ORDER_EDIT),
    "document_add": order({"post": P.DOCUMENT_ADD}, reads=False),
    "comment_add": order({"post": P.COMMENT_ADD}, reads=False),
    "order_move": Entry(lambda t: [t.order.number, "confirm"], "order", {"post": P.ORDER_MOVE}, P.ORDER_MOVE),
    "order_plan": order({"post": P.ORDER_EDIT}),
    "order_plan_preview": order(),
    "order_plan_undo": order({"post": P.ORDER_EDIT}, reads=False),
    "order_plan_notice": order(),
    "step_why": Entry(lambda t: [t.order.number, t.milestone.pk], "order"),
    "document": document(None, reads=None),
    "document_decide": document(P.DOCUMENT_DECIDE),
    "profile": Entry(writes={"post": None}),
    "password_change": Entry(writes={"post": None, "put": None}),
    "tokens": Entry(writes={"post": None}),
    "token_revoke": Entry(lambda t: [t.token.pk], "person", {"post": None}, False),
    "notification_preferences": Entry(writes={"post": None}),
    "own_channel_new": Entry(
        lambda t: ["NO-SUCH" if t.order.number == "NO-SUCH" else "slack"], "everyone", {"post": None}
    ),
    "own_channel_remove": own_channel(),
    "way_test": own_channel(),
    "way_use_again": own_channel(),
    "leave": Entry(writes={"post": None}),
    "leave_remove": Entry(lambda t: [t.leave.pk], "leave", {"post": None}, False),
    "dashboard": Entry(reads=P.KPI_VIEW),
    "kpi_figure": Entry(lambda t: ["K99" if t.order.number == "NO-SUCH" else "K01"], reads=P.KPI_VIEW),
    "board_new": Entry(writes={"post": P.KPI_VIEW}, reads=P.KPI_VIEW),
    "board_edit": Entry(lambda t: [t.board.pk], "person", {"post": None}),
    "board_delete": Entry(lambda t: [t.board.pk], "person", {"post": None}, False),
    "kpi_catalogue": Entry(reads=P.KPI_VIEW),
    "kpi_heat": Entry(reads=P.KPI_VIEW),
    "kpi_people": Entry(reads=P.KPI_VIEW),
    "kpi_cohorts": Entry(reads=P.KPI_VIEW),
    "goals": Entry(reads=P.KPI_VIEW),
    "goal_new": Entry(writes={"post": P.KPI_STEER}, reads=P.KPI_STEER),
    "goal": Entry(lambda t: [t.goal.pk], "team", reads=P.KPI_VIEW),
    "goal_edit": Entry(lambda t: [t.goal.pk], "team", {"post": P.KPI_STEER}, P.KPI_STEER),
    "reviews": Entry(writes={"post": P.KPI_STEER}, reads=P.KPI_VIEW),
    "review": Entry(lambda t: [t.review_page.review.pk], "team", reads=P.KPI_STEER),
    # The page of somebody else; one's own is tried apart.
    "review_page": Entry(lambda t: [t.review_page.pk], "team", reads=P.KPI_STEER),
    "review_note": Entry(lambda t: [t.review_page.pk], "team", {"post": P.KPI_STEER}, False),
    "review_action_add": Entry(lambda t: [t.review_page.pk], "team", {"post": P.KPI_STEER}, False),
    "review_action_done": Entry(lambda t: [t.review_action.pk], "team", {"post": P.KPI_STEER}, False),
    "goal_drop": Entry(lambda t: [t.goal.pk], "team", {"post": P.KPI_STEER}, False),
    "kpi_control": Entry(lambda t: ["K99" if t.order.number == "NO-SUCH" else "K01"], reads=P.KPI_VIEW),
    "kpi_change": Entry(
        lambda t: ["K99" if t.order.number == "NO-SUCH" else "K01"], writes={"post": P.KPI_STEER}, reads=False
    ),
    "kpi_reasons": Entry(writes={"post": None}, reads=False),  # each step decides; tests/kpi/test_charts.py
    "kpi_causes": Entry(reads=P.KPI_VIEW),
    "kpi_stages": Entry(reads=P.KPI_VIEW),
    "kpi_why": Entry(lambda t: ["K99" if t.order.number == "NO-SUCH" else "K01"], reads=P.KPI_VIEW),
    "kpi_members": Entry(lambda t: ["K99" if t.order.number == "NO-SUCH" else "K01"], reads=P.KPI_VIEW),
    "inbox": Entry(),
    "inbox_acknowledge_many": Entry(writes={"post": None}, reads=False),
    "inbox_read_all": Entry(writes={"post": None}, reads=False),
    "inbox_open": Entry(lambda t: [t.notification.pk], "person", {"post": None}, False),
    "inbox_acknowledge": Entry(lambda t: [t.notification.pk], "person", {"post": None}, False),
    "customers": Entry(),
    "company_new": Entry(writes={"post": P.COMPANY_EDIT}, reads=P.COMPANY_EDIT),
    "company_similar": Entry(),
    "company": Entry(lambda t: [t.company.code], "team"),
    "company_edit": Entry(lambda t: [t.company.code], "team", {"post": P.COMPANY_EDIT}, P.COMPANY_EDIT),
    "interaction_add": Entry(lambda t: [t.company.code], "team", {"post": P.INTERACTION_ADD}, False),
    "contact_add": Entry(lambda t: [t.company.code], "team", {"post": P.COMPANY_EDIT}, False),
    "contact_edit": Entry(lambda t: [t.company.code, t.contact.pk], "team", {"post": P.COMPANY_EDIT}, P.COMPANY_EDIT),
    "order_export": Entry(writes={"post": None}),
    "sample_send": order({"post": P.CHECK_ADD}, reads=False),
    "sample_decide": Entry(lambda t: [t.order.number, t.sample.pk], "order", {"post": P.CHECK_ADD}, False),
    "inspection_add": order({"post": P.CHECK_ADD}, reads=False),
    "payment_add": order({"post": P.PAYMENT_ADD}, reads=False),
    "order_fresh": order(),
    "mention_list": Entry(),
    "board": Entry(),
    "message_paste": Entry(writes={"post": None}),
    "message_take": Entry(writes={"post": None}, reads=False),
    "order_ids": Entry(),
    "columns_keep": Entry(writes={"post": None}, reads=False),
    "view_save": Entry(writes={"post": None}),
    "view_delete": Entry(lambda t: [t.saved_view.pk], "person", {"post": None}, False),
    "merges": Entry(writes={"post": None}),
    "merge": Entry(lambda t: [t.merge.pk], "person", {"post": None}),
    "merge_progress": Entry(lambda t: [t.merge.pk], "person"),
    "exports": Entry(),
    "export": Entry(lambda t: [t.export_run.pk], "person"),
    "export_progress": Entry(lambda t: [t.export_run.pk], "person"),
    "export_file": Entry(lambda t: [t.export_run.pk], "person"),
    "imports": Entry(writes={"post": P.ORDER_CREATE}, reads=P.ORDER_CREATE),
    "import": Entry(lambda t: [t.import_run.pk], "person", {"post": P.ORDER_CREATE}),
    "import_profile_delete": Entry(lambda t: [t.import_profile.pk], "person", {"post": None}, False),
    "import_progress": Entry(lambda t: [t.import_run.pk], "person"),
    "import_apply": Entry(lambda t: [t.import_run.pk], "person", {"post": P.ORDER_CREATE}, False),
    "import_undo": Entry(lambda t: [t.import_run.pk], "person", {"post": P.ORDER_CREATE}, False),
    "import_result": Entry(lambda t: [t.import_run.pk], "person"),
    "shipments": Entry(),
    "shipment_new": Entry(writes={"post": P.SHIPMENT_EDIT}, reads=P.SHIPMENT_EDIT),
    "shipment": shipment_page(writes=False),
    "shipment_edit": shipment_page(P.SHIPMENT_EDIT, reads=P.SHIPMENT_EDIT),
    "shipment_calendar": Entry(),
    "shipment_export": Entry(),
    "company_export": Entry(),
    "shipment_split": shipment_page(P.SHIPMENT_EDIT, reads=P.SHIPMENT_EDIT),
    "shipment_merge": shipment_page(P.SHIPMENT_EDIT, reads=P.SHIPMENT_EDIT),
    "shipment_packing": shipment_page(P.SHIPMENT_EDIT, reads=P.SHIPMENT_EDIT),
    "shipment_photos": shipment_page(P.DOCUMENT_ADD, reads=False),
    "shipment_paper": Entry(lambda t: [t.shipment.number, "packing-list"], "order"),
    "document_preview": Entry(lambda t: [t.document.pk], "order"),
    "shipment_move": shipment_page(P.SHIPMENT_MOVE, reads=P.SHIPMENT_MOVE),
    "shipment_cancel": shipment_page(P.SHIPMENT_MOVE, reads=False),
    "settings": Entry(reads=P.SETTINGS_EDIT),
    "channels": Entry(reads=P.SETTINGS_EDIT),
    "channel_new": Entry(writes={"post": P.SETTINGS_EDIT}, reads=P.SETTINGS_EDIT),
    "channel": channel(reads=P.SETTINGS_EDIT),
    "channel_switch": channel(),
    "channel_test": channel(),
    "channel_people": channel(reads=P.SETTINGS_EDIT),
    "channel_again": channel(),
    "delivery": Entry(reads=P.SETTINGS_EDIT),
    "delivery_figures": Entry(reads=P.SETTINGS_EDIT),
    "delivery_retry": Entry(writes={"post": P.SETTINGS_EDIT}, reads=False),
    "delivery_cancel": Entry(writes={"post": P.SETTINGS_EDIT}, reads=False),
    "calendars": Entry(reads=P.SETTINGS_EDIT),
    "calendar_new": Entry(writes={"post": P.SETTINGS_EDIT}, reads=P.SETTINGS_EDIT),
    "calendar": calendar(writes=False),
    "calendar_days": calendar(),
    "calendar_hours": calendar(),
    "calendar_makeup": calendar(reads=False),
    "calendar_import": calendar(reads=False),
    "calendar_recurring": calendar(reads=False),
    "calendar_recurring_remove": Entry(
        lambda t: ["CN_OFFICE", t.calendar_rule.pk], "everyone", {"post": P.SETTINGS_EDIT}, False
    ),
    "calendar_edit": calendar_edit(writes=False),
    "calendar_edit_effect": calendar_edit(writes=False),
    "calendar_edit_save": calendar_edit(reads=False),
    "calendar_edit_drop": calendar_edit(reads=False),
    "calendar_edit_redo": calendar_edit(reads=False),
    "ladders": Entry(writes={"post": P.MILESTONE_ASSIGN}, reads=P.MILESTONE_ASSIGN),
    "ladder_job": Entry(lambda t: [t.ladder_job.pk], "team", {}, P.MILESTONE_ASSIGN),
    "process_templates": Entry(reads=P.SETTINGS_EDIT),
    "process_template_new": Entry(writes={"post": P.SETTINGS_EDIT}, reads=P.SETTINGS_EDIT),
    "process_template_job": Entry(lambda t: [t.template_job.pk], "everyone", {}, P.SETTINGS_EDIT),
    "process_template": process(writes=False),
    "process_template_edit": process(),
    "process_template_migrate": process(),
}

# Open to strangers on purpose, one reason each; what hangs below a prefix counts once.
OPEN = {
    "log-in": (  # how a person gets in, or picks the language for it
        *("login", "logout", "password_reset", "password_reset_done", "password_reset_confirm"),
        *("password_reset_complete", "set_language", "api-token"),
    ),
    "probes": ("health-live", "health-ready"),  # no detail for strangers; tests/teams/test_health.py
    "what the API offers": ("api-schema", "api-docs", "api-nothing"),  # tells nothing about anybody's data
    "answers to messages": ("answer",),  # the link is the secret; tests/orders/test_answer_links.py
    "settings site": ("admin:",),  # Django's own; tests/config/test_settings_pages.py asks every role
}
