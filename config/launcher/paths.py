"""Where the launcher keeps things."""

import hashlib
import os
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
# A fixed place and not TMPDIR: a second terminal must find the same socket, and its path may have 107 bytes at most.
SHORT_TEMP = Path("/tmp") if Path("/tmp").is_dir() else Path(tempfile.gettempdir())


def data_dir() -> Path:
    """The folder with everything a running copy keeps: database, broker, uploads, logs."""
    return Path(os.environ.get("GENDAN_DATA_DIR") or ROOT / ".data").expanduser().absolute().resolve()


def mark_of(place: str | Path) -> str:
    """A short name for a folder or an address, the same in every process."""
    return hashlib.sha256(os.fsencode(place)).hexdigest()[:12]


def private_folder(folder: Path) -> Path:
    """Make a folder that only its owner may read, with its parents."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
