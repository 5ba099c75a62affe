"""What the whole run tells at its end."""

import pytest
from django.utils import translation

BAD_INPUT = "test_bad_input_is_answered_as_stated"
COUNTED = "counted: "  # properties of a test with this prefix are summed up over the run, whichever process ran it


@pytest.fixture(autouse=True)
def _language_of_nobody():
    """Each test begins in the product's own language: a request leaves that of its reader in force."""
    translation.deactivate()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many cases of bad input were answered as stated, whichever process ran them."""
    counts = {
        outcome: sum(BAD_INPUT in report.nodeid for report in terminalreporter.getreports(outcome))
        for outcome in ("passed", "failed")
    }
    if any(counts.values()):
        terminalreporter.write_line(f"Bad input: {counts['passed']} passed, {counts['failed']} failed")
    if sums := _sums(terminalreporter):
        told = ", ".join(f"{number:,} {name.removeprefix(COUNTED)}" for name, number in sums.items())
        terminalreporter.write_line(f"Planning: {told}")


def _sums(terminalreporter: pytest.TerminalReporter) -> dict[str, int]:
    sums: dict[str, int] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "teardown":
                for name, value in report.user_properties:
                    if name.startswith(COUNTED):
                        sums[name] = sums.get(name, 0) + int(value)
    return sums
