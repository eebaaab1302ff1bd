"""The fields that access lines name, in the words that residents read. One literal table; a test knows all fields."""

FIELD_ZH = {
    "visitors.name": "姓名",
    "facts.value": "部门登记信息",
    "facts.state": "部门登记状态",
    "visitors.document_kind": "证件类型",
    "visitors.document_tail": "证件尾号",
    "visitors.age_band": "年龄段",
    "person.name": "姓名",
    "person.document_kind": "证件类型",
    "person.document_tail": "证件尾号",
    "person.level": "身份核验等级",
    "person.bindings": "绑定的账号情况",
    "person.relations": "监护和代办关系",
    "case.text": "事项内容",
    "case.files": "事项材料",
    "own_copy": "本人全部信息的副本",
    "restricted_record": "依法留存的记录",
}


def words(fields: list[str]) -> list[str]:
    """Return the Chinese words of fields, each once, in the order of the table."""
    order = list(FIELD_ZH)
    known = sorted((one for one in fields if one in FIELD_ZH), key=order.index)
    other = ["其他信息"] if len(known) < len(fields) else []
    return list(dict.fromkeys([FIELD_ZH[one] for one in known] + other))
