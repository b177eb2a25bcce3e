"""What closes a mail: the signature, a phone's footer, a firm's disclaimer; and the banner a firewall puts on top."""

import re

_LONGEST = 15
"""Lines of a signature below its dashes."""
_LONGEST_CLOSING, _LONGEST_LINE = 9, 120
"""Lines, and characters of each, below a complimentary close: more is no signature."""
_DELIMITER = re.compile(r"-- ?")
_DEVICE = r"(?:iPhone|iPad|手机|手機|设备|裝置|Android|安卓|Mac)"
_SENT = r"(?:发送|發送|发出|發出|傳送|传送|寄出|寄送)"
_FOOTER = re.compile(
    r"(?:发自|發自)\s?(?:我的.{1,40}|[\x20-\x7e]{1,40}"
    r"|[^，。,.的]{0,30}(?:手机|手機|邮箱|郵箱|客户端|邮件|郵件|大师|微信|钉钉|飞书|QQ|华为|小米|荣耀|iPhone|iPad|Mac|Android|安卓|平板|电脑|電腦|设备|裝置)[^，。,.的]{0,20})"
    rf"|(?:来自|來自)\s?我的\s?.{{0,20}}{_DEVICE}.{{0,20}}|(?:从|從|通过|透過)\s?我的\s?.{{0,20}}{_DEVICE}.{{0,10}}{_SENT}.{{0,4}}"
    r"|(?:发送自|傳送自|寄自|寄件自)\s?(?:Windows|Outlook|Samsung|iPhone|iPad|Mac|Android).{0,40}"
    rf"|(?:从|從)\s?(?:Windows|Outlook|Samsung|iPhone|iPad|Mac|Android).{{0,30}}{_SENT}.{{0,4}}"
    r"|(?:获取|下载|下載|取得)\s?(?:适用于|適用於)?.{0,12}\bOutlook\b.{0,60}"
    r"|(?:来自|來自)[^，。,.]{0,20}(?:邮箱|郵箱|信箱|邮件客户端)(?:大师)?(?:发送|發送|寄出|定制)?"
    r"|(?:由|签名由|簽名由|通过|透過)[^，。,.]{0,20}(?:邮箱|郵箱|信箱|邮件客户端)\s?(?:大师)?\s?(?:发送|發送|寄出|定制)"
    r"|(?:sent|send) (?:from|via) (?:my |mail |outlook|yahoo|samsung|proton|gmail|huawei|the all|a mobile|an? android|wecom|foxmail).{0,60}"
    r"|sent from (?:mail|outlook)|get outlook for .{0,40}",
    re.IGNORECASE,
)
_CLOSE = re.compile(
    r"(?:(?:with )?(?:best|kind|kindest|warm|warmest) (?:regards|wishes)|best|regards|(?:yours )?(?:sincerely|faithfully|truly)(?: yours)?"
    r"|cheers|b\.?\s?rgds|rgds|br|此致|敬礼|敬禮|此致\s?敬[礼禮]"
    r"|(?:顺|順|即|敬|谨|謹|此)(?:颂|頌|祝|候|请|請).{0,8}|祝好|祝您?(?:工作|生活|身体|身體|商祺|商安|一切).{0,8}|商祺|谨上|謹上|敬上)\s?[,，.。!！~～]{0,3}",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"\W{0,6}(?:disclaimer\b|confidentiality (?:notice|note)|免责声明|免責聲明|保密(?:提示|声明|聲明|条款)"
    r"|(?:this|the information (?:contained )?in this) (?:e-?mail|message|communication|transmission)\b.{0,200}"
    r"(?:confidential|privileged|intended|proprietary)"
    r"|(?:本|此|该|這封|这封)(?:邮件|郵件|电子邮件|電子郵件|電郵|信件).{0,60}(?:机密|機密|保密|仅供|僅供|收件人使用))",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"(?:.{0,20}(?:您好|你好)|尊敬的.{0,30}|dear\b.{0,40}|hi\b.{0,30}|hello\b.{0,30}|good (?:morning|afternoon|evening).{0,20})"
    r"\s?[:：,，.。!！~～]{0,3}",
    re.IGNORECASE,
)
_BANNER = re.compile(
    r"\W{0,6}(?:\[?external\b.{0,120}|caution\b.{0,160}|warning\b.{0,20}external.{0,120}"
    r"|(?:this|the) (?:e-?mail|message) (?:originated|came|was sent) from outside.{0,160}"
    r"|.{0,12}(?:此|本|该)(?:邮件|郵件)(?:来自|來自|源自).{0,6}(?:外部|组织外|組織外).{0,80}|外部邮件.{0,80})",
    re.IGNORECASE,
)
_BANNER_WORDS = re.compile(
    r"外部|组织外|組織外|external\b.{0,20}(?:mail|sender|message|]|$)|outside", re.IGNORECASE
)
_LINES_OF_BANNER = 3


def part(lines: list[str]) -> tuple[list[str], list[str]]:
    """Part the writer's lines from what closes them."""
    start = _start_of_signature(lines)
    text: list[str] = []
    closing: list[str] = []
    for at, line in enumerate(lines):
        plain = line.strip()
        is_ours = (
            at < start
            and not (plain and _is_footer(plain))
            and not (at < _LINES_OF_BANNER and _is_banner(plain))
        )
        (text if is_ours else closing).append(line)
    return text, closing


def _start_of_signature(lines: list[str]) -> int:
    start = _start_of_disclaimer(lines)
    for at in range(start - 1, max(start - 1 - _LONGEST, -1), -1):
        if _DELIMITER.fullmatch(lines[at]):
            start = at
    low = max(start - 2 * _LONGEST_CLOSING, 1)
    for at in range(low, start):
        below = [line for line in lines[at + 1 : start] if line.strip()]
        is_short = len(below) < _LONGEST_CLOSING and all(len(line) <= _LONGEST_LINE for line in below)
        if is_short and _CLOSE.fullmatch(lines[at].strip()[:_LONGEST_LINE]):
            return at
    return start


def _start_of_disclaimer(lines: list[str]) -> int:
    """Find the legal text at the end; one with nothing above it, or a greeting, is the mail."""
    says_something = False
    for at, line in enumerate(lines):
        plain = line.strip()
        if says_something and _DISCLAIMER.match(plain[: 4 * _LONGEST_LINE]):
            return at
        says_something = says_something or (bool(plain) and not _GREETING.fullmatch(plain[:_LONGEST_LINE]))
    return len(lines)


def _is_footer(line: str) -> bool:
    return len(line) <= _LONGEST_LINE and _FOOTER.fullmatch(line) is not None


def _is_banner(line: str) -> bool:
    return _BANNER.fullmatch(line[: 4 * _LONGEST_LINE]) is not None and _BANNER_WORDS.search(line) is not None
