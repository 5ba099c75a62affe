"""The team of a new object when the writer does not name it."""

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from teams.models import Team, User
from teams.permissions import Permission


def default_team(user: User, permission: Permission) -> Team:
    """The first of the person's own teams in which they hold `permission`.

    Raises:
        ValidationError: there is none, so the body has to name the team.
    """
    allowed = user.access.teams_allowing(permission)
    own = Team.objects.joined_by(user).order_by("pk")
    team = own.first() if allowed is None else own.filter(pk__in=allowed).first()
    if team is None:
        raise ValidationError({"team": [_("Say which team this belongs to.")]})
    return team
