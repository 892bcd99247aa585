"""What the words that open a ticket are after: whether they report a fault or ask for something, and say "again".

Rules that can be read, as in `phrases`. Changing one changes what is kept of a text: raise `sketch.VERSION` with it.
"""

import re
from typing import Literal

Intent = Literal["fault", "wish"]


def detect_intent(text: str) -> Intent | None:
    """Whether lower-case text reports that something is wrong, or asks for something; None: neither is plain.

    "How do I mute notifications?" is no repeat of "There are no notifications", though it uses its words.
    """
    if FAULT.search(text) or FAULT_HAN.search(text):
        return "fault"
    return "wish" if WISH.search(text) or WISH_HAN.search(text) else None


def mentions_recurrence(text: str) -> bool:
    """Whether lower-case text itself says that this was there before."""
    return bool(AGAIN.search(text) or AGAIN_HAN.search(text))


#: Something does not do what it did, or should.
FAULT = re.compile(
    r"\b(?:no longer|no more|not|never|nothing|nobody|cannot|\w+n['’]t|cant|dont|doesnt|didnt|wont|isnt|without end|"
    r"fail(?:s|ed|ing|ure)?|errors?|bugs?|wrong|incorrect|missing|miss|lacks?|broken|breaks?|crash(?:es|ed|ing)?|"
    r"freez\w+|frozen|stops?|stopped|refus\w+|reject\w+|denied|invalid|expired|blocked|locked|lost|twice|double|"
    r"duplicated?|blank|empty|black|garbled|strange|flicker\w*|loops?|endless\w*|hangs?|hanging|stuck|slow\w*|down|"
    r"drain\w*|too (?:early|late|slow|large|small|long)|incomplete|cut off|unable|unauthorized|timeouts?|timed out|"
    r"kein\w*|nicht|nie|fehler\w*|falsch\w*|fehlt|fehlen|kaputt|abgestürzt|absturz|stürzt|gesperrt|leer|doppelt|"
    r"langsam|hängt|abgelehnt|unvollständig|"
    r"pas|plus de|jamais|aucune?|erreurs?|faux|fausse|manque\w*|cassée?|plante\w*|bloquée?|vide|lente?|refusée?|"
    r"nunca|ningún|ninguna|errores|falla\w*|falta\w*|incorrect[oa]|roto|bloquead[oa]|vací[oa]|lent[oa]|rechazad[oa])\b"
)
FAULT_HAN = re.compile(
    r"无法|不能(?!不)|没有(?!问题)|收不到|[^差]不(?:到|了(?!解)|上|出|动|开|对|全|准|通|过|来|见|同步|显示|工作|正常|完整)|失败|失效|报错|错误"
    r"|出错|有误|[抬写开算]头?错|异常|故障|乱码|闪退|崩溃|卡死|卡在|卡住|空白|为空|拒绝|无效|重复|两次|两遍|两笔|跳转|锁定|被锁|闪"
    r"|欠费|缺少|缺失|丢失|断了|又断|变慢|很慢|太慢|黑屏|限流|超时|耗电|多扣|停在|用不|打不|进不|传不|登不|连不"
    r"|できません|できない|ません(?!か)|エラー|失敗|不具合|壊れ|表示されない|動かない|届かない|遅い"
)
#: Something is wanted that was not there, or a thing to be told.
WISH = re.compile(
    r"\b(?:how|which|who|where|what|can|could|may|would|should|is there|are there|do you|want\w*|needs?|requir\w+|"
    r"like to|request\w*|set up|create|add|order|buy|raise|change|rename|share|delete|remove|close|grant|invite|"
    r"wie|welche\w*|wer|wo|können|kann|möchte\w*|brauche\w*|bitte um|einrichten|anlegen|bestellen|"
    r"comment|quel\w*|puis-je|pouvons|voudrais|voudrions|besoin|créer|ajouter|commander|"
    r"cómo|cuál\w*|quién|dónde|puedo|podemos|quisiera|queremos|necesit\w+|crear|añadir|pedir)\b|\?"
)
WISH_HAN = re.compile(
    r"怎么|如何|申请|能不能|能否|可否|是否|可以.{0,10}(?:吗|么)|吗|请问|需要|想要|想(?!不)|希望|在哪里|哪个|哪些|谁|开通|增加|新增|添加|注销|修改"
    r"|配置|设置|提高|共享|？|ですか|ますか|ほしい|欲しい|したい|お願い"
)
#: It was there before.
AGAIN = re.compile(
    r"\b(?:again|once more|another time|anew|recurr\w+|reoccur\w+|(?:is|are) back|as before|the same as|"
    r"as last (?:week|month|time)|same (?:problem|issue|error|fault|thing) (?:as|again|is back)|"
    r"keeps (?:happening|coming)|still not (?:fixed|solved|working)|(?:told|asked) (?:me |you )?(?:once|before)|"
    r"wieder|erneut|schon wieder|nochmals?|immer noch|encore|à nouveau|de nouveau|toujours pas|"
    r"otra vez|de nuevo|nuevamente|sigue sin|todavía no)\b"
)
AGAIN_HAN = re.compile(
    r"又|再次|再度|重新出现|再出现|还是(?!说|只)|仍然|仍旧|依然|依旧|老问题|老毛病|复发|(?:和|跟|同|与)(?:上次|上周|之前|以前)|上次(?:问|说|提|那)"
    r"|同样的问题|一样的问题|再び|再発|また(?!は)|まだ"
)
