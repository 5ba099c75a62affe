"""Two teams with one person of every role in the first: what rights and canaries are tried on."""

from base64 import b64decode
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile

from customers.models import Company, Contact, Interaction
from kpi.models import Goal, KpiBoard, Review, ReviewAction, ReviewPage
from orders.models import (
    BulkAct,
    ExportRun,
    ImportProfile,
    ImportRun,
    LadderJob,
    Milestone,
    Order,
    OrderDocument,
    PlanJob,
    SampleRound,
    SavedView,
    SheetMerge,
    Shipment,
)
from orders.services import checks, documents, shipments
from orders.services.imports import start_import
from teams.models import (
    ApiToken,
    CalendarEdit,
    Channel,
    Leave,
    Notification,
    Organization,
    RecurringException,
    Team,
    User,
    WorkCalendar,
)
from teams.permissions import ROLES, Permission, RoleCode, Scope
from teams.services.calendar_edits import propose_edit
from teams.services.tokens import create_token
from tests.factories import MONDAY, first_line, make_company, make_confirmed_order, make_team, make_user

# One pixel, so that there is something to draw.
PICTURE = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")
MISSING_ID = 987_654_321
PASSWORD = "correct horse battery"


@dataclass
class Things:
    """One of each: of the person, of a colleague, of another team, or of nobody."""

    order: Order
    milestone: Milestone
    shipment: Shipment
    document: OrderDocument
    company: Company
    contact: Contact
    interaction: Interaction
    notification: Notification
    token: ApiToken
    calendar_edit: CalendarEdit
    calendar_rule: RecurringException
    template_job: PlanJob
    channel: Channel
    ladder_job: LadderJob
    own_channel: Channel
    leave: Leave
    act: BulkAct
    import_run: ImportRun
    import_profile: ImportProfile
    export_run: ExportRun
    saved_view: SavedView
    merge: SheetMerge
    sample: SampleRound
    goal: Goal
    board: KpiBoard
    review_action: ReviewAction
    review_page: ReviewPage


@dataclass
class Nothing:
    """Keys that belong to nothing, shaped like those of `Things`."""

    pk: int = MISSING_ID
    number: str = "NO-SUCH"
    code: str = "NO-SUCH"

    def __getattr__(self, name: str) -> "Nothing":
        return self


@dataclass
class World:
    team: Team
    people: dict[str, User]
    sides: dict[str, Any]
    messages: dict[int, Notification] = field(default_factory=dict)
    tokens: dict[int, ApiToken] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    leaves: dict[int, Leave] = field(default_factory=dict)
    acts: dict[int, BulkAct] = field(default_factory=dict)
    imports: dict[int, ImportRun] = field(default_factory=dict)
    profiles: dict[int, ImportProfile] = field(default_factory=dict)
    exports: dict[int, ExportRun] = field(default_factory=dict)
    views: dict[int, SavedView] = field(default_factory=dict)
    merges: dict[int, SheetMerge] = field(default_factory=dict)
    boards: dict[int, KpiBoard] = field(default_factory=dict)

    def of(self, side: str, person: User) -> Any:
        """The things of a side; what is personal is the person's own on side "own"."""
        things = self.sides[side]
        if side == "own":
            things.notification, things.token = self.messages[person.pk], self.tokens[person.pk]
            things.own_channel, things.leave = self.channels[person.pk], self.leaves[person.pk]
            things.act, things.import_run = self.acts[person.pk], self.imports[person.pk]
            things.import_profile, things.export_run = self.profiles[person.pk], self.exports[person.pk]
            things.saved_view, things.merge = self.views[person.pk], self.merges[person.pk]
            things.board = self.boards[person.pk]
        return things


