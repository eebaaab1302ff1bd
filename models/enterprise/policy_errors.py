"""What keeps a policy from being written, moved or paid from."""

from backend.errors import Conflict, Unprocessable


class PolicyCodeTaken(Conflict):
    """409: a policy has this code."""

    code = "enterprise_policy_code_taken"
    zh = "政策代码 {policy} 已被使用,请换一个。"
    en = "The code {policy} is taken. Choose another one."


class PolicyStateWrong(Conflict):
    """409: the policy is not where this can be done."""

    code = "enterprise_policy_state_wrong"
    zh = "该政策目前为“{state_zh}”,不能进行此操作;请刷新后按当前状态办理。"
    en = "The policy is in the state {state}. Refresh, then do what this state allows."


class NothingToPropose(Conflict):
    """409: no version of the conditions waits to be proposed."""

    code = "enterprise_nothing_to_propose"
    zh = "该政策没有待提交的条件,请先编写条件再提交审批。"
    en = "There are no conditions to propose. Write them first."


class PolicyWrong(Unprocessable):
    """422: days or sums of the policy do not fit together."""

    code = "enterprise_policy_wrong"
    zh = "政策的有效期或金额前后矛盾,请核对后再提交。"
    en = "Days or sums of the policy contradict each other."

    def __init__(self, field: str) -> None:
        super().__init__(fields={field: [self.zh]})


class BudgetSpent(Conflict):
    """409: what is left of the budget is less than this amount."""

    code = "enterprise_budget_spent"
    zh = "该政策的资金预算余额不足,暂不能确认;请联系政策主管部门了解后续安排。"
    en = "The budget of this policy does not suffice any more. Ask the office of the policy."
