"""Reminder ladders of teams: which one is in force for a step, and the jobs that bring open steps in line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from django.db import connection, models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.grammar import Ladder, StepSpec, parse_ladder
from orders.models.orders import Order

EVERY = ""  # stands for every process, or every step of one
NOBODY = "-"  # the ladder that tells nobody but the owner, at the due instant
Place = tuple[str, str]  # code of a process, code of a step
_LADDERS_LOCK = 20_260_304  # first key of our advisory locks; the second one is the team
_RUNG = r"(-|0|[0-9]{1,4}[whc])"


@dataclass(frozen=True)
class Ladders:
    """A team's own ladders as one of its processes meets them; as such: none. Pure."""

    process: str = EVERY
    own: Mapping[Place, Ladder | None] = field(default_factory=dict)

    def place_of(self, step: str) -> Place | None:
        """Where the ladder in force for a step is written; None: in the template.

        What is said of the process goes before what is said of all, and within each a step before all steps.
        """
        places = ((self.process, step), (self.process, EVERY), (EVERY, step), (EVERY, EVERY))
        return next((place for place in places if place in self.own), None)

    def of(self, spec: StepSpec) -> Ladder | None:
        """The ladder in force for a step."""
        place = self.place_of(spec.code)
        return spec.ladder if place is None else self.own[place]


class TeamLadderQuerySet(models.QuerySet["TeamLadder"]):
    def of_order(self, order: Order) -> Ladders:
        """The ladders in force for an order; one query."""
        return self.of_orders([order])[order.pk]

    def of_orders(self, orders: Iterable[Order]) -> dict[int, Ladders]:
        """The ladders in force for many orders, by their ids; one query."""
        orders = list(orders)
        own: dict[int, dict[Place, Ladder | None]] = {order.team_id: {} for order in orders}
        for row in self.filter(team__in=own):
            own[row.team_id][row.place] = row.rungs
        return {order.pk: Ladders(order.template.code if order.template else EVERY, own[order.team_id])
                for order in orders}  # fmt: skip


class TeamLadder(models.Model):
    """A team's own ladder for a step, a process, or for all of them, in the grammar of templates (`1w/4h/1w`).

    A blank `template_code` is every process, a blank `step_code` every step. Changed in orders.services.ladders.
    """

    team = models.ForeignKey("teams.Team", models.CASCADE, related_name="ladders", verbose_name=_("team"))
    template_code = models.CharField(_("process"), max_length=40, blank=True)
    step_code = models.CharField(_("step"), max_length=40, blank=True)
    ladder = models.CharField(_("reminders"), max_length=40)
    by = models.ForeignKey("teams.User", models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField()

    objects = TeamLadderQuerySet.as_manager()

    class Meta:
        verbose_name = _("ladder of a team")
        verbose_name_plural = _("ladders of teams")
        constraints = [
            models.UniqueConstraint(
                fields=["team", "template_code", "step_code"], name="teamladder_one_per_team_process_and_step"
            ),
            # Every plan of the team reads it.
            models.CheckConstraint(
                name="teamladder_ladder_follows_grammar", condition=Q(ladder__regex=rf"^(-|{_RUNG}/{_RUNG}/{_RUNG})$")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team_id} {self.template_code or '*'} {self.step_code or '*'}: {self.ladder}"

    @property
    def place(self) -> Place:
        return self.template_code, self.step_code

    @property
    def rungs(self) -> Ladder | None:
        return parse_ladder(self.ladder)


class LadderJobQuerySet(models.QuerySet["LadderJob"]):
    def unfinished(self) -> Self:
        return self.filter(finished_at=None)


class LadderJob(models.Model):
    """A team's open steps get the instants of its ladders, batch by batch; taken up again where it stopped.

    A blank `template_code` or `step_code` is every one. All orders up to `last_order_id` are done.
    """

    team = models.ForeignKey("teams.Team", models.CASCADE, related_name="+")
    template_code = models.CharField(max_length=40, blank=True)
    step_code = models.CharField(max_length=40, blank=True)
    by = models.ForeignKey("teams.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    total = models.PositiveIntegerField(default=0)  # orders
    done = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)  # steps with other instants
    failed = models.PositiveIntegerField(default=0)
    faults = models.JSONField(default=list)  # numbers of the orders whose calendars do not reach so far
    last_order_id = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = LadderJobQuerySet.as_manager()

    class Meta:
        verbose_name = _("ladder job")
        verbose_name_plural = _("ladder jobs")
        indexes = [
            # LadderJobQuerySet.unfinished, asked by every tick.
            models.Index(fields=["id"], name="ladderjob_unfinished", condition=Q(finished_at=None)),
            # The last ones of a team, on its page.
            models.Index(fields=["team", "-id"], name="ladderjob_of_team"),
        ]

    def __str__(self) -> str:
        return f"{self.team_id} {self.done}/{self.total}"

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None


def note_first_plan(team_id: int) -> None:
    """Say, until the transaction ends, that an order of the team is getting its first plan: no job sees it yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [_LADDERS_LOCK, team_id])


def is_first_plan_under_way(team_id: int) -> bool:
    """Whether an order may be getting its first plan by ladders that have been edited since."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT NOT pg_try_advisory_xact_lock(%s, %s)", [_LADDERS_LOCK, team_id])
        return cursor.fetchone()[0]
