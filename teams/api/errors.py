"""The API's one error form: `{code, detail, fields?}`."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from teams.errors import DomainError, NotPermitted, StaleVersion


def exception_handler(exception: Exception, context: dict[str, Any]) -> Response | None:
    """Turn refusals into answers: 401, 403, 404, 409 (state), 412 (version), 422 (shape), 429, 503."""
    match exception:
        case StaleVersion():
            return answer(412, exception.code, str(exception), exception.fields, conflicts=exception.conflicts)
        case NotPermitted():
            return answer(403, exception.code, str(exception))
        case DomainError():
            return answer(409, exception.code, str(exception), exception.fields)
        case Http404() | exceptions.NotFound():
            return answer(404, "not_found", _("Not found."))
        case PermissionDenied() | exceptions.PermissionDenied():
            return answer(403, "not_permitted", _("Your role may not do this."))
        case exceptions.ValidationError():
            return answer(422, "invalid", _("Please check the marked fields."), flatten(exception.detail))
        case exceptions.Throttled():
            response = answer(429, "too_many", _("Too many tries. Please wait."))
            response["Retry-After"] = str(int(exception.wait or 60))
            return response
        case exceptions.AuthenticationFailed() | exceptions.NotAuthenticated():
            response = answer(401, "not_authenticated", str(exception.detail))
            response["WWW-Authenticate"] = "Token"
            return response
        case exceptions.APIException():
            return answer(exception.status_code, exception.default_code, str(exception.detail))
        case OperationalError() | InterfaceError():
            response = answer(503, "database_away", _("The database does not answer. Please try again in a moment."))
            response["Retry-After"] = "5"
            return response
    return None


def answer(code: int, name: str, detail: str, fields: dict | None = None, **more: Any) -> Response:
    body = {"code": name, "detail": detail}
    if fields:
        body["fields"] = fields
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
