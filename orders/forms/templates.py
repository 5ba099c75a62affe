"""Forms of the template editor: the process as a whole, and one form a step. orders.grammar reads the cells."""

import json
from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from orders.grammar import COLUMN_NAMES, FLAGS, FULL_COLUMNS, MAX_STEPS, GrammarError, StepSpec, row_of
from orders.models import DocumentKind, ProcessTemplate
from orders.words import Stage
from teams.errors import DomainError
from teams.models import WorkCalendar
from teams.permissions import RoleCode
from teams.refusals import RefusedForm

PREFIX = "steps"
FOLDED = "steps-json"  # the fields of all steps in one, so that a long process stays within the fields of a request
MAX_FOLDED = 6000
LONGEST_CELL = 1000
TEXT_COLUMNS = [name for name in FULL_COLUMNS if name != "flags"]


class HeadForm(RefusedForm):
    """Names, buffer, and the version that the writer began from."""

    name_zh = forms.CharField(label=gettext_lazy("Chinese name"), max_length=120)
    name_en = forms.CharField(label=gettext_lazy("English name"), max_length=120)
    buffer = forms.CharField(
        label=gettext_lazy("buffer before the anchor"),
        max_length=20,
        required=False,
        help_text=gettext_lazy("Kept free before the anchor: 2w for two working days, 0 for none."),
    )
    base_version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    def take_base(self, version: int) -> None:
        """The person has been shown what was saved meanwhile: saving again decides."""
        sent = QueryDict(mutable=True)
        sent.update(self.data)
        sent["base_version"] = str(version)
        self.data = sent


