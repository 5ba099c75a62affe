"""Demo data for `manage.py dev`: loaded once for each database, and who may log in."""

from collections.abc import Callable
from pathlib import Path

from .paths import mark_of
from .text import prefers_chinese, say, tr
from .urls import database_url

ORDERS = 300


def is_wanted(data: Path) -> bool:
    """Whether this database has not had its turn yet."""
    return not _marker(data).exists()


def load(data: Path, manage: Callable[..., None]) -> None:
    """Load the demo data, unless the database holds real work."""
    say(tr("Loading demo data (once) …", "正在载入演示数据（仅一次）……"))
    manage("demo", "--if-empty", "--orders", str(ORDERS))
    _marker(data).touch()


def _marker(data: Path) -> Path:
    return data / f"demo-loaded-{mark_of(database_url())}"


def login_lines() -> list[str]:
    """One line for each demo account: name, password, role."""
    from orders.demo.logins import LOGINS

    label = 2 if prefers_chinese() else 3
    width = max(len(login[0]) for login in LOGINS)
    return [tr("\nDemo log-ins:", "\n演示账号：")] + [
        f"  {login[0]:<{width}}  {login[1]}  {login[label]}" for login in LOGINS
    ]
