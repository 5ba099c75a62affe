"""What has to be right before anything is started, and the sentence for each thing that is not."""

import contextlib
import errno
import fcntl
import os
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from .text import LauncherError, tr

SPACE_NEEDED = 300 * 1024 * 1024  # bytes: a database with demo data, its log and some work


@contextlib.contextmanager
def only_one(data: Path, url: str) -> Iterator[bool]:
    """Hold the data folder for this process; yields whether the run before ended without tidying up.

    Raises:
        LauncherError: another process holds it.
    """
    with (data / "lock").open("a+") as lock:
        lock.seek(0)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            where, _, process = lock.read().partition(" ")
            raise LauncherError(
                tr(
                    f"Gendan is already running here: {where} (process {process}).",
                    f"Gendan 已在运行：{where}（进程 {process}）。",
                )
            ) from None
        after_crash = bool(lock.read())
        lock.truncate(0)
        lock.write(f"{url} {os.getpid()}")
        lock.flush()
        try:
            yield after_crash
        finally:
            lock.truncate(0)


def check_disk(data: Path) -> None:
    """Refuse to start a database on a disk that is about to be full."""
    free = shutil.disk_usage(data).free
    if free < SPACE_NEEDED:
        raise LauncherError(
            tr(
                f"The disk of {data} is full: {free // 2**20} MB are free, {SPACE_NEEDED // 2**20} MB are needed."
                " Free some space, or name a folder on another disk in GENDAN_DATA_DIR.",
                f"{data} 所在磁盘空间不足：剩余 {free // 2**20} MB，至少需要 {SPACE_NEEDED // 2**20} MB。"
                "请清理空间，或用 GENDAN_DATA_DIR 指定其他磁盘上的目录。",
            )
        )


def check_port(host: str, port: int, *, patience: float) -> None:
    """Refuse a port that cannot be had; for `patience` seconds a web server that is just ending may still hold it."""
    end = time.monotonic() + patience
    while (error := _bind_error(host, port)) is not None:
        if time.monotonic() >= end or error.errno != errno.EADDRINUSE:
            raise LauncherError(_port_sentence(host, port, error))
        time.sleep(0.2)


def _bind_error(host: str, port: int) -> OSError | None:
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen(1)
    except OverflowError:
        return OSError(errno.EINVAL, "ports go from 1 to 65535")
    except OSError as error:
        return error
    return None


def _port_sentence(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return tr(
            f"Port {port} is in use by another program. End that program, or take another port:"
            f" python3 manage.py dev --port {port + 1}",
            f"端口 {port} 已被其他程序占用。请关闭该程序，或换一个端口：python3 manage.py dev --port {port + 1}",
        )
    if error.errno == errno.EACCES:
        return tr(
            f"Only root may use port {port}. Take one above 1023: python3 manage.py dev --port 8000",
            f"只有 root 才能使用端口 {port}。请使用 1023 以上的端口：python3 manage.py dev --port 8000",
        )
    return tr(
        f"{host}:{port} cannot be used: {error.strerror or error}", f"无法使用 {host}:{port}：{error.strerror or error}"
    )