class NewTemplateForm(RefusedForm):
    """A process begins as a copy of another one."""

    name_zh = forms.CharField(label=gettext_lazy("Chinese name"), max_length=120)
    name_en = forms.CharField(label=gettext_lazy("English name"), max_length=120)
    code = forms.CharField(
        label=gettext_lazy("code"),
        max_length=40,
        help_text=gettext_lazy("Stands in addresses and exports: capital letters A–Z, digits and _."),
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "spellcheck": "false"}),
    )
    copy_of = forms.ModelChoiceField(
        label=gettext_lazy("Begins as a copy of"), queryset=ProcessTemplate.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        copy_of: Any = self.fields["copy_of"]
        copy_of.queryset = ProcessTemplate.objects.filter(is_current=True).order_by("kind", "code")


class StepForm(forms.Form):
    """The cells of one step as they are typed; whatever they hold is kept and shown again."""

    flags = forms.MultipleChoiceField(
        label=COLUMN_NAMES["flags"], choices=[(letter, letter) for letter in FLAGS], required=False
    )

    def __init__(self, *args: Any, calendars: Sequence[WorkCalendar] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.calendars = calendars
        for name in TEXT_COLUMNS:
            self.fields[name] = forms.CharField(label=COLUMN_NAMES[name], required=False, max_length=LONGEST_CELL)

    @property
    def stage_choices(self) -> list[tuple[str, Any]]:
        return self._with_typed("stage", [("", "—"), *Stage.choices])

    @property
    def role_choices(self) -> list[tuple[str, Any]]:
        return self._with_typed("role", [("", "—"), *RoleCode.choices])

    @property
    def calendar_choices(self) -> list[tuple[str, Any]]:
        named = [(calendar.code, calendar.name) for calendar in self.calendars]
        return self._with_typed("calendar", [("", pgettext_lazy("calendar of a step", "by rule")), *named])

    def _with_typed(self, name: str, choices: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
        """What was sent stays chosen, even if it is no choice."""
        value = self[name].value() or ""
        return choices if value in dict(choices) else [*choices, (value, value)]

    @property
    def chosen_flags(self) -> list[str]:
        value = self["flags"].value()
        return list(value) if isinstance(value, list | tuple) else list(value or "")

    @property
    def is_blank(self) -> bool:
        return not self.chosen_flags and not any((self[name].value() or "").strip() for name in TEXT_COLUMNS)

    @property
    def is_removed(self) -> bool:
        return bool(self["DELETE"].value())

    @property
    def place(self) -> int:
        """Where the writer wants the step; those without a number come last."""
        text = str(self["ORDER"].value() or "").strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 10**6

    def row(self) -> dict[str, str]:
        given = self.cleaned_data
        return {**{name: given[name] for name in TEXT_COLUMNS}, "flags": "".join(given["flags"])}


class _Steps(forms.BaseFormSet):
    default_error_messages = {
        **forms.BaseFormSet.default_error_messages,
        "too_many_forms": gettext_lazy("A template has at most 200 steps."),
    }


StepFormSet: Any = forms.formset_factory(
    StepForm,
    formset=_Steps,
    extra=0,
    max_num=MAX_STEPS,
    absolute_max=MAX_STEPS + 20,
    validate_max=True,
    can_order=True,
    can_delete=True,
)


class TemplateEditor:
    """Head and steps as one form. `faults` are links to the cells at fault: the cell's id and what is wrong."""

    def __init__(self, data: QueryDict | None = None, *, template: ProcessTemplate, specs: Sequence[StepSpec]) -> None:
        self.template = template
        self.faults: list[tuple[str, str]] = []
        calendars = list(WorkCalendar.objects.order_by("code"))
        options: dict[str, Any] = {"prefix": PREFIX, "form_kwargs": {"calendars": calendars}}
        if data is None:
            head = {name: getattr(template, name) for name in ("name_zh", "name_en", "buffer")}
            self.head = HeadForm(initial={**head, "base_version": template.version})
            self.steps = StepFormSet(initial=[_initial(spec) for spec in specs], **options)
        else:
            data = unfolded(data)
            self.head, self.steps = HeadForm(data), StepFormSet(data, **options)

    def add_blank(self) -> None:
        """One row more at the end, for a browser without scripts."""
        data = self.steps.data.copy()
        data[f"{PREFIX}-TOTAL_FORMS"] = str(self.steps.total_form_count() + 1)
        form_kwargs = self.steps.form_kwargs
        self.steps = StepFormSet(data, prefix=PREFIX, form_kwargs=form_kwargs)
        self.head.is_valid()

    @property
    def shown_forms(self) -> list[StepForm]:
        """Every row that is not removed, in the order the writer gave; the new blank one too."""
        return sorted((form for form in self.steps.forms if not form.is_removed), key=lambda form: form.place)

    @property
    def kept_forms(self) -> list[StepForm]:
        """The rows to save."""
        return [form for form in self.shown_forms if not form.is_blank]

    def is_valid(self) -> bool:
        """Whether the cells have a shape that can be handed on; `rows` gives them then."""
        is_head_valid, are_steps_valid = self.head.is_valid(), self.steps.is_valid()
        for name, messages in self.head.errors.items():
            if name != "__all__":
                label = self.head.fields[name].label
                self.faults += [(f"id_{name}", f"{label}: {message}") for message in messages]
        for message in self.steps.non_form_errors():
            self.head.add_error(None, message)
        for form in self.kept_forms:
            for name, messages in form.errors.items():
                self.faults += [self._link(form, name, str(message)) for message in messages]
        return is_head_valid and are_steps_valid

    def rows(self) -> list[dict[str, str]]:
        return [form.row() for form in self.kept_forms]

    def values(self) -> dict[str, Any]:
        """What the services take."""
        given = self.head.cleaned_data
        names = (given["name_zh"], given["name_en"])
        return {"rows": self.rows(), "buffer": given["buffer"], "names": names}

    def add_refusal(self, refusal: DomainError) -> None:
        """Say what a service refused at the cells it names."""
        if not isinstance(refusal, GrammarError):
            self.head.add_refusal(refusal)
            return
        kept = self.kept_forms
        for fault in refusal.faults:
            if fault.row is None or fault.row >= len(kept):
                self.head.add_error(None, fault.message)
                continue
            form = kept[fault.row]
            form.add_error(fault.column, fault.message)
            self.faults.append((f"id_{form.prefix}-{fault.column}", fault.words))

    @property
    def codes(self) -> list[str]:
        """For the lists that help with typing."""
        return [code for form in self.shown_forms if (code := (form["code"].value() or "").strip())]

    @property
    def document_choices(self) -> list[tuple[str, Any]]:
        return list(DocumentKind.choices)

    @staticmethod
    def _link(form: StepForm, name: str, message: str) -> tuple[str, str]:
        words = _("Step %(step)s, %(column)s: %(message)s") % {
            "step": form["code"].value() or "—",
            "column": COLUMN_NAMES.get(name, name),
            "message": message,
        }
        return f"id_{form.prefix}-{name}", words


def _initial(spec: StepSpec) -> dict[str, Any]:
    row = row_of(spec)
    return {**row, "flags": list(row["flags"])}


def unfolded(data: QueryDict) -> QueryDict:
    """The fields of the steps as a browser without scripts sends them: each by its own name."""
    folded = data.get(FOLDED)
    if not folded:
        return data
    found = data.copy()
    del found[FOLDED]
    try:
        pairs = json.loads(folded)
        for name, value in pairs[:MAX_FOLDED]:
            if isinstance(name, str) and isinstance(value, str) and name.startswith(f"{PREFIX}-"):
                found.appendlist(name, value)
    except (ValueError, TypeError, RecursionError, KeyError):
        return data
    return found
