"""Demo data for `manage.py dev`: loaded once for each database, and who may log in."""

from collections.abc import Callable
from pathlib import Path

from .paths import mark_of
from .text import prefers_chinese, say, tr
from .urls import database_url

ORDERS = 300


def load_once(data: Path, manage: Callable[..., None]) -> None:
    """Load the demo data unless this database has had its turn."""
    marker = data / f"demo-loaded-{mark_of(Path(database_url()))}"
    if marker.exists():
        return
    say(tr("Loading demo data (once) …", "正在载入演示数据（仅一次）……"))
    manage("demo", "--orders", str(ORDERS))
    marker.touch()


def login_lines() -> list[str]:
    """One line for each demo account: name, password, role."""
    from orders.demo.logins import LOGINS

    label = 2 if prefers_chinese() else 3
    width = max(len(login[0]) for login in LOGINS)
    return [tr("\nDemo log-ins:", "\n演示账号：")] + [
        f"  {login[0]:<{width}}  {login[1]}  {login[label]}" for login in LOGINS
    ]
