"""Process templates as values: read once per version, since a version in use never changes."""

import csv
from functools import lru_cache
from pathlib import Path

from django.db import transaction

from orders.grammar import StepSpec, parse_documents, parse_ladder, parse_latest, parse_span, parse_template
from orders.models import ProcessTemplate, TemplateDependency, TemplateStep
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
    rows = TemplateStep.objects.filter(template=template_id).order_by("position")
    dependencies: dict[int, list[tuple[str, Span | None]]] = {}
    for row in (
        TemplateDependency.objects.filter(step__template=template_id).select_related("depends_on").order_by("pk")
    ):
        lag = parse_span(row.lag) if row.lag else None
        dependencies.setdefault(row.step_id, []).append((row.depends_on.code, lag))
    return tuple(
        (
            row.pk,
            StepSpec(
                code=row.code,
                name_zh=row.name_zh,
                name_en=row.name_en,
                stage=row.stage,
                role=row.role,
                duration=parse_span(row.duration),
                dependencies=tuple(dependencies.get(row.pk, ())),
                latest=parse_latest(row.latest),
                ladder=parse_ladder(row.sla),
                documents=parse_documents(row.documents),
                flags=row.flags,
                calendar=row.calendar,
            ),
        )
        for row in rows
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
    specs = parse_template(rows)
    template = ProcessTemplate.objects.create(code=code, kind=kind, name_zh=name_zh, name_en=name_en, buffer=buffer)
    steps = {
        spec.code: TemplateStep.objects.create(
            template=template,
            position=position,
            code=spec.code,
            name_zh=spec.name_zh,
            name_en=spec.name_en,
            stage=spec.stage,
            role=spec.role,
            duration=row["duration"],
            latest=row["latest"],
            sla=row["sla"],
            documents=row["documents"],
            flags=spec.flags,
        )
        for position, (row, spec) in enumerate(zip(rows, specs, strict=True), start=1)
    }
    for spec in specs:
        for depends_on, lag in spec.dependencies:
            TemplateDependency.objects.create(
                step=steps[spec.code], depends_on=steps[depends_on], lag=str(lag) if lag else ""
            )
    return template
