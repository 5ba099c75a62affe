"""Files of orders on their way out: always as attachments, so that no browser runs what somebody uploaded."""

import logging

from django.http import FileResponse, Http404

from orders.models import OrderDocument

log = logging.getLogger(__name__)


def attachment(document: OrderDocument) -> FileResponse:
    """The file under its own name with its true type; sandboxed, should a browser open it all the same."""
    try:
        content = document.file.open("rb")
    except FileNotFoundError as error:
        log.error("the file of document %s is missing: %s", document.pk, document.file.name)
        raise Http404 from error
    response = FileResponse(
        content,
        as_attachment=True,
        filename=document.filename,
        content_type=document.content_type,
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response
