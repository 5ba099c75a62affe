from teams.models.answers import Answer, AnswerLink
from teams.models.calendars import (
    CalendarEdit,
    CalendarException,
    CalendarVersion,
    RecurringException,
    WorkCalendar,
    WorkInterval,
)
from teams.models.changes import FieldChange
from teams.models.channels import Address, Channel, ChannelKind
from teams.models.link_misses import LinkMiss, Miss
from teams.models.messages import Deferral, Message, MessageItem, MessageStatus, Urgency
from teams.models.notifications import Notification, NotificationStatus
from teams.models.operations import Heartbeat, IdempotencyKey, LoginAttempt
from teams.models.people import Membership, Organization, Team, User
from teams.models.preferences import ContactHours, Leave, TopicChoice
from teams.models.tokens import ApiToken

__all__ = [
    "Address",
    "Answer",
    "AnswerLink",
    "ApiToken",
    "CalendarEdit",
    "CalendarException",
    "CalendarVersion",
    "Channel",
    "ChannelKind",
    "ContactHours",
    "Deferral",
    "FieldChange",
    "Heartbeat",
    "IdempotencyKey",
    "Leave",
    "LinkMiss",
    "LoginAttempt",
    "Membership",
    "Message",
    "MessageItem",
    "MessageStatus",
    "Miss",
    "Notification",
    "NotificationStatus",
    "Organization",
    "RecurringException",
    "Team",
    "TopicChoice",
    "Urgency",
    "User",
    "WorkCalendar",
    "WorkInterval",
]
