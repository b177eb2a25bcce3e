"""What people call kinds, fault classes, severities and systems, in Chinese and English."""

from collections.abc import Mapping
from functools import cache

from faultdesk.domain.ticket import FaultClass, Kind, Severity

_KINDS: Mapping[str, str] = {
    Kind.FAULT: "故障 故障报修 故障報修 报修 報修 维修 維修 repair",
    Kind.CONSULTATION: "咨询 諮詢 技术咨询 技術諮詢 question technical_question",
    Kind.ENHANCEMENT: "优化 優化 扩充 擴充 优化扩充 優化擴充 扩容 擴容 expansion optimisation",
    Kind.UPGRADE: "升级 升級 软件升级 軟件升級 software_upgrade",
    Kind.SPARE_PARTS: "备件 備件 备品备件 備品備件 spares parts",
    Kind.TRAINING: "培训 培訓",
    Kind.REVISIT: "回访 回訪 服务反馈 服務意見 反馈 feedback",
    Kind.FOLLOWUP: "后续来信 後續來信 后续 後續 补充 補充 follow-up",
    Kind.OTHER: "其他 其它 来信 來信 message",
}
_CLASSES: Mapping[str, str] = {
    FaultClass.LINE: "线路 線路 线路故障 線路故障 cable line_fault",
    FaultClass.HARDWARE: "硬件 设备 設備 设备故障 設備故障 设备损坏 設備損壞 元器件 元件 元器件损坏 hardware_damage",
    FaultClass.SOFTWARE: "软件 軟件 软件故障 軟件故障 software_fault",
    FaultClass.CONFIG_LOSS: "配置丢失 配置丟失 设定遗失 設定遺失 lost_configuration configuration_lost",
    FaultClass.MISOPERATION: "操作失误 操作失誤 误操作 誤操作 operator_error",
    FaultClass.VIRUS: "病毒 病毒破坏 病毒破壞 电脑病毒 電腦病毒",
    FaultClass.UNKNOWN: "不明 未知 原因待查 原因不明 cause_not_known_yet",
}
_SEVERITIES: Mapping[str, str] = {
    Severity.CRITICAL: "特急 非常紧急 非常緊急",
    Severity.HIGH: "紧急 緊急 急 urgent",
    Severity.NORMAL: "一般 普通",
    Severity.LOW: "不急 not_urgent",
}
_SYSTEMS: Mapping[str, str] = {
    "cctv": "监控 監控 视频监控 視頻監控 闭路电视 閉路電視",
    "access_control": "门禁 門禁",
    "cabling": "布线 佈線 综合布线 綜合佈線",
    "network": "网络 網絡 網路",
    "video_conference": "视频会议 視像會議 視訊會議 会议 會議",
    "public_address": "广播 廣播 公共广播 公共廣播",
    "building_automation": "楼控 樓控 楼宇自控 樓宇自動化",
    "parking": "停车 停車 停车场 停車場 道闸 道閘",
    "intercom": "对讲 對講 可视对讲 可視對講",
    "fire_linkage": "消防 消防联动 消防聯動",
    "server_room": "机房 機房",
    "info_display": "信息发布 資訊顯示 大屏",
    "smartcard": "一卡通 智能卡",
    "intrusion_alarm": "报警 警報 入侵报警 防盗报警 防盜警報 周界报警",
    "telephone": "电话 電話",
    "iptv": "有线电视 有線電視 电视 電視",
    "clock": "时钟 時鐘 子母钟 子母鐘",
}
_MOST_PARTS = 4
"""Words in the longest English name, "cause not known yet"."""


def is_system(name: str) -> bool:
    """Tell whether the desk knows a system by this label; an operator's own terms may name others."""
    return name in _SYSTEMS


@cache
def _fields() -> Mapping[str, tuple[str, str]]:
    """Give field and label by name; a label is a name of its own."""
    known = {"kind": _KINDS, "fault_class": _CLASSES, "severity": _SEVERITIES, "system": _SYSTEMS}
    return {
        name: (field, str(label))
        for field, names in known.items()
        for label, called in names.items()
        for name in (str(label), *called.replace("-", "_").split())
    }


def meant(name: str) -> tuple[str, str] | None:
    """Tell the field of a classification and the label that somebody means, in lower case; None if nothing."""
    name = name.replace("-", "_")
    return _fields().get(name) or _fields().get(name.removesuffix("系统").removesuffix("系統"))


def joined(words: list[str]) -> list[str]:
    """Put the words of a name together: access, control is access_control."""
    found: list[str] = []
    at = 0
    while at < len(words):
        for count in range(_MOST_PARTS, 0, -1):
            name = "_".join(words[at : at + count])
            if count == 1 or meant(name):
                break
        found.append(name)
        at += count
    return found
