"""Assurance: how sure it is that an account, or a record, is the person. One order, lowest first.

`account` nobody is bound; `declared` the user said so; `matched` a register of the state knows this person so;
`verified` a clerk saw the identity document, or a face service compared the face.
"""

from backend.errors import NotAllowed

LEVELS = ("account", "declared", "matched", "verified")
LEVEL_ZH = {"account": "未绑定身份", "declared": "本人申报", "matched": "登记核验", "verified": "实人核验"}
METHOD_ZH = {"declared": "本人申报", "register": "登记部门比对", "counter": "窗口核验", "face": "人脸核身"}
PERSON_LEVELS = LEVELS[1:]
ONE_ACCOUNT = ("matched", "verified")
"""At these levels a person is bound to one account at most."""

_HOW = {
    "declared": ("请先完成实名登记", "register your identity in the app"),
    "matched": (
        "请在“我的身份”中授权比对登记信息,或持身份证到政务服务窗口办理",
        "let the app compare you with the registers, or bring your identity card to a service counter",
    ),
    "verified": (
        "请本人持身份证到政务服务窗口核验,现场出示小程序里的绑定码",
        "bring your identity card to a service counter and show the binding code of the app",
    ),
}


class LevelNeeded(NotAllowed):
    """403: the account's binding is not sure enough for this."""

    code = "level_needed"
    zh = "办理此项需达到“{level_zh}”等级:{how}。"
    en = "This needs the assurance level {kind}: {en}."

    def __init__(self, level: str) -> None:
        how, en = _HOW[level]
        super().__init__(kind=level, level_zh=LEVEL_ZH[level], how=how, en=en, fields={"level": [level]})


def rank(level: str) -> int:
    """Return the place of a level in the order."""
    return LEVELS.index(level)


def reaches(level: str, needed: str) -> bool:
    """Tell whether a level is at least the needed one."""
    return rank(level) >= rank(needed)


def below(level: str) -> list[str]:
    """Return the levels under one."""
    return list(LEVELS[: rank(level)])


def require(level: str, needed: str) -> None:
    """Check a level.

    Raises:
        LevelNeeded: it does not reach the needed one.
    """
    if not reaches(level, needed):
        raise LevelNeeded(needed)