def make_world() -> World:
    Organization.current()
    team, other = make_team("alpha"), make_team("beta")
    people = {role: make_user(role, team=team, username=f"a-{role}") for role in RoleCode.values}
    colleague, stranger = make_user("clerk", team=team, username="a-colleague"), make_user("clerk", team=other)
    world = World(team, people, {"missing": Nothing()})
    for person in people.values():
        world.messages[person.pk] = _message(person)
        world.tokens[person.pk] = create_token(user=person, now=MONDAY)[0]
        world.channels[person.pk], world.leaves[person.pk] = _own_channel(person), _leave(person)
        world.acts[person.pk], world.imports[person.pk] = _act(person), _import_run(person, team)
        world.profiles[person.pk], world.exports[person.pk] = _import_profile(person), _export_run(person)
        world.views[person.pk], world.merges[person.pk] = _saved_view(person), _merge(person)
        world.boards[person.pk] = _board(person)
    world.sides["own"] = things_of(
        team, people["clerk"], sales_rep=people["sales_rep"], watcher=people["market_developer"]
    )
    world.sides["colleague"] = things_of(team, colleague)
    world.sides["foreign"] = things_of(other, stranger)
    return world


def things_of(team: Team, clerk: User, *, sales_rep: User | None = None, watcher: User | None = None) -> Things:
    customer = make_company(team=team)
    order = make_confirmed_order(team=team, by=clerk, customer=customer, sales_rep=sales_rep, incoterm="FOB")
    if watcher:
        # The market developer has no order role; a step makes the order theirs.
        order.milestones.filter(code="CLOSED").update(assignee=watcher)
    line = first_line(order)
    shipment = shipments.create_shipment(
        values={"number": f"S-{clerk.username}", "team": team}, lines={line.pk: 40}, by=clerk, now=MONDAY
    )
    document = documents.add_document(
        order_id=order.pk, kind="CPO", upload=SimpleUploadedFile("po.png", PICTURE), by=clerk, now=MONDAY
    )
    contact = Contact.objects.create(company=customer, name="Li Na")
    action = _review_action(team, clerk)
    return Things(
        order=order,
        milestone=order.milestones.get(code="ORDER_RECEIVED"),
        shipment=shipment,
        document=document,
        company=customer,
        contact=contact,
        interaction=Interaction.objects.create(company=customer, at=MONDAY, summary="called", by=clerk),
        notification=_message(clerk),
        token=create_token(user=clerk, now=MONDAY)[0],
        calendar_edit=_calendar_edit(clerk),
        calendar_rule=RecurringException.objects.create(
            calendar=WorkCalendar.objects.get(code="CN_OFFICE"),
            kind="workday",
            weekday=6,
            nth=-1,
            from_date=MONDAY.date(),
            to_date=MONDAY.date() + timedelta(days=90),
        ),
        template_job=PlanJob.objects.create(
            kind=PlanJob.Kind.TEMPLATE, template=order.template, total=1, by=clerk, created_at=MONDAY
        ),
        channel=Channel.objects.create(kind="webhook", created_at=MONDAY),
        ladder_job=LadderJob.objects.create(team=team, by=clerk, created_at=MONDAY),
        own_channel=_own_channel(clerk),
        leave=_leave(clerk),
        act=_act(clerk),
        import_run=_import_run(clerk, team),
        import_profile=_import_profile(clerk),
        export_run=_export_run(clerk),
        saved_view=_saved_view(clerk),
        merge=_merge(clerk),
        board=_board(clerk),
        review_action=action,
        review_page=action.page,
        goal=Goal.objects.create(
            title="On time",
            code="K01",
            baseline=80,
            target=90,
            first=MONDAY.date(),
            end=MONDAY.date() + timedelta(days=90),
            team=team,
            reason="-",
            by=clerk,
            created_at=MONDAY,
        ),
        sample=checks.send_sample(
            order_id=order.pk, kind="pp", sent_on=MONDAY.date(), courier_no="SF1", by=clerk, now=MONDAY
        ),
    )


def _calendar_edit(person: User) -> CalendarEdit:
    calendar = WorkCalendar.objects.get(code="CN_OFFICE")
    changes = {"kind": "days", "day": "off", "from": "2026-03-09", "to": "2026-03-09", "name": person.username}
    return propose_edit(calendar_id=calendar.pk, changes=changes, seen_version=None, by=person, now=MONDAY)


