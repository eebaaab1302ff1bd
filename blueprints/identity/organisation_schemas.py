"""Shapes of organisations, their members and invitations."""

import marshmallow as ma
from marshmallow import validate

from blueprints.identity.counter_schemas import _NAME, _TIME
from blueprints.identity.schemas import AREA, StaffPageQuery
from models.identity import agent, join_organisation, member_invitation, membership, organisation

_ID = {"example": "673ec0a5c0ffee0123456789"}
_CODE = {"description": "统一社会信用代码", "example": "93360731MA0000000X"}
_ROLES = validate.OneOf(list(membership.ROLE_ZH))
_SCOPES = validate.OneOf(list(agent.SCOPES))
_STANDING = validate.OneOf(list(membership.STANDING_ZH))


class ClaimBody(ma.Schema):
    """Which organisation one is the legal representative of."""

    credit_code = ma.fields.String(required=True, validate=validate.Length(1, 40), metadata=_CODE)


class AcceptBody(ma.Schema):
    """The code that an owner has told."""

    code = ma.fields.String(
        required=True,
        validate=validate.Regexp(rf"^[0-9]{{{member_invitation.DIGITS}}}\Z"),
        metadata={"example": "40718263"},
    )


class MemberRoleBody(ma.Schema):
    """A role in the organisation."""

    role = ma.fields.String(required=True, validate=_STANDING, metadata={"example": "clerk"})


class OrganisationBody(ma.Schema):
    """An organisation whose licence one has seen."""

    credit_code = ma.fields.String(required=True, validate=validate.Length(1, 40), metadata=_CODE)
    name = ma.fields.String(required=True, validate=_NAME, metadata={"example": "于都县梓山镇某某种植专业合作社"})
    kind = ma.fields.String(
        load_default="", validate=validate.OneOf(["", *organisation.KIND_ZH]), metadata={"example": "cooperative"}
    )
    division = ma.fields.String(load_default="", validate=validate.Regexp(AREA), metadata={"example": "360731105"})
    gln = ma.fields.String(
        load_default="", validate=validate.Regexp(r"^([0-9]{13})?\Z"), metadata={"example": "6901234500009"}
    )
    gtin_prefix = ma.fields.String(
        load_default="",
        validate=validate.Length(0, 10),
        metadata={"description": "中国商品条码系统成员证书上的厂商识别代码", "example": "69012345"},
    )


class OrganisationChangeBody(ma.Schema):
    """What is to be changed; what is missing stays, an empty gln or gtin_prefix is taken out."""

    name = ma.fields.String(validate=_NAME, metadata={"example": "于都县梓山镇某某种植专业合作社"})
    kind = ma.fields.String(validate=validate.OneOf(list(organisation.KIND_ZH)), metadata={"example": "cooperative"})
    division = ma.fields.String(validate=validate.Regexp(r"^[0-9]{6,12}\Z"), metadata={"example": "360731105"})
    gln = ma.fields.String(validate=validate.Regexp(r"^([0-9]{13})?\Z"), metadata={"example": "6901234500009"})
    gtin_prefix = ma.fields.String(validate=validate.Length(0, 10), metadata={"example": "69012345"})


class SuspendBody(ma.Schema):
    """Why it is suspended."""

    reason = ma.fields.String(
        required=True, validate=validate.OneOf(list(organisation.REASON_ZH)), metadata={"example": "inspection"}
    )


class OwnerBody(ma.Schema):
    """What the clerk has seen of who stands at the counter."""

    evidence = ma.fields.String(
        required=True,
        validate=validate.OneOf(list(join_organisation.EVIDENCE_ZH)),
        metadata={"example": "legal_representative"},
    )


class OrganisationQuery(StaffPageQuery):
    """All organisations, those of a state, or the one with a credit code."""

    state = ma.fields.String(validate=validate.OneOf(list(organisation.STATE_ZH)), metadata={"example": "active"})
    credit_code = ma.fields.String(validate=validate.Length(18, 18), metadata=_CODE)


