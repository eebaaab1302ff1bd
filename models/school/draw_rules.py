"""The wording of the rule that is published with a frozen list (派位规则): all that the draw does, for people."""

from backend.allocation.published import Rules

VERSION = "1"
_COMMON = """一、名单。list.csv 每行一名儿童:派位编号、捆绑号(双胞胎、多胞胎为同一号)、预留类别、志愿及各校优先级。
派位编号由本批次的保密盐与儿童内部编号计算得出,不含姓名、证件号码和任何原因。
二、序号。序号 = HMAC-SHA256(密钥 = 种子, 内容 = 派位编号),64 位十六进制,小者在前。
种子为 seed.txt 去掉行末换行后的文字,按 UTF-8 编码。
捆绑的儿童共用一个序号,即其中按字符编码最小的派位编号的序号,一起录取,占一个名额。
三、次序。在每所学校,优先级小者在前;优先级相同,序号小者在前。提交申请的先后不影响次序。
四、预留。places.csv 中 reserves 为学校给某类别保证的名额;该类别用不完的名额归其他儿童。
五、统筹。接受统筹安排的儿童,其学区的统筹学校按顺序列在自选志愿之后。"""
_OWN = {
    "deferred_acceptance": """六、派位(延迟接受)。每名儿童先向第一志愿提出;学校按次序暂留名额以内的儿童,
其余向下一志愿提出;已暂留的儿童可被次序更前的儿童替换,再向下一志愿提出。
直到没有儿童需要再提出,暂留即为录取。
志愿排序不影响在任何学校的次序,如实填写志愿不会吃亏。""",
    "immediate_acceptance": """六、派位(志愿优先)。先看所有儿童的第一志愿,各校按次序录取至满额;
再看仍未录取儿童的第二志愿,只用剩余名额;依此类推。已录取的名额不再变动。""",
}


def of(mechanism: str) -> Rules:
    """Return the rule of a mechanism as it is published."""
    return Rules(mechanism, VERSION, f"{_COMMON}\n{_OWN[mechanism]}")
