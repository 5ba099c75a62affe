from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from orders.forms.steps import FilesField
from orders.models import DocumentKind
from orders.pages.timeline import CONTACTS
from orders.words import Side


class DocumentForm(forms.Form):
    """A file for the order's documents."""

    kind = forms.ChoiceField(label=_("kind"), choices=DocumentKind.choices)
    file = FilesField(label=_("File"), max_length=500, required=True)


class DecisionForm(forms.Form):
    """Accept or refuse; the service asks a refusal for its note."""

    status = forms.ChoiceField(choices=[("accepted", "accepted"), ("refused", "refused")])
    note = forms.CharField(label=_("Reason"), required=False, max_length=300)


class CommentForm(forms.Form):
    """A comment; or a note of a call, a mail or a talk, with whom."""

    text = forms.CharField(label=_("Comment"), max_length=4000, widget=forms.Textarea(attrs={"rows": 2}))
    contact = forms.ChoiceField(label=_("What it is"), required=False, choices=[("", _("Comment")), *CONTACTS])
    side = forms.ChoiceField(label=_("With whom"), required=False, choices=[("", "—"), *Side.choices])
    attachments = FilesField(label=_("Files"), required=False)

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        side = given["side"] if given["contact"] else ""
        return {"text": given["text"], "contact": given["contact"], "side": side, "files": given["attachments"]}
