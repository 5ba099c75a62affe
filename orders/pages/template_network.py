"""A process drawn as a network, as plain numbers: the template draws them as SVG, classes give the colours.

A step stands in the column of its longest way from a first step. A line that passes columns keeps a place of its own in
each of them, so no line runs through a box; lines from one step share theirs.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from orders.grammar import StepSpec, in_order, write_span
from orders.models.templates import in_language
from orders.words import Stage
from teams.permissions import RoleCode

BOX_WIDTH, BOX_HEIGHT = 140, 58
GAP_X, GAP_Y = 40, 18
MARGIN = 12
LINE_UNITS = 21  # of a Latin letter, what fits on a line of a box; a Chinese character takes two
META_UNITS = 17
TONES = 10  # colours for stages; where there are more, they come again


@dataclass(frozen=True)
class Box:
    """One step: `x` and `y` are its upper left corner."""

    code: str
    x: int
    y: int
    lines: tuple[str, ...]  # its name on at most two lines
    name: str
    role: str
    role_short: str
    duration: str
    latest: str
    tone: int
    is_critical: bool
    is_anchor: bool
    is_gate: bool
    is_hard: bool
    is_optional: bool

    @property
    def words(self) -> str:
        return f"{self.name} · {self.role} · {self.duration}"

    # Where its texts and marks stand.
    @property
    def text_x(self) -> int:
        return self.x + 9

    @property
    def right_x(self) -> int:
        return self.x + BOX_WIDTH - 8

    @property
    def rows(self) -> list[tuple[int, str]]:
        first = self.y + (23 if len(self.lines) == 1 else 17)
        return [(first + 14 * index, line) for index, line in enumerate(self.lines)]

    @property
    def meta_y(self) -> int:
        return self.y + BOX_HEIGHT - 8

    @property
    def gate_x(self) -> int:
        return self.x + BOX_WIDTH - 4

    @property
    def latest_y(self) -> int:
        return self.y + BOX_HEIGHT + 11

    @property
    def mark_x(self) -> int:
        return self.x + BOX_WIDTH - 20

    @property
    def mark_y(self) -> int:
        return self.y - 8


@dataclass(frozen=True)
class Line:
    """From one step to the one that waits for it."""

    start: str
    end: str
    path: str
    lag: str
    label_x: int
    label_y: int
    is_critical: bool


@dataclass(frozen=True)
class Drawing:
    width: int
    height: int
    boxes: list[Box]
    lines: list[Line]
    stages: list[tuple[int, str]]  # tone and name

    box_width: int = BOX_WIDTH
    box_height: int = BOX_HEIGHT


@dataclass
class _Place:
    """A box, or the place of a line in a column: who it belongs to, and what leads into it from the column before."""

    code: str
    column: int
    sources: list["_Place"] = field(default_factory=list)
    is_box: bool = True
    row: int = 0

    @property
    def x(self) -> int:
        return MARGIN + self.column * (BOX_WIDTH + GAP_X)

    @property
    def middle(self) -> int:
        return MARGIN + self.row * (BOX_HEIGHT + GAP_Y) + BOX_HEIGHT // 2 + 8


def draw_network(specs: Sequence[StepSpec], critical: Sequence[str]) -> Drawing:
    """Lay the steps of a process out; `critical` is the chain to the anchor."""
    on_chain = set(critical)
    columns = depths_of(specs)
    boxes, ways = _places(specs, columns)
    _settle([*boxes.values(), *ways.values()], on_chain)
    tones = {stage: index % TONES for index, stage in enumerate(dict.fromkeys(spec.stage for spec in specs))}
    drawn = [_box(spec, boxes[spec.code], tones[spec.stage], spec.code in on_chain) for spec in specs]
    driving = _driving(specs, on_chain)
    lines = [
        _line(boxes, ways, code, spec.code, str(lag) if lag and lag.amount else "", driving)
        for spec in specs
        for code, lag in spec.dependencies
    ]
    lines.sort(key=lambda line: line.is_critical)  # drawn last, so on top
    return Drawing(
        width=max(box.x for box in drawn) + BOX_WIDTH + MARGIN,
        height=max(place.middle for place in (*boxes.values(), *ways.values())) + BOX_HEIGHT // 2 + MARGIN,
        boxes=drawn,
        lines=lines,
        stages=[(tone, str(Stage(stage).label)) for stage, tone in tones.items()],
    )


def depths_of(specs: Sequence[StepSpec]) -> dict[str, int]:
    """The most steps that stand before each."""
    depths: dict[str, int] = {}
    for spec in in_order(specs):
        depths[spec.code] = max((depths[code] + 1 for code, _lag in spec.dependencies), default=0)
    return depths


def _driving(specs: Sequence[StepSpec], on_chain: set[str]) -> set[tuple[str, str]]:
    """The lines of the chain: from a critical step to one that waits for it, unless a longer way leads there too."""
    before: dict[str, set[str]] = {}
    found = set()
    for spec in in_order(specs):
        named = [code for code, _lag in spec.dependencies]
        before[spec.code] = set(named).union(*(before[code] for code in named))
        critical = [code for code in named if code in on_chain and spec.code in on_chain]
        found |= {(code, spec.code) for code in critical if not any(code in before[other] for other in critical)}
    return found


def _places(
    specs: Sequence[StepSpec], columns: Mapping[str, int]
) -> tuple[dict[str, _Place], dict[tuple[str, int], _Place]]:
    """A place for each step, and one for each column that its lines pass."""
    boxes = {spec.code: _Place(spec.code, columns[spec.code]) for spec in specs}
    ways: dict[tuple[str, int], _Place] = {}
    for spec in specs:
        for code, _lag in spec.dependencies:
            before = boxes[code]
            for column in range(columns[code] + 1, columns[spec.code]):
                way = ways.get((code, column))
                if way is None:
                    way = ways[code, column] = _Place(code, column, [before], is_box=False)
                before = way
            boxes[spec.code].sources.append(before)
    return boxes, ways


def _settle(places: Sequence[_Place], on_chain: set[str]) -> None:
    """Give each place a row of its own in its column: the chain runs straight, the others as near as there is room."""
    for column in range(max(place.column for place in places) + 1):
        here = [place for place in places if place.column == column]
        wanted = {id(place): _wanted(place) for place in here}
        here.sort(key=lambda p: (not (p.is_box and p.code in on_chain), p.is_box, wanted[id(p)], p.code))
        taken: set[int] = set()
        for place in here:
            is_lead = place.is_box and place.code in on_chain and 0 not in taken
            place.row = 0 if is_lead else _nearest(wanted[id(place)], taken)
            taken.add(place.row)
    used = sorted({place.row for place in places})
    rows = {row: index for index, row in enumerate(used)}
    for place in places:
        place.row = rows[place.row]


def _wanted(place: _Place) -> float:
    return sum(source.row for source in place.sources) / len(place.sources) if place.sources else 0.0


def _nearest(wanted: float, taken: set[int]) -> int:
    start = round(wanted)
    for distance in range(len(taken) + 1):
        for row in (start + distance, start - distance):
            if row not in taken:
                return row
    return start


def _box(spec: StepSpec, place: _Place, tone: int, is_critical: bool) -> Box:
    name = in_language(spec.name_zh, spec.name_en)
    role = str(RoleCode(spec.role).label)
    return Box(
        code=spec.code,
        x=place.x,
        y=place.middle - BOX_HEIGHT // 2,
        lines=tuple(wrapped(name[:1].upper() + name[1:], LINE_UNITS, 2)),
        name=name,
        role=role,
        role_short=wrapped(role, META_UNITS, 1)[0],
        duration=write_span(spec.duration),
        latest=f"≤ {spec.latest[0]} −{spec.latest[1]}" if spec.latest else "",
        tone=tone,
        is_critical=is_critical,
        is_anchor="A" in spec.flags,
        is_gate="G" in spec.flags,
        is_hard="H" in spec.flags,
        is_optional="O" in spec.flags,
    )


def _line(
    boxes: Mapping[str, _Place],
    ways: Mapping[tuple[str, int], _Place],
    start: str,
    end: str,
    lag: str,
    driving: set[tuple[str, str]],
) -> Line:
    source, target = boxes[start], boxes[end]
    x, y = source.x + BOX_WIDTH, source.middle
    path = [f"M{x} {y}"]
    for column in range(source.column + 1, target.column):
        way = ways[start, column]
        path += [_bend(x, y, way.x, way.middle), f"H{way.x + BOX_WIDTH}"]
        x, y = way.x + BOX_WIDTH, way.middle
    tip = target.x - 2
    path.append(_bend(x, y, tip, target.middle))
    return Line(
        start=start,
        end=end,
        path="".join(path),
        lag=f"+{lag}" if lag else "",
        label_x=target.x - 12,
        label_y=target.middle - 5,
        is_critical=(start, end) in driving,
    )


def _bend(x: int, y: int, to_x: int, to_y: int) -> str:
    if y == to_y:
        return f"H{to_x}"
    middle = (x + to_x) // 2
    return f"C{middle} {y} {middle} {to_y} {to_x} {to_y}"


def wrapped(text: str, units: int, most: int) -> list[str]:
    """`text` on at most `most` lines of `units`; words stay whole where they fit, what is left out shows as …."""
    lines, line = [], ""
    for word in _words(text):
        if line and _width(line + word.rstrip()) > units:
            lines.append(line.rstrip())
            line = ""
        while _width(word) > units:  # a word longer than a line
            cut = _fitting(word, units)
            lines.append(word[:cut])
            word = word[cut:]
        line += word
    if line.strip():
        lines.append(line.rstrip())
    if len(lines) > most:
        last = lines[most - 1]
        lines = [*lines[: most - 1], last[: _fitting(last, units - 2)].rstrip() + "…"]
    return lines or [""]


def _words(text: str) -> list[str]:
    """Pieces between which a line may break: Latin words with their space, Chinese characters one by one."""
    pieces: list[str] = []
    for letter in text:
        is_latin = _width(letter) == 1
        goes_on = bool(pieces) and not pieces[-1].endswith(" ") and is_latin and _width(pieces[-1][-1]) == 1
        if goes_on or (pieces and letter == " "):
            pieces[-1] += letter
        else:
            pieces.append(letter)
    return pieces


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _fitting(text: str, units: int) -> int:
    """How many characters of `text` fit into `units`."""
    width = 0
    for index, letter in enumerate(text):
        width += _width(letter)
        if width > units:
            return index
    return len(text)


def network_label(drawing: Drawing) -> str:
    return _("%(steps)s steps and %(lines)s dependencies; the table of steps says the same in words.") % {
        "steps": len(drawing.boxes),
        "lines": len(drawing.lines),
    }