class OrganisationView(ma.Schema):
    """An organisation."""

    id = ma.fields.String(metadata=_ID)
    credit_code = ma.fields.String(metadata=_CODE)
    name = ma.fields.String(metadata={"example": "于都县梓山镇某某种植专业合作社"})
    kind = ma.fields.String(metadata={"example": "cooperative"})
    kind_zh = ma.fields.String(metadata={"example": "农民专业合作社"})
    division = ma.fields.String(metadata={"example": "360731105"})
    state = ma.fields.String(metadata={"example": "active"})
    state_zh = ma.fields.String(metadata={"example": "正常"})
    reason = ma.fields.String(metadata={"example": "inspection"})
    reason_zh = ma.fields.String(metadata={"example": "监督检查发现问题"})
    source = ma.fields.String(metadata={"example": "register"})
    gln = ma.fields.String(metadata={"example": "6901234500009"})
    gtin_prefix = ma.fields.String(metadata={"example": "69012345"})


class AgentScopeView(ma.Schema):
    """One of the things that an agent may do."""

    scope = ma.fields.String(validate=_SCOPES, metadata={"example": "confirm"})
    scope_zh = ma.fields.String(metadata={"example": "确认惠企政策兑现"})


class OwnOrganisationView(OrganisationView):
    """An organisation and one's role in it, of an agent with what they may do."""

    role = ma.fields.String(validate=_ROLES, metadata={"example": "owner"})
    role_zh = ma.fields.String(metadata={"example": "负责人"})
    scopes = ma.fields.List(ma.fields.Nested(AgentScopeView))
    last_day = ma.fields.String(metadata={"example": "2027-06-30"})
    questioned = ma.fields.Boolean(metadata={"description": "登记的负责人已变更,待核实", "example": False})


class MineView(OwnOrganisationView):
    """One of the organisations that one is a member of; its id goes into the header `X-Organisation-Id`."""

    membership_id = ma.fields.String(metadata=_ID)


class MineList(ma.Schema):
    """The organisations that one is a member of; the list is bounded."""

    items = ma.fields.List(ma.fields.Nested(MineView))
    next = ma.fields.String(allow_none=True)


class OrganisationList(ma.Schema):
    """A page of organisations."""

    items = ma.fields.List(ma.fields.Nested(OrganisationView))
    next = ma.fields.String(allow_none=True)


class OrganisationMemberView(ma.Schema):
    """A member, masked."""

    id = ma.fields.String(metadata=_ID)
    name = ma.fields.String(metadata={"example": "张**"})
    role = ma.fields.String(validate=_ROLES, metadata={"example": "clerk"})
    role_zh = ma.fields.String(metadata={"example": "经办人"})
    how = ma.fields.String(metadata={"example": "invitation"})
    how_zh = ma.fields.String(metadata={"example": "单位邀请"})
    since = ma.fields.String(metadata=_TIME)
    is_self = ma.fields.Boolean(metadata={"example": False})
    scopes = ma.fields.List(ma.fields.Nested(AgentScopeView))
    last_day = ma.fields.String(metadata={"example": "2027-06-30"})
    questioned = ma.fields.Boolean(metadata={"description": "登记的负责人已变更,待核实", "example": False})


class OrganisationMemberList(ma.Schema):
    """The members of an organisation; the list is bounded."""

    items = ma.fields.List(ma.fields.Nested(OrganisationMemberView))
    next = ma.fields.String(allow_none=True)


class MembershipView(ma.Schema):
    """A membership that was just given or changed."""

    id = ma.fields.String(metadata=_ID)
    organisation_id = ma.fields.String(metadata=_ID)
    role = ma.fields.String(validate=_ROLES, metadata={"example": "clerk"})
    role_zh = ma.fields.String(metadata={"example": "经办人"})
    scopes = ma.fields.List(ma.fields.Nested(AgentScopeView))
    last_day = ma.fields.String(metadata={"example": "2027-06-30"})


class MemberInvitationView(ma.Schema):
    """An open invitation; the code is shown once, when it is made."""

    id = ma.fields.String(metadata=_ID)
    role = ma.fields.String(validate=_ROLES, metadata={"example": "clerk"})
    role_zh = ma.fields.String(metadata={"example": "经办人"})
    until = ma.fields.String(metadata=_TIME)
    scopes = ma.fields.List(ma.fields.Nested(AgentScopeView))
    last_day = ma.fields.String(metadata={"example": "2027-06-30"})
    code = ma.fields.String(metadata={"example": "40718263"})


class MemberInvitationList(ma.Schema):
    """The open invitations of an organisation; the list is bounded."""

    items = ma.fields.List(ma.fields.Nested(MemberInvitationView))
    next = ma.fields.String(allow_none=True)
