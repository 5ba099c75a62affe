"""What people change about themselves."""

from teams.models import User


def save_profile(*, user: User, email: str, language: str, timezone: str) -> None:
    """Write address, language and time zone; empty means as the organisation has it."""
    user.email, user.language, user.timezone = email, language, timezone
    user.save(update_fields=["email", "language", "timezone"])


def choose_language(*, user: User, language: str) -> None:
    user.language = language
    user.save(update_fields=["language"])
