"""For root where user namespaces are forbidden, as in many containers: the server runs as the account `nobody`.

It must reach its data folder and programs, which a checkout below /root does not allow.
"""

import os
import pwd
import shutil
import stat
from pathlib import Path

from .paths import mark_of

VARIABLE_TEMP = Path("/var/tmp")


def uid() -> int:
    return pwd.getpwnam("nobody").pw_uid


def give(folder: Path) -> None:
    """Make `nobody` the owner of a folder."""
    account = pwd.getpwnam("nobody")
    os.chown(folder, account.pw_uid, account.pw_gid)


def is_reachable(folder: Path) -> bool:
    """Whether everybody may walk down to that folder."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in folder.resolve().parents if parent.exists())


def _home(folder: Path) -> Path:
    home = VARIABLE_TEMP / f"gendan-{mark_of(folder)}"
    home.mkdir(mode=0o755, exist_ok=True)
    if home.lstat().st_uid != os.geteuid():
        raise PermissionError(f"{home} belongs to another user")
    return home


def reachable_data(folder: Path) -> Path:
    """The data folder itself, or a stand-in that `nobody` reaches."""
    place = folder if is_reachable(folder) else _home(folder) / folder.name
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def reachable_programs(programs: Path) -> Path:
    """The program folder itself, or a copy that `nobody` reaches."""
    if is_reachable(programs / "postgres"):
        return programs
    package = programs.parents[1]
    home = _home(package)
    copy = home / package.name / programs.relative_to(package)
    if not (copy / "postgres").exists():
        shutil.copytree(programs.parent, copy.parent, symlinks=True, dirs_exist_ok=True)
        libraries = package.with_name(package.name + ".libs")  # Found from the programs by a relative path.
        if libraries.exists():
            shutil.copytree(libraries, home / libraries.name, dirs_exist_ok=True)
    return copy
