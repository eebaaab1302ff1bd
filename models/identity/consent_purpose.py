"""What residents are asked to consent to: one literal table of purposes.

A sensitive purpose (GB/T 35273-2020, annex B; PIPL 28-30) is consented to alone: it cannot be bundled with another.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Purpose:
    """`data_zh` names the kinds of data; `days` is how long a consent holds, None until it is withdrawn."""

    zh: str
    data_zh: tuple[str, ...]
    sensitive: bool
    days: int | None = None


PURPOSES = {
    "phone": Purpose("用手机号联系您", ("手机号",), sensitive=False),
    "document": Purpose("用身份证件实名登记", ("姓名", "证件类型", "证件号码"), sensitive=True),
    "facts": Purpose(
        "向登记部门查询您的登记信息,免填免交",
        ("户籍", "居住证", "不动产", "经营主体", "参保"),
        sensitive=True,
        days=365,
    ),
    "entitlements": Purpose(
        "向登记部门核对您的优待资格",
        ("退役军人优待证", "残疾人证", "低保、特困待遇", "在校学籍", "是否现役军人"),
        sensitive=True,
        days=365,
    ),
    "minor": Purpose("作为监护人提供不满十四周岁儿童的信息", ("儿童姓名", "证件号码", "出生日期"), sensitive=True),
}
FOR_REGISTERS = ("facts", "entitlements")
"""What base registers are asked under; with the consent goes what they said."""
