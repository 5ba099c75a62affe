"""Files of orders on their way out: always as attachments, so that no browser runs what somebody uploaded."""

from django.http import FileResponse

from orders.models import OrderDocument


def attachment(document: OrderDocument) -> FileResponse:
    """The file under its own name with its true type; sandboxed, should a browser open it all the same."""
    response = FileResponse(
        document.file.open("rb"),
        as_attachment=True,
        filename=document.filename,
        content_type=document.content_type,
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response
