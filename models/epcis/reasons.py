"""The reasons for which an event is refused, beyond what its schema says: a table of sentences."""

from models.epcis.errors import Reason

SAID: dict[str, tuple[str, str]] = {
    "event_type_unknown": ("不认识的事件类型。", "This type of event is not known."),
    "form": ("形式不符合 EPCIS 2.0:{told}", "The form is not that of EPCIS 2.0: {told}"),
    "nested_too_deep": ("扩展内容嵌套太深。", "The extensions are nested too deeply."),
    "too_many_things": ("一条事件里的标识太多,请分成几条。", "Too many identifiers in one event. Make several."),
    "event_too_large": ("一条事件的内容太大,请减小或分成几条。", "The event is too large. Make several."),
    "number_too_large": ("数字超出范围。", "A number is out of range."),
    "time_unreadable": ("时间不是有效的日期时间。", "This is no moment that exists."),
    "time_zone_differs": (
        "eventTimeZoneOffset 与 eventTime 自带的时区不一致。",
        "eventTimeZoneOffset differs from the offset of eventTime.",
    ),
    "nothing_happened_to": ("没有写明涉及哪些物品。", "The event does not say what it is about."),
    "parent_missing": ("该动作必须写明上级 parentID。", "This action needs a parentID."),
    "children_missing": ("该动作必须写明下级物品。", "This action needs children."),
    "parent_among_children": ("上级不能同时是自己的下级。", "The parent is among its own children."),
    "listed_twice": ("同一标识在同一清单里出现了两次。", "The same identifier is listed twice."),
    "input_missing": ("没有写明转化前的物品。", "The transformation has no input."),
    "output_missing": ("没有写明转化后的物品。", "The transformation has no output."),
    "transactions_missing": ("交易事件必须写明业务单据。", "A transaction event needs a business transaction."),
    "ilmd_without_add": (
        "批次主数据 ilmd 只能出现在动作为 ADD 的事件里。",
        "ilmd belongs to an event whose action is ADD.",
    ),
    "sensor_report_missing": ("传感器数据缺少 sensorReport。", "A sensor element has no sensor report."),
    "sensor_after_event": ("传感器时间晚于事件时间。", "The time of a sensor is after that of the event."),
    "sensor_times_reversed": ("传感器时段的开始晚于结束。", "The sensor's period ends before it begins."),
    "word_unknown": ("{told} 不是标准词汇。", "{told} is no word of the vocabulary."),
    "prefix_undeclared": (
        "扩展名称 {told} 的前缀没有在 @context 里声明。",
        "The prefix of {told} is not declared in the @context.",
    ),
    "check_digit": ("标识的校验位或长度不对:{told}", "The check digit or length is wrong: {told}"),
    "key_order": (
        "标识里批号(10)与序列号(21)的次序不对:{told}",
        "The order of lot (10) and serial (21) is wrong: {told}",
    ),
    "not_an_instance": (
        "EPC 清单要写到单件(含序列号),按批的写在数量清单里:{told}",
        "An EPC list names single things; a lot belongs to a quantity list: {told}",
    ),
    "not_a_class": (
        "数量清单写的是一类物品,不能带序列号:{told}",
        "A quantity list names classes, without serial: {told}",
    ),
    "event_id_taken": (
        "该 eventID 已用于另一条内容不同的事件。",
        "Another event has this eventID.",
    ),
    "event_id_twice": ("同一份文档里 eventID 重复而内容不同。", "Two events of this document share an eventID."),
    "declaration_differs": (
        "更正声明除 errorDeclaration 外必须与原事件相同。",
        "But for errorDeclaration an error declaration equals the event it is about.",
    ),
    "declaration_early": ("更正声明的时间早于事件时间。", "The error was declared before the event happened."),
    "corrective_missing": (
        "原因为 incorrect_data 时应写明更正后的事件 correctiveEventIDs,且不能是原事件自己。",
        "An event cannot be its own correction.",
    ),
}


def reason(code: str, where: str = "", told: str = "") -> Reason:
    """Return a reason with its sentences; `told` is what was sent, in short."""
    zh, en = SAID[code]
    short = told if len(told) <= 120 else told[:117] + "..."  # noqa: PLR2004 - a sentence, not a document
    return Reason(code, where, zh.replace("{told}", short), en.replace("{told}", short))