def _own_channel(person: User) -> Channel:
    return Channel.objects.create(kind="webhook", name=person.username, owner=person, created_at=MONDAY)


def _leave(person: User) -> Leave:
    """Years from now: nobody stands in for anybody while rights are tried."""
    deputy = (
        User.objects.filter(memberships__role__in=["manager", "admin"]).exclude(pk=person.pk).order_by("pk").first()
    )
    day = MONDAY.date() + timedelta(days=20_000)
    return Leave.objects.create(user=person, deputy=deputy, from_date=day, to_date=day)


def _act(person: User) -> BulkAct:
    return BulkAct.objects.create(operation="edit", by=person, at=MONDAY, finished_at=MONDAY)


def _export_run(person: User) -> ExportRun:
    run = ExportRun(by=person, shape="orders", status="done", created_at=MONDAY)
    run.file.save("x", ContentFile(b"PK"))
    return run


def _review_action(team: Team, by: User) -> ReviewAction:
    """On the page of somebody who walks nowhere."""
    count = Review.objects.count()
    person = User.objects.create(username=f"reviewed-{count}", name="Reviewed")
    first = MONDAY.date() + timedelta(days=count)
    review = Review.objects.create(team=team, first=first, end=first + timedelta(days=30), by=by, created_at=MONDAY)
    page = ReviewPage.objects.create(review=review, person=person)
    return ReviewAction.objects.create(page=page, text="-", due_date=first, by=by, created_at=MONDAY)


def _board(person: User) -> KpiBoard:
    name = f"board {KpiBoard.objects.count()}"
    return KpiBoard.objects.create(name=name, codes=["K01"], by=person, created_at=MONDAY)


def _saved_view(person: User) -> SavedView:
    return SavedView.objects.create(
        by=person, name=f"view {SavedView.objects.count()}", query="status=open", created_at=MONDAY
    )


def _merge(person: User) -> SheetMerge:
    sheet = ContentFile(b"note\n", "x.csv")
    return SheetMerge.objects.create(by=person, filename="x.csv", file=sheet, created_at=MONDAY)


def _import_run(person: User, team: Team) -> ImportRun:
    sheet = b"number,customer,quantity\nGD-X,Acme,1\n"
    return start_import(content=sheet, filename="x.csv", profile="orders", team=team, by=person, now=MONDAY)


def _import_profile(person: User) -> ImportProfile:
    name = f"profile {ImportProfile.objects.count()}"
    return ImportProfile.objects.create(by=person, name=name, base="orders", changed_at=MONDAY)


def _message(person: User) -> Notification:
    return Notification.objects.create(
        kind="milestone_due",
        recipient=person,
        subject=f"orders.milestone:{MISSING_ID}",
        dedupe_key=f"{person.pk}:{Notification.objects.count()}",
        status="shown",
        payload={
            **{"milestone": MISSING_ID, "step": "due"},
            **{"order": "GD-1", "customer": person.name, "name_zh": "接单", "name_en": "order received"},
            **{"owner": person.name, "waiting_on": "internal", "over_minutes": 0, "due_at": MONDAY.isoformat()},
        },
        created_at=MONDAY,
        not_before=MONDAY,
        shown_at=MONDAY,
    )


def sees(role: str, side: str, scope: str) -> bool:
    """What the table of roles promises, said apart from the code that keeps it."""
    if scope == "everyone":
        return side != "missing"
    if scope == "person":
        return side == "own"
    if side == "own":
        return True
    if scope == "leave":  # who distributes everybody's work
        everywhere = ROLES[role].scope is Scope.ALL
        return side == "foreign" and everywhere and Permission.MILESTONE_ASSIGN in ROLES[role].permissions
    if side == "colleague":
        return scope == "team" or ROLES[role].scope is not Scope.OWN
    return side == "foreign" and ROLES[role].scope is Scope.ALL
