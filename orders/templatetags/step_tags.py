"""The cells of a step's row, for its templates."""

from django import template
from django.utils.safestring import SafeString

from orders.models import Milestone
from orders.pages import step_cells
from orders.pages.steps import StepRow

register = template.Library()


@register.simple_tag
def step_name(row: StepRow, view: str) -> SafeString:
    """Name, what the step waits for and needs, and its note, on the page `view`."""
    return step_cells.name(row, view)


@register.simple_tag
def step_due(row: StepRow) -> SafeString:
    """Due instant and what is left, or when it was closed."""
    return step_cells.due(row)


@register.simple_tag
def step_holder(row: StepRow) -> SafeString:
    """Whom it waits on, and who carries it."""
    return step_cells.holder(row)


@register.simple_tag
def why_link(milestone: Milestone, number: str) -> SafeString:
    """Leads to how the step's due instant was computed."""
    return step_cells.why(milestone, number)
