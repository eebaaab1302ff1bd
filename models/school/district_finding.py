"""A finding (检查发现) about a round before it opens: what is wrong, how large, and where."""

from dataclasses import dataclass

from backend.plane import Position

SEVERITY_ZH = {"blocking": "须先处理", "warning": "提醒"}
CODE_ZH = {
    "no_districts": "没有学区",
    "overlap": "学区重叠",
    "gap": "学区空白",
    "sliver": "学区缝隙",
    "village_twice": "村(社区)重复划片",
    "village_left_out": "村(社区)未划片",
    "address_left_out": "门牌点不在任何学区",
    "street_twice": "门牌重复划片",
    "street_left_out": "门牌遗漏",
    "school_without_district": "学校没有学区",
    "school_without_plan": "学校没有招生计划",
    "no_plans": "没有招生计划",
    "class_size": "班额偏大",
    "rule_not_in_force": "规则未生效",
}


@dataclass(frozen=True)
class Finding:
    """`blocking` findings keep a round from being announced, a `warning` somebody accepts by name."""

    code: str
    severity: str
    zh: str
    about: tuple[str, ...] = ()
    size_m2: int | None = None
    point: Position | None = None


def blocking(code: str, zh: str, *about: str, size_m2: float | None = None, point: Position | None = None) -> Finding:
    """Return a finding that keeps a round from being announced."""
    return Finding(code, "blocking", zh, about, None if size_m2 is None else round(size_m2), point)


def warning(code: str, zh: str, *about: str, size_m2: float | None = None, point: Position | None = None) -> Finding:
    """Return a finding that somebody may accept."""
    return Finding(code, "warning", zh, about, None if size_m2 is None else round(size_m2), point)
