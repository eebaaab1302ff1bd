"""Certificates and commitments as PDF: the paper says what the page says, with a code that leads there."""

from io import BytesIO
from typing import Any

from backend import clock
from backend.codes import qr
from backend.documents.document import Document
from backend.documents.table import Column
from models.selenium import certification_views as views
from models.selenium import commitment_label

OFFLINE_VERSION = 30
"""A code with statement and signature is dense: printed 60 mm wide its modules are wider than 0.4 mm."""


def certificate_paper(found: dict[str, Any]) -> bytes:
    """Return a certificate on a page."""
    told, out = views.certificate_shown(found), BytesIO()
    with Document(out, title="富硒农产品认定证书", created=clock.now(), running=f"证书编号 {told['number']}") as page:
        page.heading("富硒农产品认定证书", align="center")
        if told["state"] != "valid":
            page.paragraph(f"本证书{told['state_zh']}", size=14, bold=True, align="center")
        rows = [
            ("证书编号", told["number"]),
            ("持有人", told["holder"]),
            ("产品", told["product"]),
            ("批次", "、".join(told["lots"])),
            ("检测报告", "{lab_zh}(CMA {cma}),{report_number},{report_date}".format(**told["report"])),
            ("硒含量", f"{told['report']['se_mg_per_kg']} mg/kg"),
            ("有效期", f"{told['valid_from']} 至 {told['valid_to']}"),
        ]
        page.table([Column("项目"), Column("内容", 3)], rows)
        met = [(one["number"], _range(one)) for one in told["standards"]]
        page.table([Column("符合的标准", 2), Column("指标(mg/kg)")], met)
        page.picture(qr.png(views.qr_text(found), OFFLINE_VERSION), 60)
        page.paragraph("扫码查询证书当前状态;二维码内含签名(Ed25519),可离线验证签发内容。", size=8.5, align="center")
    return out.getvalue()


def _range(one: dict[str, str]) -> str:
    lower, upper = one["lower_mg_per_kg"], one["upper_mg_per_kg"]
    return f"{lower}–{upper}" if upper else f"≥ {lower}"


PAPERS_ZH = {"a4": "A4 纸", "label": "标签(100×70 毫米)"}


def commitment_own(found: dict[str, Any], paper: str = "a4") -> bytes:
    """Return a commitment certificate with the phone number in full: who committed prints it."""
    return _commitment(found, paper, views.commitment_phone(found))


def commitment_public(found: dict[str, Any], paper: str = "a4") -> bytes:
    """Return a commitment certificate as anybody may have it: the phone number is masked."""
    return _commitment(found, paper, "")


def _commitment(found: dict[str, Any], paper: str, phone: str) -> bytes:
    told = views.commitment_shown(found)
    shown = phone or told["phone"]
    return commitment_label.label(told, shown) if paper == "label" else _commitment_page(told, shown)


def _commitment_page(told: dict[str, Any], phone: str) -> bytes:
    out = BytesIO()
    with Document(out, title=told["title_zh"], created=clock.now(), running=f"编号 {told['number']}") as page:
        page.heading(told["title_zh"], align="center")
        if told["state"] != "valid":
            page.paragraph(f"本合格证{told['state_zh']}", size=14, bold=True, align="center")
        page.paragraph("我承诺对生产销售的食用农产品:", bold=True)
        for one in told["promises_zh"]:
            page.paragraph(f"· {one}")
        page.paragraph(
            "承诺依据:" + "  ".join(f"{'√' if one['ticked'] else '□'} {one['name_zh']}" for one in told["ticks"])
        )
        rows = [
            ("产品名称", told["product_zh"]),
            ("数量(重量)", f"{told['grams'] / 1000:g} kg"),
            ("产地", told["origin_zh"]),
            ("生产者", told["party_zh"]),
            ("联系方式", phone),
            ("开具时间", told["issued_at"]),
            ("批次", told["lot"]),
        ]
        page.table([Column("项目"), Column("内容", 3)], rows)
        page.picture(qr.png(told["page_url"]), 30)
        page.paragraph(f"{told['title_zh']} {told['number']}", size=8.5, align="center")
    return out.getvalue()
