"""Starting child processes that cannot outlive their starter."""

import contextlib
import ctypes
import functools
import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

IS_LINUX = sys.platform == "linux"
CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
NOBODY = 65534
# Loaded here, since nothing should be loaded between fork and exec.
LIBC = ctypes.CDLL(None, use_errno=True) if IS_LINUX else None

Become = Callable[[], None]


def spawn(
    command: Sequence[str | os.PathLike[str]],
    *,
    last_signal: signal.Signals = signal.SIGTERM,
    become: Become | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    feed: int = subprocess.DEVNULL,
    output: IO[Any] | int | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child in its own session; on Linux the kernel sends it `last_signal` when the calling thread ends.

    Own session: Ctrl-C in the terminal reaches only the supervisor, which then stops its children in order.
    Call it from the main thread only.
    """
    parent = os.getpid()

    def before_exec() -> None:
        if become is not None:
            become()
        if LIBC is not None:  # Last, because a change of user clears it.
            LIBC.prctl(PR_SET_PDEATHSIG, int(last_signal))
            if os.getppid() != parent:  # The parent died before the line above could help.
                os._exit(1)

    return subprocess.Popen(
        [os.fspath(part) for part in command],
        stdin=feed,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        env=dict(env) if env is not None else None,
        cwd=cwd,
        start_new_session=True,
        preexec_fn=before_exec,
    )


def enter_user_namespace() -> None:
    """Between fork and exec: become uid 65534 in an own user namespace, while files stay root's outside."""
    uid, gid = os.getuid(), os.getgid()
    assert LIBC is not None
    if LIBC.unshare(CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {gid} 1")


def become_nobody() -> None:
    """Between fork and exec: give up root for the account `nobody`."""
    account = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


@functools.cache
def user_namespaces_work() -> bool:
    if LIBC is None:
        return False
    try:
        probe = subprocess.run([shutil.which("true") or "/bin/true"], preexec_fn=enter_user_namespace, check=False)
    except (OSError, subprocess.SubprocessError):
        return False
    return probe.returncode == 0


def identity_for_servers() -> Become | None:
    """How to start a program that refuses root and accounts without a name: None where ours will do.

    Containers often run under a bare number.
    """
    is_root = os.geteuid() == 0
    if not is_root and _has_account(os.geteuid()):
        return None
    if user_namespaces_work():
        return enter_user_namespace
    return become_nobody if is_root else None


def _has_account(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def stop(child: subprocess.Popen[bytes], by: signal.Signals, *, patience: float) -> None:
    """End a child by `by`, after `patience` seconds by SIGKILL, and whatever it leaves in its session's group."""
    ask_to_stop(child, by)
    see_off(child, patience=patience)


def ask_to_stop(child: subprocess.Popen[bytes], by: signal.Signals) -> None:
    """Send the signal, once: a second one makes many programs drop their work."""
    if child.poll() is None:
        child.send_signal(by)


def see_off(child: subprocess.Popen[bytes], *, patience: float) -> None:
    """Wait for a child that was asked to stop; then end it and its group by force."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(patience)
    kill_group(child)


def kill_group(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
