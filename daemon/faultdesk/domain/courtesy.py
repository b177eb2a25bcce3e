"""Whether a message says anything beside thanks and greetings: who only thanks needs no answer."""

import re

from faultdesk.domain.fold import simplified

_POLITE = re.compile(
    r"非常感谢|十分感谢|万分感谢|多谢|谢谢|感谢|辛苦|麻烦|收到|已收|知悉|获悉|了解|明白|知道|清楚|好的|好滴|嗯|可以|没问题|没事|不客气"
    r"|您好|你好|各位|大家|请知悉|回复|来信|祝好|此致|敬礼|顺祝|商祺|工作顺利|[李王张刘陈杨赵黄周吴]工|师傅|老师|先生|女士|经理"
    r"|你们|您们|我们|你|您|我|了|的|啦|哈|呢|吧|啊|已经|已|都|就|这边|那边|及时|支持|帮助|配合|处理|尽快"
    r"|\b(?:many|thanks?|thank|you|very|much|thx|ty|ok|okay|noted|received|got|it|great|good|perfect|fine|sure|well|"
    r"understood|clear|cheers|regards|kind|best|dear|hi|hello|all|team|sir|madam|mr|ms|we|i|have|has|your|the|this|is|"
    r"and|with|for|that|so|a|an|to|of|message|mail|email|reply|help|quick|prompt|will|wait|do)\b",
    re.IGNORECASE,
)
_HAN, _LETTER = re.compile(r"[\u3400-\u9fff]"), re.compile(r"[^\W_]")
_MOST_LETTERS = 3
"""That may be left over, as initials; no Chinese character may, three of them say "not repaired"."""
_LONGEST = 200


_CLAUSE_END = re.compile(r"[，,。.!！？?；;:：\n]+")
_NEWS = re.compile(
    r"什么时候|何时|几点|幾點|多久|多长时间|几时|进度|进展|有消息|有结果|安排(?:好|了|得)|到哪|来了(?:吗|没)|处理得?(?:怎么样|如何)"
    r"|\bwhen (?:will|do|does|can|could|are|is|would|should|may)\b|\bwhat time\b|\bhow (?:long|soon|far)\b|\b(?:any|what is the|what's the) (?:news|update|progress|status)\b",
    re.IGNORECASE,
)


def asks_for_news(text: str) -> bool:
    """Tell whether a text asks what becomes of the case, and adds nothing to it; it is the engineer who can say."""
    if len(text) > _LONGEST:
        return False
    clauses = [one.strip() for one in _CLAUSE_END.split(simplified(text)) if not is_courtesy(one)]
    return bool(clauses) and all(_NEWS.search(clause) for clause in clauses)


def is_courtesy(text: str) -> bool:
    """Tell whether a text says nothing that changes a case."""
    if len(text) > _LONGEST:
        return False
    left = _POLITE.sub(" ", simplified(text))
    return not _HAN.search(left) and len(_LETTER.findall(left)) <= _MOST_LETTERS
