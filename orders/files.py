"""Files of orders on their way out: always as attachments, so that no browser runs what somebody uploaded."""

import logging
from io import BytesIO

from django.http import FileResponse, Http404
from PIL import Image, ImageOps

from orders.models import OrderDocument

PREVIEW = 480
MOST_PIXELS = 80_000_000
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


def small_picture(document: OrderDocument) -> bytes | None:
    """A JPEG of at most `PREVIEW` pixels each way, turned upright; None if the file is no picture that can be drawn."""
    if not document.is_picture:
        return None
    try:
        with document.file.open("rb") as file, Image.open(file, formats=["JPEG", "PNG", "GIF", "WEBP"]) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                return None
            picture.draft("RGB", (PREVIEW, PREVIEW))
            upright = ImageOps.exif_transpose(picture).convert("RGB")
            upright.thumbnail((PREVIEW, PREVIEW))
            stream = BytesIO()
            upright.save(stream, "JPEG", quality=80)
            return stream.getvalue()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        log.warning("document %s cannot be drawn: %s", document.pk, error)
        return None
