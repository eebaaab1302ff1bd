"""What is sent and seen of certifications, certificates and commitments: the forms of one set of rules."""

from typing import Any

import marshmallow as ma
from marshmallow import validate

from models.selenium import certificate, certification, commitment, lab_result, sample, standard, standard_check
from models.selenium.certification_papers import PAPERS_ZH
from models.selenium.grower_forms import LONG_NAME, NAME
from models.selenium.lot import MOST_GRAMS as MOST_LOT_GRAMS
from models.selenium.standard_forms import VerdictView

_ID = {"example": "673ec0a5c0ffee0123456789"}
_LOT = {"example": "20261120K7M3Q9X2"}
_SEAL = {"example": "YD-2026-000123"}
_NUMBER = {"example": "FX20261120K7M3Q9X2"}
_COMMITMENT = {"example": "HGZ20261120K7M3Q9X2"}
_TIME = {"example": "2026-11-20T09:30:00+08:00"}
_DAY = {"example": "2026-11-20"}
_STANDARD = "db36t_566_2009"
_lot_number = validate.Regexp(r"^[0-9]{8}[0-9A-Z]{8}\Z")


def _one_of(table: dict[str, str], example: str, **told: Any) -> ma.fields.String:
    return ma.fields.String(validate=validate.OneOf(list(table)), metadata={"example": example}, **told)


def _grams(most: int, example: int) -> ma.fields.Integer:
    return ma.fields.Integer(
        required=True, strict=True, validate=validate.Range(1, most), metadata={"example": example}
    )


class CertificationBody(ma.Schema):
    """What is to be certified, and by which standards."""

    lots = ma.fields.List(
        ma.fields.String(validate=_lot_number),
        required=True,
        validate=validate.Length(1, certification.MOST_LOTS),
        metadata={"example": [_LOT["example"]]},
    )
    standards = ma.fields.List(
        ma.fields.String(validate=validate.Regexp(standard.CODE)),
        required=True,
        validate=validate.Length(1, 10),
        metadata={"example": [_STANDARD]},
    )
    item_zh = ma.fields.String(load_default="", validate=validate.Length(0, 20), metadata={"example": ""})


class _LabReportHead(ma.Schema):
    lab_zh = ma.fields.String(metadata={"example": "赣州市农产品质量安全检测中心"})
    cma = ma.fields.String(metadata={"example": "201414000123"})
    report_number = ma.fields.String(metadata={"example": "JC-2026-0456"})
    report_date = ma.fields.String(metadata=_DAY)
    basis = ma.fields.String(metadata={"example": "fresh"})


class LabReportView(_LabReportHead):
    """The report that a verdict rests on."""

    se_mg_per_kg = ma.fields.String(metadata={"example": "0.012"})


class CertificationView(ma.Schema):
    """A certification with what the standards said."""

    id = ma.fields.String(metadata=_ID)
    case_id = ma.fields.String(metadata=_ID)
    case_number = ma.fields.String(metadata={"example": "FXRD-20261120-000001"})
    product = ma.fields.String(metadata={"example": "navel_orange"})
    item_zh = ma.fields.String(metadata={"example": ""})
    lots = ma.fields.List(ma.fields.String(), metadata={"example": [_LOT["example"]]})
    standards = ma.fields.List(ma.fields.String(), metadata={"example": [_STANDARD]})
    state = _one_of(certification.STATE_ZH, "judged")
    state_zh = ma.fields.String(metadata={"example": "已出检测结论,待审定"})
    sample = ma.fields.String(metadata=_SEAL)
    report = ma.fields.Nested(LabReportView)
    verdicts = ma.fields.List(ma.fields.Nested(VerdictView))
    met = ma.fields.List(ma.fields.String(), metadata={"example": [_STANDARD]})
    unsafe = ma.fields.List(ma.fields.String(), metadata={"example": []})
    certificate = ma.fields.String(metadata=_NUMBER)
    created_at = ma.fields.String(metadata=_TIME)


class CertificationList(ma.Schema):
    """A page of certifications."""

    items = ma.fields.List(ma.fields.Nested(CertificationView))
    next = ma.fields.String(allow_none=True)


class SampleBody(ma.Schema):
    """A sample that is taken: its seal, of which lot, how heavy, and what stays behind."""

    seal = ma.fields.String(required=True, validate=validate.Regexp(sample.SEAL), metadata=_SEAL)
    lot = ma.fields.String(required=True, validate=_lot_number, metadata=_LOT)
    grams = _grams(sample.MOST_GRAMS, 3000)
    retained_grams = _grams(sample.MOST_GRAMS, 1000)


class HandBody(ma.Schema):
    """To which colleague a sample is handed."""

    to = ma.fields.String(required=True, validate=validate.Length(1, 24), metadata=_ID)


class ReceiveBody(ma.Schema):
    """What was received: the weight, and whether the seal is whole."""

    grams = _grams(sample.MOST_GRAMS, 3000)
    intact = ma.fields.Boolean(required=True, metadata={"example": True})


