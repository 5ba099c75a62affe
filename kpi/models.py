"""What figures keep or read of their own."""

from typing import TYPE_CHECKING, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders.models import Order
from orders.models.checks import InspectionKind, SampleKind
from teams.models.sharing import SharedQuerySet

if TYPE_CHECKING:
    from teams.models import User

# The kinds of both, which no sample and inspection share.
CHECK_KINDS = dict((*SampleKind.choices, *InspectionKind.choices))


class Check(models.Model):
    """A sample decided or a lot inspected, as one kind of row; a view of the database, never written.

    `round` counts the samples of a kind of an order; of inspections, one more than those before of its kind after
    which the goods had to come back.
    """

    class Verdict(models.TextChoices):
        ACCEPTED = "accepted", pgettext_lazy("check", "Accepted")
        CONCESSION = "concession", pgettext_lazy("check", "Released by concession")
        REFUSED = "refused", pgettext_lazy("check", "Refused")

    order = models.ForeignKey(Order, models.DO_NOTHING, related_name="+", verbose_name=_("order"))
    kind = models.CharField(_("kind"), max_length=10)
    decided_on = models.DateField(_("decided on"))
    round = models.PositiveIntegerField(_("round"))
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict)
    by = models.ForeignKey("teams.User", models.DO_NOTHING, related_name="+")

    class Meta:
        managed = False
        db_table = "kpi_check"
        verbose_name = _("check")
        verbose_name_plural = _("checks")

    def __str__(self) -> str:
        return f"{self.order_id} {self.kind} {self.round}"


class ProcessChangeQuerySet(models.QuerySet["ProcessChange"]):
    def of_figure(self, code: str) -> Self:
        """Changes declared for this figure, and those for all."""
        return self.filter(Q(code=code) | Q(code=""))


