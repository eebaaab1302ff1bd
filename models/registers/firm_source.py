"""Which register says what about a firm: one literal table beside that of persons, asked by the credit code.

What these units keep of a firm they share among departments (政务数据共享条例, 国务院令第809号, 2025). No consent of a
person goes before it, for no person is asked about.
"""

from datetime import timedelta

from models.registers.source import Source

FIRM_SOURCES = {
    "tax": Source(
        "税务登记",
        "taxation",
        "县税务局",
        "查询本单位的纳税信用和上年度纳税",
        timedelta(days=7),
        {"firm.tax": "authoritative"},
        organisations=True,
    ),
    "unit_insurance": Source(
        "单位参保登记",
        "social_insurance_centre",
        "县社会保险服务中心",
        "查询本单位的参保人数和失业保险缴费",
        timedelta(days=7),
        {"firm.staff": "authoritative"},
        organisations=True,
    ),
    "power": Source(
        "用电登记",
        "power_supply",
        "县供电公司",
        "查询本单位的用电量",
        timedelta(days=30),
        {"firm.power": "authoritative"},
        organisations=True,
    ),
    "statistics": Source(
        "基本单位名录",
        "statistics",
        "县统计局",
        "查询本单位的行业和规模",
        timedelta(days=30),
        {"firm.statistics": "authoritative"},
        organisations=True,
    ),
    "patents": Source(
        "专利登记",
        "market_supervision",
        "县市场监督管理局",
        "查询本单位获得授权的专利",
        timedelta(days=30),
        {"firm.patent": "authoritative"},
        organisations=True,
    ),
    "titles": Source(
        "企业资质认定",
        "industry_information",
        "县工信局",
        "查询本单位获得的认定和称号",
        timedelta(days=30),
        {"firm.title": "authoritative"},
        organisations=True,
    ),
    "credit": Source(
        "公共信用信息",
        "development_reform",
        "县发改委",
        "查询本单位是否列入严重失信名单或僵尸企业名单",
        timedelta(days=1),
        {"firm.credit": "authoritative"},
        organisations=True,
    ),
}
ABOUT_FIRMS = ("business", *FIRM_SOURCES)
"""Every register that is asked about an organisation."""
