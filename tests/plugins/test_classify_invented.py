"""Messages invented before the terms were written: one writer's idea of what clients say."""

import pytest

from labelled import SEVERITIES, Said, parse, read

# kind, system, fault class, severity | subject | text
CLIENTS = """
fault cctv line normal |  | 三号楼电梯里的枪机老是闪断，换了一根短网线就正常，估计是竖井那段线被老鼠咬了
fault network line high | 光缆中断 | 施工挖断了去污水泵房的光缆，那边所有交换机、IP电话和摄像机全部离线。
fault cabling line normal | 教室面板没信号 | 305教室墙上的信息插座B口不通，测线仪显示4、5芯断，换A口电脑就能上网。
fault parking line normal | 道闸地感线断了 | 入口地感线圈被路面切缝机切断，车来了没反应。请安排重新埋线。
fault public_address line normal | Paging zone dead | Zone 4 speakers are silent. The fault finder shows an open circuit 30 m from the rack, someone drilled through the cable.
fault intrusion_alarm line normal | 周界報警誤報 | 東側電子圍欄的合金線被樹枝壓斷，主機一直報斷線。麻煩派師傅過來接駁。
fault cctv hardware normal | 球机不转 | 大门口球机昨晚雷雨之后冒烟，一股焦味，通电没反应，换到别的口也不亮。
fault access_control hardware normal | 读卡器进水 | 南门读卡器外壳裂了进水，指示灯不亮，刷卡没任何反应，同型号换上去就好。
fault server_room hardware normal | UPS告警 | 2号UPS电池鼓包漏液，面板报电池故障，有两节已经开裂，请尽快来更换。
fault info_display hardware normal | LED screen tile | One cabinet of the lobby LED wall stays black; we swapped the receiving card with its neighbour and the fault moved with it.
fault parking hardware normal | 道閘壞咗 | 停車場出口嗰支道閘條杆俾貨車撞斷咗，摩打都轉唔到，請盡快嚟換。
fault cctv hardware normal | 硬盘 | 录像机一直滴滴响，提示磁盘损坏，有一块4T硬盘认不到了。
fault telephone hardware high | 電話總機板卡故障 | 總機的外線卡燒毀，聞到燒焦味，八條外線都打不出去。
fault video_conference hardware normal |  | 会议室的投屏主机风扇异响，开机十分钟就过热关机，风扇叶片断了一片
fault none software normal | 平台登录不上 | 客户端提示“服务未启动”，重启平台服务器后过十几分钟服务又自己停掉，日志里一堆内存溢出。
fault smartcard software normal | 一卡通结算错误 | 更新完新版本后食堂消费重复扣款，同一笔扣两次，财务对不上账，怀疑程序有bug。
fault building_automation software normal | BMS graphics frozen | The BMS workstation graphics stopped refreshing; the application crashes with an unhandled exception whenever we open the trend page.
fault access_control software normal | 證書過期 | 訪客系統網頁打不開，瀏覽器顯示憑證已過期，手機App亦無法連線。
fault info_display software normal | Signage CMS | Since last night's patch the signage server returns error 500 and schedules are not published to any player.
fault parking software normal | 数据库满了 | 停车收费软件报“PRIMARY文件组已满”，新车进场不记录，老记录能查。
fault network config_loss high | 断电后配置丢失 | 昨天停电来电以后，核心交换机的VLAN和路由都没了，恢复成出厂状态，请发备份配置给我们。
fault access_control config_loss normal | Door controller back to defaults | After a power failure controller 3 came back with factory settings: no users, no schedules. Do you have our backup?
fault public_address config_loss normal | 广播分区全乱 | 主机换了一块主板之后，原来的分区设置和定时打铃任务全部清空了，变成默认的。
fault intercom config_loss normal | 对讲主机 | 管理员按说明书复位以后，所有房号都没了，室内机呼不通，需要重新录入房号表。
fault building_automation config_loss normal | DDC程序丟失 | 冷站DDC斷電超過三日，內部電池耗盡，程式同參數全部冇晒，變返出廠預設值。
fault cctv misoperation normal | 误删 | 值班员清理磁盘的时候误把上个月的录像全删了，领导很着急，能不能恢复？
fault access_control misoperation high | 改错IP | 我把门禁控制器的网关改错了，现在整栋楼控制器都离线，请电话教我怎么改回来。
fault public_address misoperation normal | I overwrote the schedule | By mistake I imported last year's bell schedule over the current one and saved. How can I get the old one back?
fault network misoperation high | 環路 | 同事把一條網線兩頭都插在同一台交換器上，造成迴圈，整層樓網路癱瘓，拔掉後仍不穩。
fault intrusion_alarm misoperation normal | 布防密码输错锁住了 | 新来的保安连续输错密码，键盘锁死，撤不了防，警号一直响。
fault cctv virus high | 电脑中毒 | 消防控制室那台监控电脑中了勒索病毒，文件都变成.locked，桌面有要比特币的信。
fault cctv virus high | Crypto miner on the video server | Our SOC found a coin miner running on the recording server, CPU 100% and outbound traffic to a mining pool.
fault access_control virus high | 網頁被掛馬 | 訪客預約網站被植入木馬，打開會跳轉到賭博網站，請立即協助清除。
fault info_display virus high | 信息屏被黑 | 大厅信息发布屏突然播放别人的广告，后台多了一个不认识的管理员，应该是被入侵远程控制了。
fault cctv unknown normal | 没图像 | 地下车库监控没图像了
fault access_control unknown normal |  | 门打不开
fault video_conference unknown normal | Projector room booking panel | The booking panel outside room 12 has been blank since this morning. No idea why.
fault iptv unknown normal | 电视没信号 | 住院部六楼病房电视全部没有信号，有的台花屏，不知道什么原因。
fault telephone unknown normal | 內線電話有雜音 | 三樓內線電話講話有雜音，時有時無，請派人檢查。
fault fire_linkage unknown high | 火警不联动 | 昨天消防测试，火警信号来了之后东侧防火门和闸机没有自动释放。
fault network unknown normal | 无线网很卡 | 最近办公区WiFi很慢，经常掉线，是AP坏了还是带宽不够不清楚，请看看。
fault intercom unknown normal | Nurse call | Ward 7 nurse call does not light the corridor lamp any more. Please send someone.
fault server_room unknown high | 机房温度高 | 机房空调好像不制冷了，温度到32度还在升，动环短信一直报。
fault smartcard unknown normal | 饭卡刷不了 | 食堂今天中午3号窗口饭卡刷不了，排长队
fault building_automation unknown normal | 空调群控 | 新风机组显示通讯异常，时好时坏，麻烦检查一下
fault intercom unknown normal | 電梯內對講冇聲 | 電梯內對講機撳咗冇聲，管理處聽唔到，唔知咩原因。
consultation cctv - low | 请教 | 请问录像机支持H.265吗？保存三个月大概需要多少容量？只是了解一下。
consultation access_control - low | Question about the card format | Could you tell me whether our readers accept Mifare DESFire EV3 cards? No action needed, we are only comparing options.
consultation parking - low | 諮詢 | 想請問停車場系統的資料一般保留多久？法規有無要求？
consultation building_automation - normal | 楼控能否对接 | 想了解一下楼宇自控系统是否支持BACnet/IP，第三方平台怎么取数，有接口文档吗？
enhancement cctv - normal | 加装摄像机 | 自行车棚经常丢车，想新增4个摄像机接到现有平台，请来勘察报价。
enhancement network - normal | More Wi-Fi coverage | We are opening a new wing and need six additional access points. Please survey and quote.
enhancement video_conference - normal | 會議系統擴充 | 大會議室想增加兩支無線咪同一個跟蹤攝影機，請提供方案及報價。
enhancement access_control - normal | 门禁改造 | 想把原来的刷卡门禁改造成人脸识别，十二个门，预算大概多少，请出个方案。
upgrade cctv - normal | 固件升级 | 网上看到这款摄像机有安全漏洞通报，请安排把固件升级到最新版本。
upgrade cctv - normal | Licence edition | We would like to move the VMS from the standard to the enterprise edition. Is the new version free while in warranty?
upgrade public_address - normal | 广播软件有新版吗 | 听说广播管理软件出了V5版，我们还是V3，质保期内能免费升级吗？
spare_parts access_control - normal | 採購備件 | 請報價：門禁電源5個、磁力鎖10把，作庫存備用。
spare_parts smartcard - normal | 买卡 | 我们需要再买500张IC卡和20个蓝牙卡，请报个价，开专票。
spare_parts video_conference - low | Remote controls | We lost two remote controls for the meeting-room display. Please quote for four, to keep as spares.
spare_parts server_room - normal | 电池更换计划 | UPS电池已用满三年，计划四月份整组更换32节，请报价。
training cctv - normal | 申请培训 | 物业新换了一批值班员，请安排一次监控操作培训，大约8人，周三下午。
training intrusion_alarm - normal | Refresher course | Could one of your trainers give our security guards a half-day refresher on the alarm panel in May?
training public_address - normal | 教學影片 | 新同事不懂操作廣播主機，可否提供一段教學影片或安排導師講解？
revisit access_control - normal | 表扬 | 贵公司小李上周来修门禁，态度好、技术过硬，半小时就解决，给五星好评。
revisit parking - high | 投诉 | 同一个道闸修了三次还是坏，每次来的人都说好了，态度敷衍，我要投诉你们的服务。
revisit none - normal | Service review | Overall score 9/10. The technician was polite and on time; the only complaint is that the report came late.
revisit none - normal | 回訪意見 | 維修滿意度：非常滿意，師傅準時到場，講解清楚。
followup access_control - normal | Re: [FD-2026-000311] 门禁故障 | 已经换好了，可以关单。
followup cctv - normal | RE: [FD-2026-000488] Camera 12 | Parts arrived today. Please come tomorrow after 10.
followup none - normal |  | 补充一下工单FD-2026-000512：现场联系人改成老周13900001234
other none - low | 新年快乐 | 祝各位新春快乐，万事如意！
other none - low | Out of office | I am out of the office until Monday with no access to mail. For urgent matters call the front desk.
other none - low | 已读回执 | 您的邮件已于2026-03-03被阅读。
other none - low | 发错了 | 不好意思上封邮件发错人了，请忽略。
other none - low | 弱电工程师求职 | 您好，我应聘贵公司弱电工程师岗位，附上个人简历，期待面试机会。
"""
ADVERTS = """
other none - low | 代开各行业发票 | 本公司可代开增值税专用发票，点数低，验证后付款，联系微信同号。
other none - low | 全国安防展览会邀请函 | 诚邀贵公司参展，展位火热预订中，特装展位享早鸟优惠，详情请联系组委会。
other none - low | 工厂直销网线光缆 批发价 | 我司专业生产网线、光缆、机柜，厂家直销，价格优惠，量大从优，欢迎来电索取样品和报价单。
other none - low | Your mailbox storage is full | Your mailbox will be suspended within 24 hours. Click here to verify your account and password.
other none - low | SEO services | We can bring your website to the first page of Google. Limited offer, unsubscribe at any time.
other none - low | 低息貸款 | 無需抵押，即日批核，低至1%利率，歡迎WhatsApp查詢。
other none - low | CCTV factory offer | Dear Sir, we are a leading manufacturer of CCTV cameras in Shenzhen. Please find our price list, MOQ 100 pcs, best price guaranteed.
other none - low | 挂靠资质 一建证书 | 长期收一级建造师、弱电工程师证书，挂靠费高，中介全程办理。
"""


@pytest.mark.parametrize("said", parse(CLIENTS + ADVERTS), ids=lambda said: said.subject)
def test_what_was_said_is_read(said: Said) -> None:
    about = read(said)

    assert (about.kind, about.fault_class, about.system) == (said.kind, said.fault_class, said.system)


@pytest.mark.parametrize("said", parse(CLIENTS), ids=lambda said: said.subject)
def test_a_client_is_answered_and_taken_about_as_seriously_as_meant(said: Said) -> None:
    about = read(said)

    assert not about.unsolicited
    assert abs(SEVERITIES.index(about.severity) - SEVERITIES.index(said.severity)) <= 1


@pytest.mark.parametrize("said", parse(ADVERTS), ids=lambda said: said.subject)
def test_an_advert_is_unsolicited(said: Said) -> None:
    assert read(said).unsolicited
