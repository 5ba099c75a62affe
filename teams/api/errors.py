"""The API's one error form: `{code, detail, fields?}`."""

import logging
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from teams.api.idempotency import StillRunning
from teams.errors import DomainError, InvalidInput, NotPermitted, StaleVersion

log = logging.getLogger(__name__)


def exception_handler(exception: Exception, context: dict[str, Any]) -> Response | None:
    """Turn refusals into answers: 401, 403, 404, 409 (state), 412 (version), 422 (shape), 429, 503."""
    match exception:
        case DomainError():
            return answer_refusal(exception)
        case Http404() | exceptions.NotFound():
            return answer(404, "not_found", _("Not found."))
        case exceptions.PermissionDenied() if exception.detail != exceptions.PermissionDenied.default_detail:
            return answer(403, "not_permitted", str(exception.detail))
        case PermissionDenied() | exceptions.PermissionDenied():
            return answer(403, "not_permitted", _("Your role may not do this."))
        case exceptions.ValidationError():
            return answer(422, "invalid", _("Please check the marked fields."), flatten(exception.detail))
        case exceptions.Throttled():
            response = answer(429, "too_many", _("Too many tries. Please wait."))
            response["Retry-After"] = str(int(exception.wait or 60))  # type: ignore[attr-defined]  # missing in the stubs
            return response
        case exceptions.AuthenticationFailed() | exceptions.NotAuthenticated():
            response = answer(401, "not_authenticated", str(exception.detail))
            response["WWW-Authenticate"] = "Token"
            return response
        case exceptions.APIException():
            return answer(exception.status_code, exception.default_code, str(exception.detail))
        case StillRunning():
            response = answer(409, "still_running", _("A request with this key has not ended yet."))
            response["Retry-After"] = "1"
            return response
        case RequestDataTooBig():
            return answer(413, "too_large", _("The body is larger than this address takes."))
        case SuspiciousOperation():
            return answer(400, "bad_request", _("The request could not be read."))
        case OperationalError() | InterfaceError():
            response = answer(503, "database_away", _("The database does not answer. Please try again in a moment."))
            response["Retry-After"] = "5"
            return response
        case IntegrityError() | DataError():
            # A service should have said it better; the constraint's name in the log tells where.
            log.error("A constraint refused an API request", exc_info=exception)
            return answer(409, "conflict", _("This contradicts what is stored. Please read the object again."))
    return None


def answer_refusal(refusal: DomainError) -> Response:
    """What a service refused: 412 (version), 403, 422 (shape), else 409 (state)."""
    match refusal:
        case StaleVersion():
            return answer(412, refusal.code, str(refusal), refusal.fields, conflicts=refusal.conflicts)
        case NotPermitted():
            return answer(403, refusal.code, str(refusal))
        case InvalidInput():
            return answer(422, refusal.code, str(refusal), refusal.fields)
    return answer(409, refusal.code, str(refusal), refusal.fields)


def answer(code: int, name: str, detail: str, fields: dict | None = None, **more: Any) -> Response:
    body: dict[str, Any] = {"code": name, "detail": detail}
    if fields:
        body["fields"] = {name: [text] if isinstance(text, str) else text for name, text in fields.items()}
    return Response({**body, **more}, status=code)


def flatten(detail: Any, path: str = "") -> dict[str, list[str]]:
    """Field paths to messages, e.g. `{"lines.1.quantity": ["…"]}`; what concerns no field stands under `__all__`."""
    if isinstance(detail, dict):
        parts = [flatten(value, f"{path}.{key}" if path else str(key)) for key, value in detail.items()]
    elif isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        parts = [flatten(item, f"{path}.{index}" if path else str(index)) for index, item in enumerate(detail) if item]
    else:
        messages = [str(item) for item in detail] if isinstance(detail, list) else [str(detail)]
        return {path.replace("non_field_errors", "__all__") or "__all__": messages}
    return {key: messages for part in parts for key, messages in part.items()}
