"""The fields that access lines name, in the words that residents read. One literal table; a test knows all fields."""

FIELD_ZH = {
    "visitors.name": "姓名",
    "facts.value": "部门登记信息",
    "facts.state": "部门登记状态",
    "visitors.document_kind": "证件类型",
    "visitors.document_tail": "证件尾号",
    "visitors.age_band": "年龄段",
    "tickets.enter_from": "门票入园时段",
    "person.name": "姓名",
    "person.document_kind": "证件类型",
    "person.document_tail": "证件尾号",
    "person.age_band": "年龄段",
    "person.level": "身份核验等级",
    "person.bindings": "绑定的账号情况",
    "person.relations": "监护和代办关系",
    "consents.state": "授权同意情况",
    "entitlements.state": "优待资格",
    "case.text": "事项内容",
    "case.files": "事项材料",
    "benefit_lines.name": "姓名",
    "benefit_lines.number": "证件尾号",
    "benefit_lines.account": "银行账户尾号",
    "benefit_lines.amount": "惠民惠农资金金额",
    "benefit_lines.state": "惠民惠农资金发放情况",
    "school.lock": "入学房产使用记录",
    "school.offer": "入学录取情况",
    "school.candidate": "适龄儿童的住址和入学提醒",
    "card.state": "社会保障卡状态",
    "card.number_tail": "社会保障卡号尾号",
    "card.bank_tail": "银行账户尾号",
    "card.family": "亲情卡情况",
    "wallet": "钱包余额和收支",
    "rides": "公交乘车记录",
    "notices.kind": "收到的通知",
    "notices.text": "收到的通知",
    "notices.channels": "通知的送达情况",
    "membership.role": "在单位中的角色",
    "producers.phone": "生产主体联系电话",
    "producers.village": "生产主体所在村",
    "plots.area": "种植地块和面积",
    "lots": "采收批次",
    "rolls": "产品码标签卷和包装批",
    "school.application": "入学申请",
    "school.files": "入学申请材料",
    "school.review": "入学审核要点",
    "no_shows": "爽约记录",
    "access_lines": "谁查看过信息的记录",
    "own_copy": "本人全部信息的副本",
    "restricted_record": "依法留存的记录",
}


def words(fields: list[str]) -> list[str]:
    """Return the Chinese words of fields, each once, in the order of the table."""
    order = list(FIELD_ZH)
    known = sorted((one for one in fields if one in FIELD_ZH), key=order.index)
    other = ["其他信息"] if len(known) < len(fields) else []
    return list(dict.fromkeys([FIELD_ZH[one] for one in known] + other))
