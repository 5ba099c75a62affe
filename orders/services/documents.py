"""Evidence and comments on an order."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from orders import workflow
from orders.mentions import mentioned_in, tell_mentioned
from orders.models import DocumentKind, Milestone, Order, OrderDocument
from orders.models.events import EventKind
from orders.services import flow
from orders.sniffing import content_type_of
from teams.errors import InvalidInput
from teams.models import User


class FileRefused(InvalidInput):
    """The upload is empty, too large, or of a kind that is not kept."""

    code = "file_refused"


@transaction.atomic
def add_document(
    *, order_id: int, kind: str, upload: UploadedFile, by: User, now: datetime, milestone: Milestone | None = None
) -> OrderDocument:
    """Keep a file as the next version of its kind; its type is told by its content, never by its name.

    Raises:
        FileRefused
    """
    order = flow.lock_order(order_id)
    if not upload.size or upload.size > settings.DOCUMENT_MAX_BYTES:
        megabytes = settings.DOCUMENT_MAX_BYTES // 1024 // 1024
        message = _("The file is empty or larger than %(size)s MB.") % {"size": megabytes}
        raise FileRefused(message, fields={"file": message})
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    head = upload.read(4096)
    upload.seek(0)
    last = order.documents.filter(kind=kind).aggregate(last=Max("version"))["last"] or 0
    document = OrderDocument.objects.create(
        order=order,
        milestone=milestone,
        kind=kind,
        version=last + 1,
        file=upload,
        filename=clean_filename(upload.name or ""),
        content_type=content_type_of(head),
        size=upload.size,
        sha256=digest.hexdigest(),
        uploaded_by=by,
        uploaded_at=now,
    )
    flow.record(
        order,
        EventKind.DOCUMENT,
        by=by,
        now=now,
        milestone=milestone,
        new=f"{kind} v{document.version}",
        data={"document": document.pk, "filename": document.filename},
    )
    return document


@transaction.atomic
def add_documents(
    *, order_id: int, kind: str, uploads: Iterable[UploadedFile], by: User, now: datetime
) -> list[OrderDocument]:
    """Keep several files of one kind, each as its next version; all of them or none.

    Raises:
        FileRefused
    """
    return [add_document(order_id=order_id, kind=kind, upload=upload, by=by, now=now) for upload in uploads]


@transaction.atomic
def decide_document(*, document_id: int, status: str, note: str, by: User, now: datetime) -> OrderDocument:
    """Accept or refuse a document; a refusal needs a note.

    Raises:
        TransitionNotAllowed: it is decided already.
        ReasonMissing
    """
    # The order first, as every writer: a step must not be completed on evidence that is being refused.
    flow.lock_order(OrderDocument.objects.values_list("order_id", flat=True).get(pk=document_id))
    document = OrderDocument.objects.select_for_update().get(pk=document_id)
    if document.status != OrderDocument.Status.SUBMITTED:
        raise workflow.TransitionNotAllowed(_("This document is decided already."))
    if status == OrderDocument.Status.REFUSED:
        note = flow.require_reason(note)
    document.status, document.decided_by, document.decided_at, document.decision_note = status, by, now, note[:300]
    document.save(update_fields=["status", "decided_by", "decided_at", "decision_note"])
    flow.record(
        document.order,
        EventKind.DOCUMENT_DECIDED,
        by=by,
        now=now,
        milestone=document.milestone,
        old=OrderDocument.Status.SUBMITTED,
        new=status,
        reason=note,
        data={"document": document.pk},
    )
    return document


@transaction.atomic
def add_comment(
    *,
    order_id: int,
    text: str,
    by: User,
    now: datetime,
    files: Iterable[UploadedFile] = (),
    contact: str = "",
    side: str = "",
) -> None:
    """Write a comment into the order's timeline, with files; people named in it by @ are told once.

    `contact` says that it tells of a call, a mail or a meeting with `side`.

    Raises:
        ReasonMissing: it is empty.
        FileRefused: no comment is written then.
    """
    order: Order = flow.lock_order(order_id)
    text = flow.require_reason(text)[:4000]
    documents = [add_document(order_id=order_id, kind=DocumentKind.OTHER, upload=f, by=by, now=now) for f in files]
    people = mentioned_in(text, order, by)
    data: dict[str, Any] = {
        name: value
        for name, value in {
            "documents": [[document.pk, document.filename] for document in documents],
            "mentions": [person.pk for person in people],
            "contact": contact,
        }.items()
        if value
    }
    event = flow.record(order, EventKind.COMMENT, by=by, now=now, reason=text, side=side, data=data)
    tell_mentioned(event, order, people, by=by, now=now)


def clean_filename(name: str) -> str:
    """The last part of an uploaded name without control characters, at most 200 characters."""
    name = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(char for char in name if char.isprintable())[-200:] or "file"
