"""What keeps a service item from being written, moved or used."""

from backend.errors import Conflict, NotFound, Unprocessable


class ItemWrong(Unprocessable):
    """422: a case of it could get stuck, or its form cannot be filled; the fields name each place."""

    code = "service_item_wrong"
    zh = "事项配置有误,请按各处提示修改后再保存。"
    en = "A case of this item could get stuck. Correct the places named and save it again."


class ItemDraftOpen(Conflict):
    """409: a version of this item is being written."""

    code = "service_item_draft_open"
    zh = "事项 {item} 已有一个未发布的版本,请继续修改那个版本。"
    en = "A version of the item {item} is being written. Go on with that one."


class ItemStateWrong(Conflict):
    """409: the version is not where this can be done."""

    code = "service_item_state_wrong"
    zh = "该版本目前为“{state_zh}”,不能进行此操作;请刷新后按当前状态办理。"
    en = "The version is {state}. Refresh, then do what this state allows."


class ItemChanged(Conflict):
    """409: the form was changed after it was read."""

    code = "service_item_changed"
    zh = "办事指南已更新为第 {version} 版,请重新打开表单核对后再提交;已填内容仍保存在草稿中。"
    en = "The item is now in version {version}. Read its form again, then submit; your draft is kept."


class ItemNotForYou(NotFound):
    """404: the item is not for this sort of applicant, or not open now."""

    code = "service_item_not_open"
    zh = "该事项目前不受理您的申请,请在事项列表中查看可办理的事项。"
    en = "This item is not open to you now. Look at the list of items."


class SlotNeeded(Conflict):
    """409: the item is applied for together with a booked time."""

    code = "service_item_slot_needed"
    zh = "该事项须先选择办理时段,请在事项页面选择时段后提交。"
    en = "This item needs a booked time. Choose one first."


class AnswersWrong(Unprocessable):
    """422: the filled form is wrong; `fields` has sentences and `problems` stable codes by field."""

    code = "form_answers_wrong"
    zh = "表单填写有误,请按各项提示修改后再提交。"
    en = "Some answers of the form are wrong. Correct the fields named and submit again."
