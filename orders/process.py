"""Process templates as values: read once per version, since a version in use never changes."""

import csv
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from django.db import transaction

from orders.grammar import (
    Known,
    StepSpec,
    parse_documents,
    parse_ladder,
    parse_latest,
    parse_span,
    parse_template,
    row_of,
)
from orders.models import DocumentKind, ProcessTemplate, TemplateDependency, TemplateStep
from orders.planning import Span

FOLDER = Path(__file__).parent / "process_templates"
# The templates that come with the product: file, code, kind, names, buffer before the anchor.
SHIPPED = [
    ("export_fcl.csv", "EXPORT_FCL", "order", "外贸整柜出口", "Export, full container", "2w"),
    ("garment_tna.csv", "GARMENT_TNA", "order", "服装大货（T&A）", "Garment time and action", "3w"),
    ("domestic_mto.csv", "DOMESTIC_MTO", "order", "内销按单生产", "Domestic made to order", "1w"),
    ("spare_parts.csv", "SPARE_PARTS", "order", "备件订单", "Spare parts", "0"),
    ("pre_sales.csv", "PRE_SALES", "pre_sales", "售前询盘", "Inquiry to order", "0"),
    ("claim_8d.csv", "CLAIM_8D", "claim", "客诉 8D", "Complaint 8D", "0"),
]


@lru_cache(maxsize=128)
def steps_of(template_id: int) -> tuple[tuple[int, StepSpec], ...]:
    """The steps of a template version in their order, each with its row's id."""
    return read_steps([template_id])[template_id]


def read_steps(template_ids: Iterable[int]) -> dict[int, tuple[tuple[int, StepSpec], ...]]:
    """The steps of several template versions; two queries."""
    ids = list(template_ids)
    dependencies: dict[int, list[tuple[str, Span | None]]] = {}
    links = TemplateDependency.objects.filter(step__template__in=ids).select_related("depends_on").order_by("pk")
    for link in links:
        lag = parse_span(link.lag) if link.lag else None
        dependencies.setdefault(link.step_id, []).append((link.depends_on.code, lag))
    found: dict[int, list[tuple[int, StepSpec]]] = {pk: [] for pk in ids}
    for row in TemplateStep.objects.filter(template__in=ids).order_by("template", "position"):
        found[row.template_id].append((row.pk, _spec(row, dependencies.get(row.pk, ()))))
    return {pk: tuple(steps) for pk, steps in found.items()}


def _spec(row: TemplateStep, dependencies: Iterable[tuple[str, Span | None]]) -> StepSpec:
    return StepSpec(
        code=row.code,
        name_zh=row.name_zh,
        name_en=row.name_en,
        stage=row.stage,
        role=row.role,
        duration=parse_span(row.duration),
        dependencies=tuple(dependencies),
        latest=parse_latest(row.latest),
        ladder=parse_ladder(row.sla),
        documents=parse_documents(row.documents),
        flags=row.flags,
        calendar=row.calendar,
    )


@lru_cache(maxsize=128)
def buffer_of(template_id: int) -> Span:
    """What a template version keeps free before its anchor."""
    return parse_span(ProcessTemplate.objects.values_list("buffer", flat=True).get(pk=template_id))


def load_shipped_templates() -> int:
    """Load the six templates of the product where their code does not exist yet; returns how many."""
    return sum(
        load_template(path=FOLDER / name, code=code, kind=kind, name_zh=zh, name_en=en, buffer=buffer) is not None
        for name, code, kind, zh, en, buffer in SHIPPED
    )


@transaction.atomic
def load_template(
    *, path: Path, code: str, kind: str, name_zh: str, name_en: str, buffer: str = "0"
) -> ProcessTemplate | None:
    """Load version 1 of a template from a CSV in the grammar of C0; None if `code` exists.

    Raises:
        GrammarError: the file does not follow the grammar; nothing is loaded.
    """
    if ProcessTemplate.objects.filter(code=code).exists():
        return None
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    specs = parse_template(rows, Known(documents=DocumentKind.values))
    template = ProcessTemplate.objects.create(code=code, kind=kind, name_zh=name_zh, name_en=name_en, buffer=buffer)
    write_steps(template, specs)
    return template


def write_steps(template: ProcessTemplate, specs: Sequence[StepSpec]) -> None:
    """The rows of a template version that has none yet; a few queries however many steps there are."""
    steps = []
    for position, spec in enumerate(specs, start=1):
        cells = {name: text for name, text in row_of(spec).items() if name not in {"depends_on", "flags"}}
        steps.append(TemplateStep(template=template, position=position, flags=spec.flags, **cells))
    by_code = {step.code: step for step in TemplateStep.objects.bulk_create(steps)}
    TemplateDependency.objects.bulk_create(
        TemplateDependency(step=by_code[spec.code], depends_on=by_code[code], lag=str(lag) if lag else "")
        for spec in specs
        for code, lag in spec.dependencies
    )
