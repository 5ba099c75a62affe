from django import forms
from django.utils.translation import gettext_lazy as _

from orders.models import DocumentKind


class DocumentForm(forms.Form):
    """A file for the order's documents."""

    kind = forms.ChoiceField(label=_("kind"), choices=DocumentKind.choices)
    file = forms.FileField(label=_("File"), max_length=500)


class DecisionForm(forms.Form):
    """Accept or refuse; the service asks a refusal for its note."""

    status = forms.ChoiceField(choices=[("accepted", "accepted"), ("refused", "refused")])
    note = forms.CharField(label=_("Reason"), required=False, max_length=300)


class CommentForm(forms.Form):
    text = forms.CharField(label=_("Comment"), max_length=4000, widget=forms.Textarea(attrs={"rows": 2}))
