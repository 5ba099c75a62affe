"""An own PostgreSQL server for development and tests: Unix socket only, no account, no port, no password needed."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from . import nobody
from .binaries import major_version, postgres_programs
from .paths import SHORT_TEMP, data_dir, mark_of, private_folder
from .processes import Become, become_nobody, identity_for_servers, spawn, stop
from .text import LauncherError, failure, tr

NAME = "gendan"  # of the role and of the database
START_PATIENCE = 60  # seconds; replaying the log after a crash may take a while


def socket_folder(data: Path) -> Path:
    """Where the server of this data folder listens: known to every process, without asking the server."""
    return SHORT_TEMP / f"gendan-{mark_of(data)}"


def socket_url(folder: Path) -> str:
    return f"postgres://{NAME}@{quote(str(folder), safe='')}/{NAME}"


class Cluster:
    """One data folder and the server that runs on it.

    `durable=False` gives up safety against power cuts for speed: tests only.
    """

    def __init__(
        self,
        folder: Path,
        sockets: Path,
        *,
        durable: bool = True,
        log: Path | None = None,
        identity: Callable[[], Become | None] = identity_for_servers,
    ) -> None:
        self.become = identity()
        self.folder = nobody.reachable_data(folder) if self.become is become_nobody else folder
        self.sockets = sockets
        self.durable = durable
        self.log = log or sockets / "postgres.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return socket_url(self.sockets)

    def start(self) -> subprocess.Popen[bytes]:
        """Make the cluster if it is not there yet, and start its server; `wait_until_ready` tells when it answers."""
        version_file = self.folder / "PG_VERSION"
        programs = postgres_programs(int(version_file.read_text()) if version_file.exists() else None)
        self._make_socket_folder()
        if self.become is become_nobody:
            programs = nobody.reachable_programs(programs)
        if not version_file.exists():
            self._create(programs)
        self._end_left_over()
        settings = [
            "listen_addresses=",
            "unix_socket_permissions=0700",
            "timezone=UTC",
            "log_timezone=UTC",
            *([] if self.durable else ["fsync=off", "full_page_writes=off"]),
        ]
        with self.log.open("ab") as log:
            self.process = spawn(
                [programs / "postgres", "-D", self.folder, "-k", self.sockets, *(f"-c{line}" for line in settings)],
                last_signal=signal.SIGINT if self.durable else signal.SIGQUIT,
                become=self.become,
                env=_environment(),
                cwd=Path("/"),
                output=log,
            )
        return self.process

    def wait_until_ready(self) -> None:
        """Return when the server takes connections.

        Raises:
            LauncherError: it ended or did not get ready in time; names its log.
        """
        assert self.process is not None
        end = time.monotonic() + START_PATIENCE
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise LauncherError(_start_failure(self.log))
            if self._status() == (self.process.pid, "ready"):
                return
            time.sleep(0.02)
        raise LauncherError(_start_failure(self.log))

    def stop(self) -> None:
        if self.process is not None:
            stop(self.process, signal.SIGINT if self.durable else signal.SIGQUIT, patience=20)

    def _status(self) -> tuple[int, str]:
        """Process id and state as the server writes them into its data folder: what `pg_ctl -w` looks at."""
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
            return int(lines[0]), lines[7].strip() if len(lines) > 7 else ""
        except (OSError, ValueError, IndexError):
            return 0, ""

    def _make_socket_folder(self) -> None:
        folder = private_folder(self.sockets)
        if self.become is become_nobody:
            nobody.give(folder)
        owner = folder.lstat().st_uid
        if folder.is_symlink() or owner not in (os.geteuid(), nobody.uid()):
            raise LauncherError(
                tr(
                    f"{folder} belongs to another user; remove it, then start again.",
                    f"{folder} 属于其他用户；请删除后重新启动。",
                )
            )

    def _create(self, programs: Path) -> None:
        """Run initdb beside the final place and move the result, so that a crash leaves no half cluster."""
        draft = self.folder.with_name(self.folder.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        private_folder(draft)
        if self.become is become_nobody:
            nobody.give(draft)
        command: list[str | Path] = [
            programs / "initdb",
            "-D",
            draft,
            "-U",
            NAME,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-instructions",
        ]
        command += locale_options(major_version(programs))
        command += [] if self.durable else ["--no-sync"]
        self._run(command)
        # The single-user server needs no socket and no waiting.
        self._run([programs / "postgres", "--single", "-D", draft, "postgres"], text=f"CREATE DATABASE {NAME};\n")
        draft.rename(self.folder)

    def _run(self, command: list[str | Path], text: str = "") -> None:
        run = spawn(
            command,
            last_signal=signal.SIGKILL,
            become=self.become,
            env=_environment(),
            cwd=Path("/"),
            feed=subprocess.PIPE,
            output=subprocess.PIPE,
        )
        output = run.communicate(text.encode())[0].decode(errors="replace").strip()
        if run.returncode:
            sentence = tr(
                f"The database could not be created in {self.folder}:", f"无法在 {self.folder} 中创建数据库："
            )
            raise LauncherError(failure(sentence, output))

    def _end_left_over(self) -> None:
        """End a server that outlived its supervisor (no PDEATHSIG on macOS), or wait for one that is just ending.

        The caller holds the lock of the data folder, so nobody else is using that server. A process id that a stranger
        got after a reboot would stop Postgres from starting.
        """
        pid, _ = self._status()
        end = time.monotonic() + 20
        while pid > 0 and _runs_on(pid, self.folder) and time.monotonic() < end:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGINT)
            time.sleep(0.1)
        if pid > 0 and not _runs_on(pid, self.folder):
            (self.folder / "postmaster.pid").unlink(missing_ok=True)


def locale_options(major: int) -> list[str]:
    """initdb's options for UTF-8 character classes: with a plain C locale pg_trgm finds no Chinese characters."""
    ctype = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
    if major < 17:
        return [f"--locale={ctype}"]
    return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", f"--lc-ctype={ctype}"]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG", "TZ"))}
    return kept | {"LC_ALL": "C"}


def _runs_on(pid: int, folder: Path) -> bool:
    """Whether that process is a server on this data folder, not a stranger who got the number later."""
    if Path("/proc/self/cmdline").exists():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return False
    else:
        ps = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
        command = subprocess.run(ps, capture_output=True, text=True, check=False).stdout
    return f"-D {folder}" in command


def _start_failure(log: Path) -> str:
    said = ""
    with contextlib.suppress(OSError):
        said = log.read_text(errors="replace")
    return failure(
        tr(f"PostgreSQL did not start. The end of {log}:", f"PostgreSQL 未能启动。{log} 的末尾："), said[-5000:]
    )


def dev_cluster() -> Cluster:
    """The cluster of `manage.py dev`, in the data folder."""
    data = data_dir()
    return Cluster(data / "postgres", socket_folder(data), log=private_folder(data / "logs") / "postgres.log")
