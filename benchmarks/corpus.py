"""Makes client mails: the same ones for the same number, of the mix and size that real desks get."""

import random
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

OPENINGS = (
    "三号楼负一层车库的摄像头从今早开始没有图像，硬盘录像机上显示视频丢失，请尽快派人来看。",
    "二楼会议室的视频会议终端连不上，提示注册失败，下午两点有重要会议，麻烦尽快处理。",
    "大門的門禁讀卡機沒有反應，員工全部要登記進出，請安排師傅過來檢查。",
    "The barrier at the east gate does not open any more, cars queue back to the road. Please send somebody today.",
    "机房交换机有一台指示灯全灭，整层断网，可能是电源模块坏了。",
    "公共广播三区没有声音，消防联动测试也没有响应，请来人检修。",
)
FILLER = "现场已断电重启过一次，情况没有变化。联系人李工，电话 13800138000。\n"
KILOBYTE = 1024


def make_mail(number: int) -> bytes:
    """Make mail `number`: half of them HTML, every fourth with an attachment of some 150 KB."""
    chance = random.Random(number)
    mail = EmailMessage()
    mail["From"] = f"客户{number} <client{number}@owner{number % 500}.example>"
    mail["To"] = "service@yuanheng-elv.example"
    mail["Subject"] = f"报修 {number}：{chance.choice(('无图像', '不能开门', '断网', 'no signal', '連不上'))}"
    mail["Message-ID"] = f"<bench-{number}@owner{number % 500}.example>"
    mail["Date"] = format_datetime(datetime.now(UTC))
    text = chance.choice(OPENINGS) + "\n" + FILLER * chance.randint(1, 12)
    mail.set_content(text)
    if number % 2:
        rows = "".join(f"<tr><td>{cell}</td><td>{text}</td></tr>" for cell in range(chance.randint(1, 10)))
        mail.add_alternative(f"<html><body><table>{rows}</table></body></html>", subtype="html")
    if number % 4 == 0:
        photo = chance.randbytes(chance.randint(100, 200) * KILOBYTE)
        mail.add_attachment(photo, maintype="image", subtype="jpeg", filename=f"现场{number}.jpg")
    return mail.as_bytes()
