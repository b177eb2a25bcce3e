"""Words that end a name of an organisation, a place or a person's name, and the commonest family names."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from faultdesk_classify.learned.tokens import tokens_of

SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
    "范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛"
    "伍韦申尤毕聂丛焦向柳邢骆岳齐梅庄辛管祝左涂谷祁时舒耿牟卜路詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄"
    "单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来嵺苟全褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡宗应台巫鞠僧桑荆谌银扬明沙伏岑习胥保和蔺邝"
)

_ENDINGS = {
    "org": "公司 集团 医院 学校 大学 学院 中学 小学 银行 支行 物业 酒店 宾馆 中心 委会 法院 检察 公安 分局 监狱 机场 地铁 厂房 工厂 车间 图书 书馆 博物 物馆 研究 究所 事务 务所 幼儿 儿园 保障 街道 政府 办公 管委 协会 基金 基地 电厂 水厂 港务 码头 物流 置业 科技 实业 股份 有限 诊所 卫生 书院 商会 教会 会所 戏院 剧院",
    "place": "花园 小区 大厦 广场 公馆 家园 新村 公寓 园区 产业 业园 校区 院区 商场 中心 项目 工地 一期 二期 三期 国际 天地 豪庭 名苑 山庄 别墅 湾畔 商城 科技 技园 分行 分店 门店 号院 苑区 台地 屋苑 屋邨 大楼 医馆 体育 育馆",
    "spot": "门口 大堂 大厅 车库 机房 走廊 楼梯 电梯 入口 出口 岗亭 会议 议室 教室 病房 护士 士站 门诊 急诊 仓库 车道 围墙 天台 楼顶 食堂 宿舍 办公 公室 监控 控室 弱电 电井 配电 电房 控制 制室 值班 班室 前台 展厅 操场 阅览 览室 手术 术室 东侧 西侧 南侧 北侧 东门 西门 南门 北门 后门 大门 侧门 月台 闸口",
    "title": "先生 女士 小姐 老师 经理 主任 科长 处长 师傅 主管 队长 院长 馆长 校长 工程 程师 助理 部长 警官 总监 阿姨",
    "item": "摄像 像机 球机 枪机 道闸 闸机 门禁 读卡 卡器 门锁 交换 换机 路由 由器 主机 硬盘 服务 务器 录像 像机 显示 示屏 大屏 话筒 喇叭 音箱 功放 终端 控制 制器 探测 测器 模块 电源 光纤 网线 线缆 按钮 对讲 电话 分机 屏幕 面板 空调 广播 探头 镜头 软件 系统 平台 机柜 配线 线架 电脑 工作 作站 键盘 遥控 锁具 识别 别仪 发卡 卡机 闭门 门器 电池 阀门 风机 水泵 传感 感器 投影 影仪 编码 解码 码器 矩阵 天线 基站 热点 网桥",
}
ENDINGS: Mapping[str, str] = {word: kind for kind, words in _ENDINGS.items() for word in words.split()}


@cache
def words() -> Mapping[str, Mapping[tuple[str, ...], str]]:
    """Give the words of things and places as tokens, by their first token."""
    found: dict[str, dict[tuple[str, ...], str]] = {}
    kind = ""
    for line in files(__package__).joinpath("words.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            kind = line.strip("[]")
        elif not line.startswith("#"):
            for word in line.split():
                forms = tuple(token.form for token in tokens_of(word))
                found.setdefault(forms[0], {})[forms] = kind
    return found
