"""`manage.py dev`: the whole product on one machine, with one command."""

import argparse
import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from . import demo
from .checks import check_disk, check_port, only_one
from .paths import ROOT, data_dir, private_folder
from .postgres import dev_cluster, socket_folder
from .processes import spawn
from .supervisor import Service, Stopped, Supervisor
from .text import LauncherError, failure, say, tr
from .valkey import dev_valkey

PYTHON = sys.executable
CELERY = (PYTHON, "-m", "celery", "-A", "config")
WORKER = (*CELERY, "worker", "--loglevel=INFO", "--without-gossip", "--without-mingle")
LOG_LIMIT = 10 * 1024 * 1024  # bytes; a longer log is put aside at the next start
WEB_PATIENCE = 90  # seconds until the first page, on a slow machine


def main(arguments: Sequence[str]) -> int:
    """Run everything until Ctrl-C, SIGTERM or the end of the terminal."""
    options = _parse(arguments)
    started = time.monotonic()
    data = private_folder(data_dir())
    url = f"http://{options.host}:{options.port}"
    with only_one(data, url) as after_crash:
        check_disk(data)
        check_port(options.host, options.port, patience=10 if after_crash else 0)
        supervisor = Supervisor()
        try:
            _start(supervisor, options, data, url, started)
            while True:
                supervisor.look_after()
        except Stopped:
            say(tr("\nStopping …", "\n正在停止……"))
        finally:
            supervisor.stop_all()
            with contextlib.suppress(OSError):
                socket_folder(data).rmdir()
    say(tr("Everything has stopped; the data stays in ", "已全部停止，数据保留在 ") + str(data))
    return 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="manage.py dev", description=tr("Run all of Gendan on this machine.", "在本机运行完整的 Gendan。")
    )
    parser.add_argument("--port", type=int, default=8000, help=tr("of the web pages (8000)", "网页端口（8000）"))
    parser.add_argument(
        "--host", default="127.0.0.1", help=tr("0.0.0.0 lets other machines in", "0.0.0.0 允许其他机器访问")
    )
    parser.add_argument("--no-demo", action="store_true", help=tr("start with an empty database", "不载入演示数据"))
    return parser.parse_args(arguments)


def _start(supervisor: Supervisor, options: argparse.Namespace, data: Path, url: str, started: float) -> None:
    logs = private_folder(data / "logs")
    env = _environment(url)
    _start_servers(supervisor, logs)
    bind = f"{options.host}:{options.port}"
    web = (PYTHON, "-m", "gunicorn", "config.wsgi", "--config", "python:config.gunicorn", "--bind", bind)
    start_web = partial(supervisor.keep, _service("web", web, logs, env))
    if options.no_demo or not demo.is_wanted(data):
        # Loading Django takes the web process as long as a migration that has nothing to do: both at once.
        start_web()
        _job(supervisor, "set_up", logs, env, "set_up")
    else:
        _job(supervisor, "set_up", logs, env, "set_up")
        demo.load(data, partial(_job, supervisor, "demo", logs, env))
        start_web()  # Not before: whoever sees the first page can log in.
    _wait_for_page(supervisor, options.host, options.port)
    # Only now, so that they do not slow down the first page.
    supervisor.keep(_worker("worker", "tick", 2, data, logs, env))
    supervisor.keep(_worker("worker-bulk", "bulk", 1, data, logs, env))
    schedule = private_folder(data / "beat") / "schedule"
    beat = (*CELERY, "beat", "--loglevel=INFO", "--pidfile=", "--schedule", str(schedule))
    supervisor.keep(_service("beat", beat, logs, env))
    _welcome(url, logs, time.monotonic() - started, with_demo=not options.no_demo)


def _start_servers(supervisor: Supervisor, logs: Path) -> None:
    servers = []
    if not os.environ.get("DATABASE_URL"):
        cluster = dev_cluster()
        supervisor.keep(Service("postgres", cluster.start, cluster.log, signal.SIGINT, patience=20, foundation=True))
        servers.append(cluster.wait_until_ready)
    if not os.environ.get("REDIS_URL"):
        valkey = dev_valkey()
        supervisor.keep(Service("valkey", valkey.start, valkey.log, patience=20, foundation=True))
        servers.append(valkey.wait_until_ready)
    for wait_until_ready in servers:
        wait_until_ready()


def _environment(url: str) -> dict[str, str]:
    given = {"DJANGO_SETTINGS_MODULE": "config.settings.dev", "GENDAN_BASE_URL": url, "PYTHONUNBUFFERED": "1"}
    return given | os.environ | {"GENDAN_SUPERVISOR_PID": str(os.getpid())}


def _open_log(logs: Path, name: str) -> Path:
    log = logs / f"{name}.log"
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
    return log


def _service(name: str, command: Sequence[str], logs: Path, env: dict[str, str]) -> Service:
    log = _open_log(logs, name)
    return Service(name, partial(_spawn, command, log, env), log)


def _worker(name: str, queue: str, children: int, data: Path, logs: Path, env: dict[str, str]) -> Service:
    command = (*WORKER, "-n", f"{queue}@%h", "-Q", queue, "-c", str(children))
    pulse = private_folder(data / "pulses") / name
    service = _service(name, command, logs, env | {"GENDAN_PULSE_FILE": str(pulse)})
    service.pulse = pulse
    return service


def _spawn(command: Sequence[str], log: Path, env: dict[str, str]) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return spawn(command, env=env, cwd=ROOT, output=output)


def _job(supervisor: Supervisor, name: str, logs: Path, env: dict[str, str], *arguments: str) -> None:
    """Run a command of Django to its end.

    Raises:
        LauncherError: it failed; with the end of what it said.
    """
    log = _open_log(logs, name)
    start = log.stat().st_size if log.exists() else 0
    code = supervisor.run(partial(_spawn, (PYTHON, str(ROOT / "manage.py"), *arguments), log, env))
    if code:
        said = log.read_bytes()[start:].decode(errors="replace")
        sentence = tr(f"manage.py {name} failed; see {log}", f"manage.py {name} 失败，请查看 {log}")
        raise LauncherError(failure(sentence, said))


def _wait_for_page(supervisor: Supervisor, host: str, port: int) -> None:
    """Wait until the web process answers; the first answer also loads what later ones need."""
    address = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104  asked for on the command line
    web = next(service for service in supervisor.services if service.name == "web")
    end = time.monotonic() + WEB_PATIENCE
    while time.monotonic() < end and not (web.process and web.process.poll() is not None):
        try:
            link = http.client.HTTPConnection(address, port, timeout=30)
            link.request("GET", "/")
            if link.getresponse().status < 500:
                return
        except (OSError, http.client.HTTPException):
            pass
        supervisor.wait(0.1)
    sentence = tr(f"The web server does not answer; the end of {web.log}:", f"网页服务没有响应，{web.log} 的末尾：")
    raise LauncherError(failure(sentence, web.log.read_text(errors="replace")[-5000:]))


def _welcome(url: str, logs: Path, seconds: float, *, with_demo: bool) -> None:
    say(
        tr(
            f"\nGendan is running: {url}/   (ready in {seconds:.0f} s)",
            f"\nGendan 已启动：{url}/   （用时 {seconds:.0f} 秒）",
        )
    )
    for line in demo.login_lines() if with_demo else []:
        say(line)
    say(tr(f"\nLogs and demo mail: {logs}   Stop: Ctrl-C", f"\n日志与演示邮件：{logs}   停止：Ctrl-C"))
