"""The commonest family names, and words that often are, or end, the name of a thing, a place or a house."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from faultdesk_classify.learned.tokens import tokens_of

SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
    "范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛"
    "伍韦申尤毕聂丛焦向柳邢骆岳齐梅庄辛管祝左涂谷祁时舒耿牟卜路詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄"
    "单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来嵺苟全褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡宗应台巫鞠僧桑荆谌银扬明沙伏岑习胥保和蔺邝"
    "尚蒲祖荣莫湛禹狄茅麻危昝裘缪贲杭诸嵇荀芮羿储邴乌巴隗宓郗伊厉戎邰索逄雍璩濮扈浦慕茹宦戈庾暨寇阙沃蔚夔晁訾阚毋巢蒯逯桓谯"
)


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