class ProcessChange(models.Model):
    """A change of how work is done, declared by a person: limits of control charts begin anew on its day."""

    day = models.DateField(_("first day of the change"))
    title = models.CharField(_("what was changed"), max_length=120)
    code = models.CharField(_("figure"), max_length=8, blank=True)  # empty: all figures
    by = models.ForeignKey("teams.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = ProcessChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("declared change")
        verbose_name_plural = _("declared changes")
        constraints = [models.UniqueConstraint(fields=["code", "day", "title"], name="processchange_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.title}"


class GoalQuerySet(models.QuerySet["Goal"]):
    def visible_to(self, user: "User") -> Self:
        """The company's goals, those of one's teams, one's own, and those of people whose orders one sees."""
        access = user.access
        if access.sees_all:
            return self
        of_teams = Q(team__in=access.team_ids, owner=None) | Q(team__in=access.team_scope_ids)
        return self.filter(Q(team=None) | of_teams | Q(owner=user))


class Goal(models.Model):
    """A figure is to reach a number by a day, for a stated reason; attainment is computed, never typed.

    Without a team it is the company's, with a team and no owner the team's, with both a person's. `ladder` holds the
    numbers to reach by the end of each quarter; the last one is the target.
    """

    title = models.CharField(_("title"), max_length=120)
    code = models.CharField(_("figure"), max_length=8)
    baseline = models.DecimalField(_("baseline"), max_digits=14, decimal_places=3)
    target = models.DecimalField(_("target"), max_digits=14, decimal_places=3)
    first = models.DateField(_("first day"))
    end = models.DateField(_("first day no longer counted"))
    ladder = ArrayField(models.DecimalField(max_digits=14, decimal_places=3), default=list, blank=True)
    team = models.ForeignKey(
        "teams.Team", models.PROTECT, null=True, blank=True, related_name="goals", verbose_name=_("team")
    )
    owner = models.ForeignKey(
        "teams.User", models.PROTECT, null=True, blank=True, related_name="goals", verbose_name=_("person")
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("serves the goal")
    )
    reason = models.CharField(_("why it matters"), max_length=500)
    by = models.ForeignKey("teams.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    dropped_at = models.DateTimeField(_("given up"), null=True, blank=True)

    objects = GoalQuerySet.as_manager()

    class Meta:
        verbose_name = _("goal")
        verbose_name_plural = _("goals")
        constraints = [
            models.CheckConstraint(name="goal_ends_after_it_begins", condition=Q(end__gt=F("first"))),
            models.CheckConstraint(name="goal_changes_something", condition=~Q(target=F("baseline"))),
            models.CheckConstraint(
                name="goal_of_a_person_names_their_team", condition=Q(owner=None) | Q(team__isnull=False)
            ),
        ]
        indexes = [models.Index(fields=["team", "end"], name="goal_team_end")]

    def __str__(self) -> str:
        return self.title


class KpiBoard(models.Model):
    """Figures that a person arranged for their dashboard, with period and filters; never rows.

    Who opens a shared board sees through it what they may see anyway.
    """

    by = models.ForeignKey("teams.User", models.CASCADE, related_name="kpi_boards", verbose_name=_("person"))
    team = models.ForeignKey(
        "teams.Team", models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("team")
    )  # shared with
    name = models.CharField(_("name"), max_length=40)
    codes = ArrayField(models.CharField(max_length=8), verbose_name=_("figures"))  # in the order shown
    query = models.TextField(max_length=2000, blank=True)  # as in the address, without "?"
    is_first = models.BooleanField(_("opens first"), default=False)
    created_at = models.DateTimeField()

    objects = SharedQuerySet["KpiBoard"].as_manager()

    class Meta:
        verbose_name = _("dashboard")
        verbose_name_plural = _("dashboards")
        constraints = [
            models.UniqueConstraint(fields=["by", "name"], name="kpiboard_name_once"),
            models.UniqueConstraint(fields=["by"], condition=Q(is_first=True), name="kpiboard_one_first"),
        ]

    def __str__(self) -> str:
        return self.name


class ReviewQuerySet(models.QuerySet["Review"]):
    def visible_to(self, user: "User") -> Self:
        """Those of the teams that the person belongs to or oversees; what of them they may read, the pages decide."""
        return self if user.access.sees_all else self.filter(team__in=user.access.team_ids)


class Review(models.Model):
    """A team looks back on a month or a quarter: one page for each of its people."""

    team = models.ForeignKey("teams.Team", models.PROTECT, related_name="+", verbose_name=_("team"))
    first = models.DateField(_("first day"))
    end = models.DateField(_("first day no longer counted"))
    by = models.ForeignKey("teams.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        constraints = [
            models.CheckConstraint(name="review_ends_after_it_begins", condition=Q(end__gt=F("first"))),
            models.UniqueConstraint(fields=["team", "first", "end"], name="review_once"),
        ]

    def __str__(self) -> str:
        return f"{self.team_id} {self.first}"


class ReviewPage(models.Model):
    """What is agreed with one person; goals and figures beside it are counted, never kept."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="pages", verbose_name=_("review"))
    person = models.ForeignKey("teams.User", models.PROTECT, related_name="review_pages", verbose_name=_("person"))
    note = models.TextField(_("what was talked about"), max_length=4000, blank=True)

    class Meta:
        verbose_name = _("page of a review")
        verbose_name_plural = _("pages of reviews")
        constraints = [models.UniqueConstraint(fields=["review", "person"], name="reviewpage_once")]

    def __str__(self) -> str:
        return f"{self.review_id} {self.person_id}"


class ReviewAction(models.Model):
    """Something to be done by a day, so that the next review finds it better."""

    page = models.ForeignKey(ReviewPage, models.CASCADE, related_name="actions", verbose_name=_("page"))
    text = models.CharField(_("what is to be done"), max_length=300)
    due_date = models.DateField(_("by"))
    by = models.ForeignKey("teams.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    class Meta:
        verbose_name = _("action of a review")
        verbose_name_plural = _("actions of reviews")

    def __str__(self) -> str:
        return self.text


class KpiSnapshotQuerySet(models.QuerySet["KpiSnapshot"]):
    def current(self) -> Self:
        """The last word on each figure; those before it stay to be read."""
        return self.filter(is_current=True)


class KpiSnapshot(models.Model):
    """A figure of one team as it stood when its month was closed, or as it was restated later; never changed (R6).

    A figure of several teams is the sum of numerators by that of denominators (R13). `hit_ids` and `miss_ids` are
    keys of the rows counted, `excluded` counts of those left out by rule, `calendars` versions in force by code.
    """

    code = models.CharField(max_length=8)
    formula_version = models.PositiveSmallIntegerField()
    first = models.DateField()
    end = models.DateField()  # first day no longer counted
    team = models.ForeignKey("teams.Team", models.PROTECT, null=True, related_name="+")  # null: rows without a team
    numerator = models.DecimalField(max_digits=24, decimal_places=6)
    denominator = models.PositiveIntegerField()
    excluded = models.JSONField(default=dict)
    hit_ids = ArrayField(models.BigIntegerField(), default=list)
    miss_ids = ArrayField(models.BigIntegerField(), default=list)
    calendars = models.JSONField(default=dict)
    closed_at = models.DateTimeField()  # the instant as of which it is judged
    stated_at = models.DateTimeField()
    version = models.PositiveSmallIntegerField(default=1)
    changes = models.JSONField(default=dict)  # of a restatement: what is counted otherwise than before
    is_current = models.BooleanField(default=True)

    objects = KpiSnapshotQuerySet.as_manager()

    class Meta:
        verbose_name = _("closed figure")
        verbose_name_plural = _("closed figures")
        constraints = [
            models.UniqueConstraint(
                fields=["code", "first", "end", "team", "version"],
                name="kpisnapshot_version_once",
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                fields=["code", "first", "end", "team"],
                name="kpisnapshot_one_current",
                condition=Q(is_current=True),
                nulls_distinct=False,
            ),
            models.CheckConstraint(name="kpisnapshot_ends_after_it_begins", condition=Q(end__gt=F("first"))),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.first} {self.team_id or ''} v{self.version}"


class ReportingAccess(models.Model):
    """What a database role sees in the schema `reporting`: rows of some teams, or of all, with or without money.

    Read by the views themselves, so a change holds from the next statement on.
    """

    role = models.CharField(_("database role"), max_length=63, unique=True)
    team_ids = ArrayField(models.BigIntegerField(), null=True, blank=True)  # null: every team
    sees_money = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("reporting role")
        verbose_name_plural = _("reporting roles")

    def __str__(self) -> str:
        return self.role
