"""What the whole run tells at its end."""

import pytest

BAD_INPUT = "test_bad_input_is_answered_as_stated"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many cases of bad input were answered as stated, whichever process ran them."""
    counts = {
        outcome: sum(BAD_INPUT in report.nodeid for report in terminalreporter.getreports(outcome))
        for outcome in ("passed", "failed")
    }
    if any(counts.values()):
        terminalreporter.write_line(f"Bad input: {counts['passed']} passed, {counts['failed']} failed")
