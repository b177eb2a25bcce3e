"""Messages invented after the terms were written, each read once before anything was tuned to it."""

import pytest

from labelled import SEVERITIES, Said, parse, read

# kind, system, fault class, severity | subject | text
CLIENTS = """
fault cctv unknown high | 急!!! | 我们幼儿园大门口那个看娃的屏幕，家长手机上全是黑的，老师这边电脑倒是看得见
fault none hardware normal | 三期地库P2-17 | P2-17这路昨天被叉车货叉挑了，护罩飞出去，机芯也掉出来了，报保险要你们出个证明再换
fault cctv line normal | Cam feed gone after decorators | The decorators put a staple straight through the run to the loading bay dome. Temporary lead across the floor brings it back.
fault cctv misoperation high | 请协助恢复 | 昨晚值夜班的小伙子想看回放，点了初始化硬盘，现在一个月的录像都没有了，派出所还等着调。
fault cctv unknown normal | 录像查不全 | NVR每天凌晨两点到四点这段怎么都查不到，查了计划录像是24小时，固件是去年你们刷的那版，别的时间都好。
fault access_control software high |  | 门口人脸机昨天半夜自己升级了一下，今天早上所有人都提示未注册，后台名单还在的，就是下发不下去，提示版本不匹配
fault access_control hardware high | 闸机三号道 | 三号道的翼门撞上去就弹回来，夹了人两次，电机那里咯噔咯噔，拆盖看皮带已经裂口了
fault access_control line normal | Fob reader at bike store | Reader is lit and beeps but the bolt never retracts. Measured 0 V at the strike, 12 V at the PSU, so something in between has parted.
fault access_control config_loss normal | 訪客系統 | 昨日搬機櫃之後訪客登記機開機要我揀語言同時區，好似新機咁，公司名、樓層、列印範本全部無晒。
fault access_control misoperation normal | 办公室门禁密码 | 行政离职了，键盘门禁的管理员密码没有一个人知道，试了几次现在滴滴叫不理人了
fault parking unknown normal | 车牌认不准 | 这两个礼拜绿牌车老是识别成别的字母，尤其晚上，保安都得手动放
fault parking misoperation normal | 充值错了 | 岗亭小妹把月租价500录成了5块，已经有二十多个业主交了，怎么批量改？
fault parking hardware normal | Exit barrier | Arm was clipped by a van and snapped at the flange. Motor still turns. Can you bring a 3 m octagonal arm?
fault parking hardware normal | 停車場收費機 | 收費機列印收據時卡住，齒輪有異聲，拆開見到膠齒崩咗幾隻。
fault parking software normal | Car park app shows zero spaces | The guidance count has been stuck on zero since the cloud migration at the weekend; sensors in the bays blink normally.
fault intercom unknown normal | 梯控呼梯 | 3单元可视对讲一按开锁整个单元的室内机都跟着响，其他单元没事
fault intercom hardware normal | 門口機 | 大廈門口機塊玻璃俾人打爛咗，掣都凹咗，撳唔到。
fault intercom config_loss normal | 病房呼叫主机 | 护士站主机换了新的之后，床号对不上，按8床显示主机默认的001
fault telephone line high | Extensions on level 5 dead | All handsets on level 5 lost dial tone when the plumber cut through a riser. You can see the grey multi-pair hanging.
fault telephone config_loss normal | 总机语音没了 | 市电闪了一下，总机起来以后欢迎词和按键转接规则都成了原厂的，打进来直接到默认分机。
fault telephone software normal | 電話留言 | 留言信箱系統經常自動重開，主控台顯示程序終止代碼0xC0000005。
fault public_address line normal | 操场大喇叭 | 操场东边两只音柱没声，同一路的另外两只正常，动一动杆子下面的接线盒就响一下
fault public_address hardware normal | 礼堂调音台 | 礼堂推子推上去没反应，前天表演时学生把可乐洒上面了
fault public_address misoperation normal | 早操音乐 | 我把定时任务里周一到周五勾成了周末，然后又点了同步到所有终端，现在早操不响，怎么倒回去
fault public_address software normal | Chime plays at 3 a.m. | Since the time server change the bell program fires five hours early. The clock on the unit is right, the scheduler page shows UTC.
fault video_conference line normal | 大会议室 | 开会开到一半屏幕雪花，拔下来桌插那根HDMI再插紧又好，过一会又来，头子已经歪了
fault video_conference config_loss normal | Boardroom codec asks for setup | After Facilities pulled the breaker, the boardroom unit greets us with 'Welcome, choose your language'; SIP account and directory are gone.
fault video_conference virus high | 视频会议终端被人改了 | 不知道谁远程进了会议终端，通讯录里多了一堆境外号码，昨晚自己拨了一百多通国际长途，怀疑被盗用入侵
fault info_display hardware normal | 排号机 | 取号机打出来的字一半是白的，打印头有一道划痕，换了两卷纸都一样
fault info_display virus high | LED走字 | 门头走字屏今早滚动播的是我们没发过的赌博网址，U盘和电脑都没人动
fault info_display unknown normal | Lift lobby screens | Two screens restart every few minutes, the rest don't. I cannot say more.
fault iptv hardware high | 客房電視 | 七樓以上客房電視全部雪花，弱電間嗰個放大器摸落好燙，燈都唔著，換咗隔籬樓嗰個就得。
fault iptv config_loss normal | 频道顺序乱了 | 前端重启后频道号全部打乱，中央一套跑到98去了，之前排好的表没有了
fault smartcard software normal | 食堂机器 | 食堂2号机老师刷完显示扣了，手机上却没扣，月底账差了三千多，供应商说是你们中间件丢包重传算了两次
fault smartcard unknown normal | Library gate alarms for nothing | The gate beeps at every reader since we moved the desk. Could be the desk, could be the antenna.
fault smartcard line high | 水控 | 宿舍浴室12个水控器同时不出水，总线盒打开一看全是水，铜线发绿
fault building_automation unknown normal | AHU-7 hunting | AHU-7 discharge temperature swings between 12 and 24 every few minutes; valve is moving. Don't know whether it's tuning or the sensor.
fault building_automation software normal | 群控主机 | 冷站上位机打开就弹"运行时错误 9 下标越界"，点确定就退出，重装也一样
fault building_automation misoperation normal | 照明回路 | 物业电工检修时把照明控制模块的拨码全拨到ON了，现在一开灯整栋一起亮
fault building_automation hardware normal | Valve actuator | Actuator on the heating coil strips: you hear the gears slipping, stem does not travel.
fault server_room hardware high | 机房告警 | UPS切到旁路了，屏上写逆变器过温，柜顶风扇有一个不转了，手能拨动但是没劲
fault server_room software normal | 动环短信 | 动环一晚上发了四百多条"市电恢复"，其实没停过电，短信猫费用都超了，厂家说是新版的判断条件写反了
fault server_room config_loss normal | PDU settings | The PDU in rack B4 restarted and now has outlet names 1..24, SNMP community public, all thresholds blank.
fault network misoperation critical | 全楼上不去网 | 早上八点起全楼有线无线都上不去，核心两台灯狂闪，CPU100%，保洁阿姨昨晚说看见地上有根线就给插墙上了
fault network hardware normal | AP | 二楼东头的AP天花漏水滴了一夜，现在灯不亮
fault network line normal | Uplink flapping | Port 49 to the annex flaps each time a truck passes; light level jumps between -14 and -31. The joint box by the road floods.
fault cctv virus high | 服务器被挖 | 机房流量告警，查到放监控平台的那台一直往外连，top里有个kdevtmpfsi占了八个核，杀了又起
fault cabling line normal | 桌面网口 | 402靠窗工位地插被椅子轮子轧扁了，网线夹在里面露铜
fault cabling line normal | Outlet 3-112B | Pin tester says pair 2 is split and pair 3 open at outlet 3-112B; never been the same since the carpet layers.
fault fire_linkage unknown high | 消防月检 | 维保做月检时给了火警，B1车库两樘疏散门电磁锁没断电，现场手报也试过不开，请尽快查
fault intrusion_alarm hardware normal | 围栏 | 北墙三防区下雨就报，天晴就好，绝缘子有两个裂的
fault intrusion_alarm config_loss normal | Alarm panel blank user list | Our panel lost mains for two days during the move. Now it only knows the installer code 1234, zones are all 'ZONE 01'.
fault intrusion_alarm unknown normal | 一鍵求助 | 收銀處緊急掣俾人撳咗之後復唔到位，一直響，唔知點樣解除
spare_parts intercom - normal | 采购申请 | 我部拟购入对讲手柄12只、面板3块备在仓库，请提供价格及货期，走年度框架。
spare_parts access_control - normal | Toner and cards | We're down to the last ribbon for the badge printer. Please ship two YMCKO ribbons and 200 blank cards.
spare_parts cabling - normal | 水晶頭同網線 | 倉庫想補返兩箱Cat6同200粒水晶頭，幾錢？
training public_address - normal | 讲一次课 | 暑假前能不能给各校信息老师讲一次课，主题是校园广播日常维护和应急处置，约40人
training building_automation - normal | Handover session | Our night shift has never been shown how to use the new BMS. Two evenings with one of your people would do, with a handout in English.
upgrade access_control - normal | BIOS/固件公告 | 集团通告要求8月底前把门禁控制器打到R12以上，现在是R9，运行没问题，请排期。
upgrade telephone - normal | PBX release | Our PBX is two releases behind. What does it take to get to 9.4 under the maintenance contract? It runs fine today.
enhancement cabling - normal | 新办公区 | 九楼新租了半层，大概六十个座位，要布点、要无线、要门禁，请安排人来量一下再给个价
enhancement parking - normal | Solar carport | Could the car-park guidance be made to cover the new carport, about 80 bays? We'd want a drawing and a price.
enhancement video_conference - normal | 電視會議室 | 想把三樓培訓室也變成可以開視像會議，預算二十萬以內，請出方案。
enhancement cctv - normal | 存储时长 | 公安新文件要求90天，我们现在30天，测一下要加多少盘，给个报价。
consultation info_display - low | LED屏功耗 | 我们要报节能表，请告知大堂那块屏的额定功率和平均功耗，资料里没找到。
consultation cabling - low | Which cable for outdoors | For a future duct we are told to choose between OM3 and OS2. What is your view, and why?
consultation cctv - low | 請問防雷 | 想請教一下，天台的攝影機需唔需要另外做避雷？現在冇問題，純粹想知。
revisit none - normal | 年度评价 | 贵司本年度服务总体不错，响应及时，唯夜间派单偏慢，综合92分。
revisit none - high | Third time | Your technician cancelled for the third time without a word. I expect a call from your manager, not another apology mail.
revisit parking - normal | 師傅好叻 | 尋日黎整閘嗰位陳師傅好細心，講解埋點樣保養，值得讚！
followup building_automation - normal | Re: [FD-2026-000871] AHU-7 | Tuned as you said, steady since noon. You may close it.
followup none - normal | FD-2026-000899 | 师傅电话没打通，我换号了：13811112222
other none - low | Thanks | Thanks a lot for the quick help yesterday!
other none - low | 自动回复：派工通知 | 您好，我已收到您的邮件，本周出差，回复可能延迟。
fault cctv hardware normal | 关于住院楼监控故障的函 | 贵公司：我院住院楼12层走廊自3月5日起有三路摄像机夜间补光灯不亮，白天图像正常，拆下一台在值班室通电，红外灯仍不亮。烦请安排更换。
fault cctv software normal | Playback stutters | Playback of anything older than a week stutters and then the client closes with 'index rebuild failed'. Live is fine. It began with the 5.2 update.
fault cctv line high | 西大门录像 | 昨天市政开挖人行道，西大门到弱电井那条管子被挖穿了，门口四个摄像机一起没了
fault cctv unknown normal | 监控看不到 | 您好，我公司二楼仓库的监控从昨天下午开始看不到了，麻烦处理一下，谢谢
fault cctv misoperation normal | 密码 | 新换的保安队长把NVR的密码改了，自己又记不起来，现在谁都进不去
fault access_control hardware high | Door 14 | Door 14's lock body is mangled after someone tried to force it with a crowbar. The door can't be closed.
fault access_control line normal | 人脸识别终端离线 | A座一楼人脸终端显示网络未连接，我们把它的网线拔下来插笔记本也不通，换到旁边那个口就通了，应该是到弱电间那条线有问题。
fault access_control misoperation high | 權限問題 | 昨日人事部匯入新員工名單後，所有舊員工都拍唔到卡，估計係揀錯咗「全量取代」。
fault access_control software normal | 门禁软件 | 门禁管理软件点“事件查询”就提示“内存不足”然后退出来，重装过客户端还是一样
fault access_control config_loss normal | Readers forgot cards | Since the electrician isolated the panel on Tuesday none of the cards enrolled after January are known to the three readers on the dock.
fault parking hardware normal | 出口道闸 | 出口道闸抬到一半就停，用手帮一把才上去，里面弹簧好像断了一根
fault parking unknown normal | 停车费 | 早上有车主停了40分钟收了他128块，岗亭说系统里入场时间是前天的，查了是没识别到出场
fault parking unknown normal | 地库车位引导 | B2区域车位指示灯全部变成红色，屏上显示余位0，中控主机重启没用
fault intercom hardware normal | 室内机 | 1802业主家的对讲屏花了，换到1801试也是花的，应该是机子坏了
fault intercom config_loss normal | Nurse call panel | Panel at nurses' station 3B shows every bed as 'Bed 000' since we replaced the controller board last Friday.
fault telephone unknown high | 外線打唔入 | 今朝開始客人打總機一直係忙音，打出就冇問題。電訊公司話佢哋條線正常。
fault telephone hardware high | 电话交换机 | 程控交换机第三块用户板红灯，对应16部分机没有拨号音，把板子换个槽位红灯跟着走。
fault public_address config_loss normal | 广播 | 校园广播今天早上没有自动打铃，我看了软件里面的方案是空的，昨晚学校停过电
fault public_address line normal | Amplifier in rack 2 | Amplifier 2 shows PROTECT. If I disconnect the line to the canteen speakers it recovers, so that loop must be shorted somewhere.
fault video_conference hardware normal | 投影机 | 三楼报告厅投影机开机后过几分钟自动关机，灯泡指示灯闪红，已经用了五年了
fault video_conference unknown normal | VC unit | Our far side hears an echo on every call, regardless of which room we use. What could be the cause and can you look into it?
fault info_display hardware normal | 大屏拼接 | 指挥大厅拼接屏第二排第三块有一条竖线，信号源换了也在
fault info_display software normal | 信息发布系统 | 前天起所有电梯屏都不更新节目，后台显示终端在线但发布任务一直“等待中”，重启服务器上的发布服务后好了一阵又卡住。
fault iptv line normal | 有线电视 | 18楼所有房间电视有马赛克，其他楼层好，弱电井里那个分支器接头拧紧后好了几天现在又来
fault smartcard hardware normal | 消费机 | 小卖部的消费机屏幕不亮，插座有电，换了适配器也一样
fault smartcard config_loss normal | 考勤 | 考勤机里上个月的打卡记录都没有了，前天考勤机自动恢复过出厂
fault building_automation misoperation high | Chiller plant screens | Somebody on nights switched the chilled water sequence to manual and typed 70 instead of 7 as set-point; how do we get the normal schedule back?
fault building_automation hardware normal | 新風機 | 新風機組顯示濾網堵塞，但昨天剛換過，壓差開關拆下來看膜片已經破了。
fault server_room unknown high | UPS | UPS夜间报市电异常，转电池几秒又转回来，一晚上二十几次，不知道是市电质量问题还是UPS自己的问题
fault server_room software normal | Environmental monitoring | The monitoring web page says 'license expired' and no SMS are sent any more.
fault network hardware high | 三号楼没网 | 三号楼整栋没网，交换机灯全灭，机柜里有烧焦的味道，别的楼正常
fault network config_loss normal | 无线密码 | 控制器被重启之后，原来设的访客无线名称和密码都没了，现在搜到的是出厂的那个SSID
fault parking virus high | 電腦中勒索 | 停車場收費電腦啲檔案全部變咗.lock，桌面有個txt叫我哋俾錢。
fault cctv virus high | 弹窗 | 值班室看监控的电脑一直自己弹出游戏网页，杀毒软件被关掉了打不开，同网段另外一台也开始这样
fault fire_linkage unknown high | 消防演练 | 今天消防演练，一楼大厅闸机没有常开，人都堵在里面，领导很生气
fault intrusion_alarm hardware normal | 红外对射 | 北围墙红外对射老误报，对准过好几次了，接收端打开里面全是蚂蚁和水锈
fault cabling line normal | 布線 | 會議室桌底嗰個網絡插座入面條線甩咗，插落去冇燈。
enhancement cctv - normal | 摄像机报价 | 展厅要再加两个半球，走原来的线管，帮忙报个含安装的价格
enhancement access_control - normal | Turnstile upgrade | Management would like QR-code visitor passes on the existing turnstiles. Please propose what has to be added and the cost.
upgrade parking - normal | 升级 | 咱们停车系统能不能升级一下，现在支持不了电子发票，新版本听说可以，升级要停机多久？
upgrade iptv - normal | IPTV 系统升级 | Middleware vendor 公布 6.1 release 修复了 security 漏洞，我们现在 5.8，请安排 patch window。
spare_parts intrusion_alarm - normal | 电池 | 红外周界无线探测器用的3V锂电池请发20粒过来，费用走维保
spare_parts telephone - normal | Handsets | Please supply three more cordless handsets of the same model for our store room. PO to follow.
training access_control - normal | 培訓 | 新管理員下週報到，可否安排門禁系統操作訓練一小時？
consultation server_room - normal | 一些疑问 | 请问我们机房那套UPS在线模式和经济模式有什么区别？平时建议用哪种？
consultation access_control - low | Retention | Is there any rule on how long visitor records may be kept? Just for our policy paper.
revisit public_address - normal | 感谢 | 昨晚十一点你们的王工还赶过来帮我们处理广播，服务没得说，点个大大的赞！
revisit video_conference - high | Complaint | Two weeks and four e-mails, still nobody has called me back about the projector. This is not the service we pay for.
followup parking - normal | 回复：[FD-2026-000120] 道闸 | 师傅刚走，试了十几次都正常。
other none - low | 祝福 | 祝远恒的各位同事圣诞快乐，新年进步！
fault cctv unknown normal | 门诊楼摄像头坏了 | 门诊楼3楼东侧走廊摄像头坏了，请安排维修。
fault cctv config_loss normal | Camera upside down | The lobby dome image has flipped upside down and its name reads 'IPC' since the thunderstorm outage; it still records.
fault cctv hardware normal | 岗亭监控 | 岗亭监控显示器右上角碎了一块，是保安关抽屉时撞的，能看但是很花
fault access_control hardware normal | 门禁打不开 | 刷卡灯变绿，听到继电器响，但是门锁不吸合也不松开，量锁两端12V正常
fault access_control unknown high | Ground-floor turnstiles | All four turnstiles rejected everyone from 8:15 to 8:40 and then recovered by themselves. Nothing in the event log.
fault access_control misoperation normal | 门禁时间错 | 同事校时的时候把年份输成了2036，现在全部临时卡都提示过期
fault parking line normal | 出口相机 | 出口那台识别相机的电源线被草坪机割断，胶皮都翻出来了，现在靠人工登记
fault parking software normal | 停车软件 | 收费软件点交班就卡死，只能结束进程，昨天晚上Windows更新完就这样
fault intercom unknown normal | 对讲 | 5号楼对讲有滋滋的电流声，下雨天更明显，不知道是主机还是线的问题
fault telephone line normal | 分機 | 803分機條電話線俾老鼠咬到見銅，講嘢一時有聲一時冇
fault public_address hardware normal | Paging mic | The paging microphone's push-to-talk key stays down when pressed and you have to prise it up.
fault public_address config_loss normal | 背景音乐 | 昨天换了CF卡以后，分区名称和定时播放表全是空的，需要重新导一遍吧？
fault video_conference unknown normal | 会议室中控 | 中控触摸屏点什么都没反应，卡在logo界面，断电重启三次还是进不去主界面
fault video_conference software normal | Teams Room | After Tuesday's app update the room console signs itself out every hour with error 0x801901f4.
fault info_display hardware normal | 大厅LED | 大厅LED屏有两个模组不亮，前阵子布展的人拿梯子磕到过
fault iptv line normal | 酒店电视 | 客人反映3012房电视没信号，工程部把墙上那个F头重新拧了一下就有了，但是过一天又没
fault smartcard software normal | 圈存机 | 圈存机点银行卡转账就弹“通讯服务异常”，其他功能正常，银行那边说接口没收到请求
fault smartcard misoperation high | 补卡 | 前台新来的同事把整个部门的卡都点了挂失，现在三十多个人吃不了饭
fault building_automation software normal | BMS trend data | Trend logs stopped on 1 May for all points; the SQL service account's password had expired.
fault building_automation config_loss normal | 照明 | 会议中心走廊智能照明模块断电再来电后，场景按钮全部失效，地址变成255
fault server_room hardware high | 精密空調 | 2號精密空調風機皮帶斷咗，報低氣流告警，而家靠另外嗰部撐住。
fault network misoperation normal | Wi-Fi outage level 9 | Level 9 Wi-Fi is down. The contractor pulled the patch lead out of the PoE switch by mistake and does not remember which port it was.
fault network unknown normal | 网络慢 | 下午两点以后网络特别慢，网页要等一分钟，早上是好的
fault building_automation virus high | 服务器异常 | 安全扫描通报我们楼控服务器存在Webshell，要求24小时内处置，请配合。
fault intrusion_alarm line normal | 報警主機 | 報警主機顯示第5防區開路，量返條線係斷咗，應該係裝修師傅鑽牆鑽到。
fault cabling hardware normal | 信息点 | 511室靠门的信息点面板被桌子撞碎，模块歪在里面，请来换一个
enhancement network - normal | 想加两个点 | 休息区想加两个无线AP和一块信息屏，请帮忙出个预算
enhancement cctv - normal | Extra storage | Please quote for doubling the recording retention from 30 to 60 days.
upgrade access_control - normal | 客户端新版 | 听说门禁客户端有支持国产操作系统的版本了，我们要换麒麟系统，能给我们换成那个版本吗？
spare_parts public_address - normal | 采购吸顶喇叭 | 麻烦报一下吸顶喇叭20只的价格，放仓库备着。
training access_control - normal | 培训申请 | 下月新进12名保安，申请安排消防联动和门禁操作培训半天，地点我司会议室。
consultation video_conference - normal | 咨询 | 我们想知道视频会议用专线好还是走互联网好，带宽一般要多少？
consultation access_control - normal | How does anti-passback work? | Could you explain how anti-passback behaves after a fire release? We're writing a procedure.
revisit parking - normal | 客户满意度 | 本次道闸维修：响应速度9分，技术水平10分，总体满意。建议加强备件储备。
revisit none - high | 你们的人怎么回事 | 约好上午来，等到下午四点人影都没有，电话也不接，还想不想做我们的生意了
followup server_room - normal | Re: [FD-2026-000777] UPS | Noted, access arranged for two persons on Friday.
other none - low | 收到 | 好的，收到，谢谢！
"""
ADVERTS = """
other none - low | 2027年弱电智能化峰会早鸟票 | 尊敬的客户，峰会邀请您参会，早鸟票8折，扫码报名，退订回T。
other none - low | 供应监控杆、机柜、抱箍 | 我厂专业生产监控立杆、室外机柜，源头工厂，量大价优，可来图定制，业务经理小王微信同号
other none - low | Re: Invoice INV-22871 overdue | Dear customer, your account will be suspended. Open the link below and confirm your password to avoid interruption.
other none - low | 企业贷款 | 凭税票最高500万，年化3.6%起，当天放款，详询张经理。
other none - low | 有票需要吗 | 餐饮、住宿、建材、运输票均可开，点数面议，先验后付。
other none - low | 高效办公楼智能照明整体方案 | 尊敬的客户您好！我司专注智能照明十五年，厂家直供，现推出限时优惠，欢迎来电洽谈合作。
other none - low | Fwd: 税务通知 | 本公司长期提供各类正规发票，可先验票，税点优惠，电话同微信。
other none - low | Secure message | Dear user, you have 5 pending messages. Verify your account here or your mailbox will be deactivated.
other none - low | 2027 Security Expo | Book your booth before 30 June and get the early bird discount. Exhibitor list attached.
other none - low | 弱电工程分包合作 | 贵司领导好，我司承接弱电施工劳务分包，班组充足，价格优惠，长期合作，欢迎来电。
other none - low | 邮件系统升级通知 | 尊敬的用户：邮箱系统升级，请点击链接登录验证，否则将停用您的邮箱。
other none - low | Cooperation | Dear manager, we are a professional supplier of access control readers from Shenzhen, catalogue attached, free sample available.
"""


def test_nine_of_ten_that_nobody_tuned_for_are_read_right() -> None:
    said = parse(CLIENTS + ADVERTS)
    right = [
        (about.kind, about.fault_class, about.system) == (one.kind, one.fault_class, one.system)
        for one in said
        for about in [read(one)]
    ]

    assert sum(right) / len(said) >= 0.9


@pytest.mark.parametrize("said", parse(CLIENTS), ids=lambda said: said.subject)
def test_a_client_is_answered_and_taken_about_as_seriously_as_meant(said: Said) -> None:
    about = read(said)

    assert not about.unsolicited
    assert abs(SEVERITIES.index(about.severity) - SEVERITIES.index(said.severity)) <= 1


def test_most_adverts_are_seen_for_what_they_are() -> None:
    adverts = parse(ADVERTS)

    assert sum(read(advert).unsolicited for advert in adverts) / len(adverts) >= 0.8
