"""The headings of a sheet of clients."""

from collections.abc import Mapping

from faultdesk.domain.ticket import Severity

COLUMNS: Mapping[str, str] = {
    "client": "项目单位",
    "aliases": "别名",
    "domains": "邮箱域名",
    "addresses": "邮箱地址",
    "numbers": "电话传真",
    "faxes": "传真",
    "project": "项目",
    "sites": "地点",
    "branch": "分支机构",
    "contract": "合同编号",
    "warranty_from": "保修起",
    "warranty_to": "保修止",
    "maintenance_from": "维保起",
    "maintenance_to": "维保止",
    "covered": "服务范围",
    "respond_within": "响应时限",
    "on_site_within": "到场时限",
    "critical_respond_within": "特急响应时限",
    "critical_on_site_within": "特急到场时限",
    "high_respond_within": "紧急响应时限",
    "high_on_site_within": "紧急到场时限",
    "normal_respond_within": "一般响应时限",
    "normal_on_site_within": "一般到场时限",
    "low_respond_within": "不急响应时限",
    "low_on_site_within": "不急到场时限",
    "calendar": "服务时间",
    "engineer": "保驾工程师",
    "engineer_from": "保驾起",
    "engineer_to": "保驾止",
}
"""The headings of a sheet, in the order of the template; either language will do, and both as in "client 项目单位"."""

PREFIXES: Mapping[str, str] = {"all": ""} | {severity: f"{severity}_" for severity in Severity}
"""Of the headings of spans, by the severity they hold for."""

_NAMES = {name: name for name in COLUMNS} | {chinese: name for name, chinese in COLUMNS.items()}


def heading(cell: object) -> str:
    """Find a heading by either of its names; "" for an empty one."""
    text = str(cell or "").strip()
    for part in (text, *text.split()):
        if (name := _NAMES.get(part.lower())) is not None:
            return name
    return text
