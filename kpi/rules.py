"""What the signals of a control chart are called."""

from django.utils.translation import gettext as _

from kpi.spc import BEYOND_LIMITS, RUN_OF_EIGHT, TWO_OF_THREE


def rule_name(rule: str) -> str:
    """What a signal of a control chart says."""
    return {
        BEYOND_LIMITS: _("beyond a limit"),
        RUN_OF_EIGHT: _("eight in a row on one side"),
        TWO_OF_THREE: _("two of three beyond two sigma"),
    }[rule]
