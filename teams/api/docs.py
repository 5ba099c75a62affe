"""`schema/` and `docs/`: what the API offers. Open to strangers, since it tells nothing about anybody's data."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularJSONAPIView


class SchemaView(SpectacularJSONAPIView):
    """The OpenAPI 3.1 document."""

    metadata_class = None
    authentication_classes: list = []
    permission_classes: list = []


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The document as a page on which calls can be tried."""
    return render(request, "teams/api_docs.html")
