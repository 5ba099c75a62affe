"""The context of the order's body, the same whichever view answers with it."""

from typing import Any

from django.utils import timezone

from orders.forms.checks import InspectionForm, PaymentForm, SampleForm, VerdictForm
from orders.forms.documents import CommentForm, DocumentForm
from orders.models import Order
from orders.pages.sheet import read_sheet
from teams.http import PersonRequest


def sheet_context(
    request: PersonRequest, order: Order, *, all_events: bool = False, is_fresh: bool = False, **forms: Any
) -> dict[str, Any]:
    """What the page reads, and its forms: empty, or as given in `forms` with what was refused."""
    sheet = read_sheet(order, user=request.user, now=timezone.now(), all_events=all_events, is_fresh=is_fresh)
    return {
        "document_form": DocumentForm(),
        "comment_form": CommentForm(),
        "sample_form": SampleForm(),
        "inspection_form": InspectionForm(),
        "payment_form": PaymentForm(),
        **sheet,
        "samples": [
            (sample, forms.get(f"verdict_form_{sample.pk}") or VerdictForm(prefix_id=str(sample.pk)))
            for sample in sheet["samples"]
        ],
        **forms,
    }
