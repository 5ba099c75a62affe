"""The demo's organisation, teams and people."""

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from orders.demo.logins import LOGINS
from teams.models import Membership, Organization, Team, User, WorkCalendar
from teams.permissions import RoleCode

COMPANY_NAME = "恒跃国际贸易有限公司"
TEAMS = {"export1": "外贸一部", "export2": "外贸二部", "parts": "内销备件部"}
ALL = tuple(TEAMS)


@dataclass(frozen=True)
class Person:
    """Somebody of the demo: a role, held in one or more teams."""

    username: str
    name: str
    role: str
    teams: tuple[str, ...]
    language: str = ""


PEOPLE = [
    Person("clerk", "陈晓雯", RoleCode.CLERK, ("export1",)),
    Person("hejing", "何静", RoleCode.CLERK, ("export1",)),
    Person("clerk2", "林嘉怡", RoleCode.CLERK, ("export2",)),
    Person("tangwei", "唐薇", RoleCode.CLERK, ("export2",)),
    Person("luodan", "罗丹", RoleCode.CLERK, ("parts",)),
    Person("sales", "李思远", RoleCode.SALES_REP, ("export1", "export2")),
    Person("yangfan", "杨帆", RoleCode.SALES_REP, ("parts",)),
    Person("salesmgr", "高远", RoleCode.SALES_MANAGER, ALL),
    Person("marketdev", "许婧", RoleCode.MARKET_DEVELOPER, ("export2",)),
    Person("logistics", "周志远", RoleCode.LOGISTICS, ALL),
    Person("documents", "蒋雯婷", RoleCode.DOCUMENTS, ALL),
    Person("service", "Emily Carter", RoleCode.SERVICE, ALL, "en"),
    Person("finance", "孙丽华", RoleCode.FINANCE, ALL),
    Person("purchaser", "冯雪", RoleCode.PURCHASER, ALL),
    Person("qc", "吴刚", RoleCode.QC, ALL),
    Person("planner", "郑海涛", RoleCode.PLANNER, ALL),
    Person("lead", "赵敏", RoleCode.LEAD, ("export1",)),
    Person("dengkai", "邓凯", RoleCode.LEAD, ("export2",)),
    Person("maorui", "毛睿", RoleCode.LEAD, ("parts",)),
    Person("manager", "王建国", RoleCode.MANAGER, ALL),
    Person("admin", "系统管理员", RoleCode.ADMIN, ("export1",)),
]


def holder(role: str, team: str) -> str:
    """The first person who holds `role` in `team`: who carries its steps."""
    return next(person.username for person in PEOPLE if person.role == role and team in person.teams)


def load_people() -> None:
    """Create the teams and the people that are missing; who is there keeps their password and roles."""
    organization = Organization.current()
    if organization.name == "Gendan":  # not named by anybody yet
        organization.name = COMPANY_NAME
        organization.save(update_fields=["name"])
    calendar = WorkCalendar.objects.get(code="CN_OFFICE")
    teams = {
        code: Team.objects.get_or_create(code=code, defaults={"name": name, "calendar": calendar})[0]
        for code, name in TEAMS.items()
    }
    known = set(User.objects.values_list("username", flat=True))
    passwords = {username: password for username, password, *_label in LOGINS}
    for person in PEOPLE:
        if person.username not in known:
            user = _create_user(person, passwords.get(person.username))
            Membership.objects.bulk_create(
                Membership(user=user, team=teams[code], role=person.role) for code in person.teams
            )


def _create_user(person: Person, password: str | None) -> User:
    is_admin = person.role == RoleCode.ADMIN
    return User.objects.create(
        username=person.username,
        name=person.name,
        email=f"{person.username}@hengyue.example",
        language=person.language,
        password=make_password(password),  # None: nobody can log in as them
        is_staff=is_admin,
        is_superuser=is_admin,
    )
