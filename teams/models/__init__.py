from teams.models.calendars import (
    CalendarEdit,
    CalendarException,
    CalendarVersion,
    RecurringException,
    WorkCalendar,
    WorkInterval,
)
from teams.models.changes import FieldChange
from teams.models.notifications import Notification, NotificationStatus
from teams.models.operations import Heartbeat, IdempotencyKey, LoginAttempt
from teams.models.people import Membership, Organization, Team, User
from teams.models.tokens import ApiToken

__all__ = [
    "ApiToken",
    "CalendarEdit",
    "CalendarException",
    "CalendarVersion",
    "FieldChange",
    "Heartbeat",
    "IdempotencyKey",
    "LoginAttempt",
    "Membership",
    "Notification",
    "NotificationStatus",
    "Organization",
    "RecurringException",
    "Team",
    "User",
    "WorkCalendar",
    "WorkInterval",
]