class CustodyView(ma.Schema):
    """A step of the chain of custody."""

    what = ma.fields.String(validate=validate.OneOf(("taken", "handed", "received")), metadata={"example": "taken"})
    by = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    to = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    at = ma.fields.String(metadata=_TIME)
    grams = ma.fields.Integer(metadata={"example": 3000})
    intact = ma.fields.Boolean(metadata={"example": True})


class SampleView(ma.Schema):
    """A sample with its chain of custody."""

    seal = ma.fields.String(metadata=_SEAL)
    certification_id = ma.fields.String(metadata=_ID)
    lot = ma.fields.String(metadata=_LOT)
    grams = ma.fields.Integer(metadata={"example": 3000})
    retained_grams = ma.fields.Integer(metadata={"example": 1000})
    state = _one_of(sample.STATE_ZH, "held")
    state_zh = ma.fields.String(metadata={"example": "保管中"})
    at_lab = ma.fields.Boolean(metadata={"example": False})
    custody = ma.fields.List(ma.fields.Nested(CustodyView))


class AnalyteBody(ma.Schema):
    """An analyte; without a value it was not detected."""

    code = _one_of(lab_result.ANALYTE_ZH, "Se", required=True)
    value = ma.fields.String(
        allow_none=True,
        load_default=None,
        validate=validate.Regexp(r"^[0-9]{1,6}(\.[0-9]{1,6})?\Z"),
        metadata={"example": "0.012"},
    )
    unit = ma.fields.String(
        load_default="mg/kg", validate=validate.OneOf(list(standard_check.PER_UNIT_UG)), metadata={"example": "mg/kg"}
    )
    method = ma.fields.String(required=True, validate=NAME, metadata={"example": "GB 5009.93-2017"})
    conforms = ma.fields.Boolean(allow_none=True, load_default=None, metadata={"example": True})


def _permille(zh: str, most: int, example: int) -> ma.fields.Integer:
    told = {"description": zh, "example": example}
    return ma.fields.Integer(
        strict=True, allow_none=True, load_default=None, validate=validate.Range(0, most), metadata=told
    )


class LabResultBody(ma.Schema):
    """A laboratory's report on a sample."""

    lab_zh = ma.fields.String(required=True, validate=LONG_NAME, metadata={"example": "赣州市农产品质量安全检测中心"})
    cma = ma.fields.String(
        required=True, validate=validate.Regexp(lab_result.CMA), metadata={"example": "201414000123"}
    )
    report_number = ma.fields.String(required=True, validate=NAME, metadata={"example": "JC-2026-0456"})
    report_date = ma.fields.Date(required=True, metadata=_DAY)
    basis = _one_of(standard.BASIS_ZH, "fresh", load_default="fresh")
    moisture_permille = _permille("水分,千分之", 999, 870)
    organic_permille = _permille("有机硒占比,千分之", 1000, 700)
    analytes = ma.fields.List(ma.fields.Nested(AnalyteBody), required=True, validate=validate.Length(1, 20))


class AnalyteView(ma.Schema):
    """An analyte."""

    code = ma.fields.String(metadata={"example": "Se"})
    name_zh = ma.fields.String(metadata={"example": "硒(总量)"})
    mg_per_kg = ma.fields.String(allow_none=True, metadata={"example": "0.012"})
    method = ma.fields.String(metadata={"example": "GB 5009.93-2017"})
    conforms = ma.fields.Boolean(allow_none=True, metadata={"example": True})


class LabResultView(_LabReportHead):
    """A laboratory's result."""

    id = ma.fields.String(metadata=_ID)
    sample = ma.fields.String(metadata=_SEAL)
    moisture_permille = ma.fields.Integer(metadata={"example": 870})
    organic_permille = ma.fields.Integer(metadata={"example": 700})
    state = _one_of(lab_result.STATE_ZH, "entered")
    state_zh = ma.fields.String(metadata={"example": "待复核"})
    analytes = ma.fields.List(ma.fields.Nested(AnalyteView))


class MetView(ma.Schema):
    """A standard that a certificate names."""

    number = ma.fields.String(metadata={"example": "DB36/T 566-2009"})
    table_from = ma.fields.String(metadata={"example": ""})
    lower_mg_per_kg = ma.fields.String(metadata={"example": "0.010"})
    upper_mg_per_kg = ma.fields.String(metadata={"example": "0.050"})


