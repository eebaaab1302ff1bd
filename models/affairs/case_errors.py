"""What a case refuses, and what to do next.

Conflict        CaseMoved, CaseStateWrong, CaseTaken, NotHeld, AlreadyOpen, StopUsed, AppealOver, CorrectionsUsed,
                SettledElsewhere
Unprocessable   OutcomeUnknown, StopUnknown, SamePerson, NotADesk, BadAttachment
"""

from backend.errors import Conflict, Unprocessable


class CaseMoved(Conflict):
    """409: somebody else moved the case at the same moment, again and again."""

    code = "case_moved"
    zh = "这件事项刚刚有新的进展,请刷新后再操作。"
    en = "This case has just moved on. Refresh and try again."


class CaseStateWrong(Conflict):
    """409: in its present state the case does not take this."""

    code = "case_state_wrong"
    zh = "事项当前为“{state_zh}”,不能进行此操作,请刷新后查看。"
    en = "The case is {state}; this is not possible now. Refresh it."


class CaseTaken(Conflict):
    """409: a colleague has taken it on."""

    code = "case_taken"
    zh = "这件事项已由同事认领,请选择其他待办。"
    en = "A colleague has taken this case. Choose another one."


class NotHeld(Conflict):
    """409: who wants to work on it must take it on first."""

    code = "case_not_held"
    zh = "请先认领这件事项再办理。"
    en = "Claim this case first."


class AlreadyOpen(Conflict):
    """409: the same matter is being worked on."""

    code = "case_already_open"
    zh = "同一事项正在办理,编号 {number},可在“我的事项”中查看进度。"
    en = "Case {number} about the same matter is open. Look at it in your list of cases."


class StopUsed(Conflict):
    """409: a case may stop for this reason once only."""

    code = "case_stop_used"
    zh = "这一事由在同一事项中只能使用一次,请继续办理。"
    en = "A case may stop for this reason only once. Go on with it."


class AppealOver(Conflict):
    """409: the time to appeal is over, or an appeal was made."""

    code = "case_appeal_over"
    zh = "复核申请的期限已过或已申请过;可依法申请行政复议或提起行政诉讼。"
    en = "The time to appeal is over, or you have appealed. Administrative review or a lawsuit remain open to you."


class CorrectionsUsed(Conflict):
    """409: the wording of the decision was corrected as often as it may be."""

    code = "case_corrections_used"
    zh = "该决定的文字更正次数已用完;内容确有错误的,请告知申请人申请复核。"
    en = "This decision was corrected as often as it may be. Tell the applicant of the appeal."


class SettledElsewhere(Conflict):
    """409: the steps of this kind are settled by a rule of their own."""

    code = "case_settled_elsewhere"
    zh = "这类事项随业务一并办理,请到“{where_zh}”中操作。"
    en = "Cases of this kind move on with the business that they are about. Do it there."


class OutcomeUnknown(Unprocessable):
    """422: the step has no such outcome."""

    code = "case_outcome_unknown"
    zh = "这一步没有该办理结果,请从列出的结果中选择。"
    en = "This step has no such outcome. Choose one of those listed."

    def __init__(self) -> None:
        super().__init__(fields={"outcome": [self.zh]})


class StopUnknown(Unprocessable):
    """422: the law of this kind knows no such stop."""

    code = "case_stop_unknown"
    zh = "这类事项不能因该事由暂停计时。"
    en = "Cases of this kind do not stop for this reason."

    def __init__(self) -> None:
        super().__init__(fields={"reason": [self.zh]})


class SamePerson(Unprocessable):
    """422: a second person must do this."""

    code = "case_same_person"
    zh = "这一步须由另一位工作人员办理,请转交同事。"
    en = "Another person must do this step."


class NotADesk(Unprocessable):
    """422: nobody there works on such cases."""

    code = "case_not_a_desk"
    zh = "对方没有办理这类事项的岗位,请核对后重新选择。"
    en = "Nobody there handles such cases. Choose another one."


class BadAttachment(Unprocessable):
    """422: a file is not there, or belongs to somebody else."""

    code = "case_bad_attachment"
    zh = "附件不存在或不属于您,请重新上传。"
    en = "An attachment is missing or not yours. Upload it again."

    def __init__(self) -> None:
        super().__init__(fields={"attachments": [self.zh]})
