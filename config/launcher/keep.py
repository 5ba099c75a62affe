"""`python -m config.launcher.keep NAME COMMAND …`: keep one process running, and replace it when its pulse stops.

For containers, which start what has ended but not what hangs. The process finds the file to touch in its environment.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from .processes import spawn
from .supervisor import PULSE_PATIENCE, Service, Stopped, Supervisor


def main(arguments: Sequence[str]) -> int:
    """Run until SIGTERM, Ctrl-C or the end of the terminal."""
    options = _parse(arguments)
    supervisor = Supervisor()
    supervised = {"GENDAN_SUPERVISOR_PID": str(os.getpid()), "GENDAN_PULSE_FILE": str(options.pulse)}
    start = partial(spawn, options.command, env=os.environ | supervised)
    output = Path("/dev/stdout")  # where a container's log is
    try:
        supervisor.keep(Service(options.name, start, output, pulse=options.pulse, pulse_patience=options.patience))
        while True:
            supervisor.look_after()
    except Stopped:
        return 0
    finally:
        supervisor.stop_all()


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m config.launcher.keep")
    parser.add_argument("--pulse", type=Path, help="the file that the process touches")
    parser.add_argument("--patience", type=float, default=PULSE_PATIENCE, help="seconds without a pulse")
    parser.add_argument("name", help="for messages, and for the file of the pulse: <name>.pulse")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    options.pulse = options.pulse or Path(tempfile.gettempdir()) / f"{options.name}.pulse"
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