class CertificateView(ma.Schema):
    """A certificate with what was signed: `statement` is the text that the signature covers, byte for byte."""

    number = ma.fields.String(metadata=_NUMBER)
    holder = ma.fields.String(metadata={"example": "于都县梓山富硒种植专业合作社"})
    product = ma.fields.String(metadata={"example": "富硒脐橙"})
    lots = ma.fields.List(ma.fields.String(), metadata={"example": [_LOT["example"]]})
    plots = ma.fields.List(ma.fields.String(), metadata={"example": [_ID["example"]]})
    standards = ma.fields.List(ma.fields.Nested(MetView))
    report = ma.fields.Nested(LabReportView)
    state = _one_of(certificate.STATE_ZH, "valid")
    state_zh = ma.fields.String(metadata={"example": "有效"})
    reason = ma.fields.String(metadata={"example": "inspection"})
    reason_zh = ma.fields.String(metadata={"example": "监督检查,核实中"})
    valid_from = ma.fields.String(metadata=_DAY)
    valid_to = ma.fields.String(metadata={"example": "2027-11-20"})
    statement = ma.fields.String(metadata={"example": '{"number":"FX20261120K7M3Q9X2"}'})
    signature = ma.fields.String(metadata={"description": "Ed25519,Base64", "example": "c2lnbmF0dXJl"})
    key_id = ma.fields.Integer(metadata={"example": 1})
    page_url = ma.fields.String(metadata={"example": "https://example.com/public/v1/selenium/certificates/FX/page"})


class CertificateList(ma.Schema):
    """A page of certificates."""

    items = ma.fields.List(ma.fields.Nested(CertificateView))
    next = ma.fields.String(allow_none=True)


class CertificateReasonBody(ma.Schema):
    """Why a certificate is suspended or revoked."""

    reason = _one_of(certificate.REASON_ZH, "failed_test", required=True)


class CertificateKeyView(ma.Schema):
    """A public key."""

    key_id = ma.fields.Integer(metadata={"example": 1})
    algorithm = ma.fields.String(metadata={"example": "Ed25519"})
    public_key = ma.fields.String(metadata={"description": "Base64", "example": "cHVibGljIGtleQ=="})


class CertificateKeyList(ma.Schema):
    """The keys with which certificates are verified."""

    items = ma.fields.List(ma.fields.Nested(CertificateKeyView))
    next = ma.fields.String(allow_none=True)


class CommitmentBody(ma.Schema):
    """What one commits to; after mixing, repacking or a correction with those that it follows."""

    lot = ma.fields.String(required=True, validate=_lot_number, metadata=_LOT)
    grams = _grams(MOST_LOT_GRAMS, 500_000)
    ticks = ma.fields.List(
        _one_of(commitment.TICK_ZH, "self_test"),
        required=True,
        validate=validate.Length(1, 4),
        metadata={"example": ["self_test"]},
    )
    because = _one_of(commitment.BECAUSE_ZH, "new", load_default="new")
    replaces = ma.fields.List(
        ma.fields.String(validate=validate.Regexp(commitment.NUMBER)),
        load_default=list,
        validate=validate.Length(0, commitment.MOST_REPLACED),
        metadata={"example": []},
    )


class VoidBody(ma.Schema):
    """Why a commitment certificate is void."""

    reason = _one_of(commitment.VOID_ZH, "wrong_data", required=True)


class TickView(ma.Schema):
    """One of the four boxes."""

    code = ma.fields.String(metadata={"example": "self_test"})
    name_zh = ma.fields.String(metadata={"example": "自我检测"})
    ticked = ma.fields.Boolean(metadata={"example": True})


class CommitmentView(ma.Schema):
    """A commitment certificate."""

    number = ma.fields.String(metadata=_COMMITMENT)
    title_zh = ma.fields.String(metadata={"example": "承诺达标合格证"})
    lot = ma.fields.String(metadata=_LOT)
    lot_state = ma.fields.String(metadata={"example": "open"})
    lot_state_zh = ma.fields.String(metadata={"example": "在用"})
    product_zh = ma.fields.String(metadata={"example": "富硒脐橙"})
    grams = ma.fields.Integer(metadata={"example": 500_000})
    origin_zh = ma.fields.String(metadata={"example": "江西省赣州市于都县梓山镇潭头社区"})
    party_zh = ma.fields.String(metadata={"example": "于都县梓山富硒种植专业合作社"})
    phone = ma.fields.String(metadata={"example": "138****0000"})
    ticks = ma.fields.List(ma.fields.Nested(TickView))
    promises_zh = ma.fields.List(ma.fields.String(), metadata={"example": ["常规农药兽药残留不超标"]})
    because = ma.fields.String(metadata={"example": "new"})
    because_zh = ma.fields.String(metadata={"example": "首次开具"})
    replaces = ma.fields.List(ma.fields.String(), metadata={"example": []})
    state = _one_of(commitment.STATE_ZH, "valid")
    state_zh = ma.fields.String(metadata={"example": "有效"})
    reason = ma.fields.String(metadata={"example": "wrong_data"})
    reason_zh = ma.fields.String(metadata={"example": "信息有误"})
    issued_at = ma.fields.String(metadata=_TIME)
    page_url = ma.fields.String(metadata={"example": "https://example.com/public/v1/selenium/commitments/HGZ/page"})


class PaperQuery(ma.Schema):
    """On a page, or on a label of 100 by 70 mm."""

    paper = _one_of(PAPERS_ZH, "a4", load_default="a4")


class CommitmentList(ma.Schema):
    """A page of commitment certificates."""

    items = ma.fields.List(ma.fields.Nested(CommitmentView))
    next = ma.fields.String(allow_none=True)
