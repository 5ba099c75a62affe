"""`manage.py test`: every test, the browser's included; arguments go to pytest."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence

from .paths import ROOT
from .text import LauncherError, say, tr

BROWSER_TESTS = "tests/e2e"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# A process a core. Whoever is done takes over tests of the other, since those that kill processes mostly wait.
PARALLEL = ("-n", "auto", "--dist", "worksteal")
# A browser's tests share a server and what they set up: a file stays in one process.
PARALLEL_BROWSER = ("-n", "auto", "--dist", "loadfile")
INTERRUPTED = 2  # pytest's exit code after Ctrl-C


def main(arguments: Sequence[str]) -> int:
    """Run pytest and return 0 only if everything passed.

    Without arguments the browser tests are a call of their own: their event loop would stay behind in the process
    of the others. A missing browser is a failure, not a reason to skip.
    """
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.test"}
    if arguments:
        return _pytest(arguments, environment)
    code = _pytest([f"--ignore={BROWSER_TESTS}", *PARALLEL], environment)
    if code < 0 or code == INTERRUPTED:
        return INTERRUPTED
    if not any(shutil.which(name) for name in CHROMIUM_NAMES):
        raise LauncherError(
            tr(
                "The browser tests need Chromium, which is not on the PATH. Install it (Debian: apt install chromium"
                " fonts-wqy-microhei; Ubuntu: snap install chromium), then run the tests again.",
                "浏览器测试需要 Chromium，但 PATH 中没有找到。请安装（Debian：apt install chromium fonts-wqy-microhei；"
                "Ubuntu：snap install chromium）后重新运行测试。",
            )
        )
    browser_code = _pytest([BROWSER_TESTS, *PARALLEL_BROWSER], environment)
    say(
        tr(
            f"Tests: {_verdict(code)}. Browser tests: {_verdict(browser_code)}.",
            f"测试：{_verdict(code)}。浏览器测试：{_verdict(browser_code)}。",
        )
    )
    return code or browser_code


def _pytest(arguments: Sequence[str], environment: dict[str, str]) -> int:
    """Run one pytest; it gets Ctrl-C from the terminal itself and SIGTERM from us, and has time to tidy up."""
    # First in place, so that no signal finds us without them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=ROOT,
        env=environment,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    return child.wait()


def _verdict(code: int) -> str:
    return (
        tr("passed", "通过") if code == 0 else tr(f"failed (pytest exit code {code})", f"失败（pytest 退出码 {code}）")
    )
