"""Completing a step together with the files that prove it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from orders.models import Milestone, OrderDocument
from orders.services.documents import add_document
from orders.services.milestones import complete_milestone
from teams.errors import DomainError
from teams.models import User


@transaction.atomic
def complete_with_files(
    *, milestone_id: int, files: Iterable[tuple[str, UploadedFile]], by: User, now: datetime, **completion: Any
) -> Milestone:
    """Keep `files` (document kind and upload) as evidence of the step and complete it, both or neither.

    Raises:
        FileRefused, and whatever `complete_milestone` raises; no file is kept then.
    """
    milestone = Milestone.objects.get(pk=milestone_id)
    documents: list[OrderDocument] = []
    try:
        for kind, upload in files:
            documents.append(
                add_document(order_id=milestone.order_id, kind=kind, upload=upload, by=by, now=now, milestone=milestone)
            )
        document_ids = [document.pk for document in documents]
        return complete_milestone(milestone_id=milestone_id, by=by, now=now, document_ids=document_ids, **completion)
    except DomainError:
        # The rows go with the transaction, the files on disk do not.
        for document in documents:
            document.file.storage.delete(document.file.name)
        raise
