"""The words behind `text.is_thanks` and `text.is_question`, in the open, so that anyone can see why a message counted.

Changing a list changes what is stored about comments: raise `text.RULE` with it.
"""

import re


def _split_phrases(text: str) -> tuple[str, ...]:
    """Phrases divided by commas or line ends."""
    return tuple(phrase for part in text.replace("\n", ",").split(",") if (phrase := part.strip()))


#: Thanks. A message needs one of these, or one of SOLVED, to be gratitude.
GRATITUDE = _split_phrases("""
    thanks again, thank you again, thanks, thank you, thankyou, thx, thnx, tks, ty, tysm, many thanks, cheers, kudos
    appreciate, appreciated, grateful, much obliged, danke, dankeschön, dankeschoen, dank, merci, remercie, remercions
    gracias, agradezco, agradecido, agradecida, 谢谢, 多谢, 谢啦, 谢了, 感谢, 感激, 致谢, 辛苦了, 辛苦啦, 有劳了
    麻烦您了, 麻烦你了, 给力, 点赞, 謝謝, 感謝, 多謝, ありがとうございました, ありがとうございます, ありがとう
    有難うございます, 有難うございました, 感謝いたします, 感謝します, 感謝しております, 助かりました
    お世話になりました, お礼申し上げます, 御礼申し上げます, 謝謝您, 感謝您, mercis, obliged
""")

#: "It works now." Said alone it asks for nothing either, so it counts as gratitude.
SOLVED = _split_phrases("""
    solved, resolved, fixed, sorted, sorted out, works, working, worked, did the trick, did it, no more issues
    no more problems, no issues, no further questions, up and running, you can close, can be closed, please close this
    please close it, please close the ticket, please close this ticket, please close, all good, all set
    back to normal, good to go, geht wieder, geht jetzt, geht es wieder, jetzt geht es, kann geschlossen werden
    rentré dans l'ordre, happy to close, can close, gelöst, erledigt, behoben, funktioniert, funktionierte, läuft
    klappt, geklappt, keine probleme mehr, résolu, résolue, réglé, réglée, fonctionne, marche, ça marche
    plus de problème, résout, resuelto, resuelta, solucionado, solucionada, arreglado, funciona, funcionó, resolvió
    solucionó, 问题已经解决了, 问题已解决, 问题解决了, 已经解决了, 已经解决, 已解决了, 已解决, 解决了, 解决啦, 搞定了
    搞定, 修好了, 可以了, 可以用了, 可以使用了, 可以登录了, 可以正常使用了, 可以正常登录了, 能用了, 能正常使用了
    能登录了, 用上了, 好用了, 弄好了, 好了, 正常了, 恢复了, 恢复正常了, 恢复正常, 一切正常, 都正常了, 已正常, 已恢复
    没问题了, 没有问题了, 没什么问题了, 没事了, 可以关闭了, 可以关单了, 可以关闭工单了, 可以关闭, 問題已解決, 已解決
    解決了, 已經解決了, 已經解決, 恢復正常, 恢復正常了, 沒問題了, 解決しました, 解決いたしました, 直りました
    治りました, できました, 動きました, 動くようになりました, 無事完了しました, 問題ありません, 問題なく動いています
""")

#: What may be named where a message also says that it is solved: "the problem is fixed", but not "the problem again".
PROBLEM_WORDS = _split_phrases("""
    problem, problems, issue, issues, error, ticket, case, request, question, account, login, access, again, fehler
    anfrage, problema, problemas, incidencia, problème, erreur, demande, 问题, 系统, 功能, 工单, 事情, 登录, 使用
    正常, 账号, 報錯, 報表, 导出, 問題
""")

#: What may stand beside thanks and still ask for nothing. A word that isn't here makes the message more than thanks.
COURTESY = _split_phrases("""
    a, all, am, an, amazing, and, answer, as, assistance, at, awesome, best, brilliant, bye, clear, completely, day
    detailed, effort, efforts, everyone, everything, evening, excellent, explanation, explaining, fantastic, fast
    fine, finally, fixing, for, from, fully, get back, getting back, got it, great, guidance, guys, happy, hello, help
    helped, helpful, helping, hey, hi, hint, i, i'm, i've, in, indeed, info, information, instructions, into, is, it
    it's, its, job, just, kind, kindly, like a charm, link, looking into, lot, lots, lovely, me, million, morning
    much, my, nice, now, of, ok, okay, on, our, out, patience, perfect, perfectly, prompt, quick, quickly, ran, really
    regards, replying, reply, response, responding, right, right away, service, smoothly, so, solution, solving
    resolving, sorting, speedy, steps, such, super, superb, support, swift, team, that, that's, thats, the, this, time
    tip, to, today, truly, up, us, very, was, we, week, weekend, well, were, what, whole, wishes, with, wonderful
    work, workaround, yes, yep, you, you're, your, yours, has been, has, been, as expected, sir, madam, dear
    sincerely, are, correctly, properly, normally, confirm, confirmed, advice, article, useful, both, have a, rest
    touch, being in touch, done, everything is, tested, i can confirm, i appreciate, it was, exactly, needed
    what i needed, what we needed, update, noted, mate, letting me know, letting us know, no worries, great news
    good news, confirming, informing, clarifying, clarification, prompte, turnaround, appreciation, feedback
    understood, received, five, stars, star, thumbs, extremely, immediately, alles, alle, antwort, auch, bei, bestens
    besten, damit, das, dem, den, der, die, ein, eine, einen, einwandfrei, es, euch, euer, eure, freundlichen
    freundliche, für, ganz, geholfen, grüße, grüßen, gruß, gut, guten, hallo, hat, herzliche, herzlichen, hilfe
    hilfreich, ich, ihnen, ihre, ihrer, ihr, ist, ja, jetzt, klasse, lg, liebe, mfg, mit, mir, nochmal, nochmals, nun
    perfekt, prima, rasche, schnelle, schnell, schöne, schönen, schönes, sehr, sie, tag, tausend, toll, top, und, uns
    unterstützung, viele, vielen, vom, war, wieder, wir, wirklich, wochenende, wunderbar, bearbeitung, dir, dich
    lieben, lieber, vielmals, passt, noch, rückruf, auskunft, tag noch, schön, alles klar, verstanden, rückmeldung
    haben, mühe, geduld, aide, beaucoup, bien, bon, bonjour, bonne, c'est, cela, ce, cette, ça, cordialement, de, des
    du, est, et, excellente, fois, grand, infiniment, journée, je, la, le, les, l'équipe, maintenant, mille, nous
    parfait, pour, rapide, réponse, rapidité, si, soirée, tout, toute, toutes, très, un, une, vous, votre, vos, à, été
    réactivité, équipe, retour, d'accord, bien reçu, bien noté, reçu, noté, précieuse, précieux, informations
    l'information, l'aide, l'info, l'explication, l'intervention, intervention, suivi, conseils, génial, explications
    professionnalisme, gentillesse, efficacité, ahora, amable, atención, ayuda, buen, buena, buenas, buenos, con, día
    días, el, en, equipo, esta, está, excelente, fin, ha, hola, las, lo, los, mil, muchas, muchísimas, muy, perfecto
    perfectamente, por, quedado, quedó, rapidez, rápida, respuesta, saludos, semana, servicio, se, sido, soporte, su
    tarde, todo, todos, ustedes, usted, vuestra, y, ya, genial, tu, te, que, apoyo, mucho, amables, atento, atenta
    colaboración, de acuerdo, recibido, recibida, entendido, información, paciencia, amabilidad, gestión, rapidísima
    cordial, saludo, noches, tardes, 非常, 十分, 万分, 太, 真的, 真是, 真, 很, 特别, 再次, 衷心, 由衷, 您, 你, 你们
    您们, 大家, 各位, 我们, 我, 团队, 客服, 工程师, 老师, 同事, 小伙伴, 技术, 支持, 帮助, 帮忙, 帮了, 大忙, 协助, 指导
    解答, 回复, 答复, 处理, 反馈, 服务, 耐心, 及时, 迅速, 快速, 高效, 专业, 细致, 详细, 热情, 认真, 效率, 速度, 高, 快
    这么, 那么, 如此, 的, 地, 得, 了, 啦, 哦, 噢, 喔, 哈, 哈哈, 呀, 啊, 呢, 吧, 嗯, 好的, 好, 好嘞, 行, 收到, 明白了
    明白, 知道了, 了解, 了解了, 现在, 目前, 刚才, 刚刚, 今天, 已经, 已, 都, 也, 就, 全部, 完全, 终于, 总算, 按照, 按
    说明, 步骤, 方法, 操作, 试了, 试过了, 试了一下, 测试了, 测试过了, 测试, 确认, 确认过了, 验证, 后, 之后, 是, 对
    这个, 这边, 这次, 为, 和, 与, 以及, 一切, 顺利, 棒, 赞, 厉害, 满意, 完美, 不错, 没问题, 不客气, 您好, 你好, 祝
    祝好, 祝您, 工作, 生活, 愉快, 顺心, 周末, 再见, 付出, 努力, 请放心, 此, 该, 本, 对于, 贵司, 贵公司, 您的, 你的
    咱们, 秒回, 点个, 亲, 協助, 幫助, 幫忙, 處理, 回覆, 支援, 專業, 詳細, 服務, 團隊, 已經, 這個, 你們, 您們, 沒問題
    麻煩您了, 本当に, 大変, 誠に, どうも, 早速, 迅速な, 丁寧な, ご, お, 対応, 対応いただき, 返信, 返答, 回答
    回答いただき, 連絡, 教えていただき, サポート, いただき, くださり, 下さり, の, に, を, で, は, が, も, と, な, 様
    さん, 皆様, おかげさまで, おかげで, 無事, 無事に, こちら, これで, 了解です, 了解しました, 承知しました
    承知いたしました, です, はい, 今後とも, 引き続き, 担当者, ご丁寧に, 丁寧に, ご教示, ご説明, ご案内, ご確認
    お忙しいところ, お忙しい中, お手数をおかけしました, お返事, 早速の, 迅速に, 素早い, よろしくお願いいたします
    よろしくお願いします
""")

#: Words of the lists above that together ask for something, or say that all was well only before.
REQUEST = re.compile(
    r"\blooking for\b|\bhave a (?:look|question|problem|issue)\b|\bconfirm (?:that|it|this|the)\b"
    r"|\bget back to (?:me|us)\b|\bneeded (?:it|this|that|to)\b|\bfor now\b|\bworking (?:on|with|up)\b"
    r"|\b(?:was|were) working\b"
    r"|(?:対応|返信|返答|回答|連絡|サポート)[^。]*願い"
)

#: What ends a clause. Each one has to say something that asks for nothing.
CLAUSES = re.compile(r"[.!,;:\n。！，、；：~～]+")

#: A clause that is an answer to the team's question: "Yes, thanks" has somebody go on. Nobody does after "It works".
ANSWER = re.compile(
    r"(?:yes|yep|both|now|today|right(?: away| now)?|immediately"
    r"|(?:this |the |in the )?(?:week|morning|evening|weekend|day)|this|that"
    r"|ja|heute|jetzt|nun|alle|alles|oui|si|maintenant|tout|toutes|sí|hoy|ahora|todo|todos"
    r"|对的?|是的?|今天|现在|目前|这个|全部|都|はい|これ)"
)
#: A clause that names what somebody wants to have: "Help, thanks", "A quick reply is appreciated".
WANTED = re.compile(
    r"(?:(?:an?|the|some|just|kindly|quick|fast|swift|prompt|speedy|detailed|eine?n?|die|schnelle|rasche|une?|el|la"
    r"|una|su|ihre|deine|votre|vos) )*"
    r"(?:help|reply|response|answer|support|assistance|confirm|guidance|instructions|steps|link|article|info|information"
    r"|advice|explanation|solution|workaround|update|feedback|hilfe|antwort|unterstützung|bearbeitung|rückmeldung|aide"
    r"|réponse|retour|informations?|ayuda|respuesta|atención|apoyo|información)"
    r"(?: (?:me|us|rapide|rápida|now|today|jetzt|heute|right away|immediately|with .*|to .*"
    r"|(?:is |are )?(?:\w+ )?appreciated))*"
    r"|[ごお]?(?:迅速な|丁寧な)?(?:対応|返信|返答|回答|連絡|サポート)[をはがに]?"
)
#: The same behind words that say nothing: "now the link". Not after praise ("great support"), nor where the clause goes
#: on with the thanks ("for all your help").
PROBLEM_REFERENCE = re.compile(
    r"^(?!for\b|für\b|pour\b|por\b|de\b|with\b|mit\b|best\b|kind\b).*"
    r"\b(?:help|reply|response|answer|assistance|instructions|steps|link|article|info|information|advice|explanation"
    r"|workaround|hilfe|antwort|unterstützung|bearbeitung|rückmeldung|auskunft|aide|réponse|informations?|ayuda"
    r"|respuesta|información)$"
)
PRAISE = re.compile(
    r"\b(?:great|good|excellent|perfect|super|superb|amazing|awesome|brilliant|fantastic|nice|lovely|wonderful|helpful"
    r"|best|clear|toll|gute?r?|klasse|prima|perfekt|schön|wunderbar|parfaite?|excellente?|génial|bonne?|excelente"
    r"|genial|buena?|perfecta?o?|what an?|such an?)\b"
)
#: In Chinese a verb alone is a request. It is none behind the thanks, or where it has been done.
VERB_HAN = re.compile(
    r"处理|回复|答复|确认|协助|帮忙|指导|解答|反馈|支持|测试|验证|操作|说明|步骤|方法|帮助|處理|回覆|協助|幫忙|支援"
)
DONE_HAN = re.compile(r"[了过過已很太真按照]|非常|特别|十分|这么|如此|[您你][们們]?的|正常|可以")

#: Asking without a question mark, at the start of a sentence.
OPENING = re.compile(
    r"(?:how|why|when|where|which|who|whom|whose|what(?!\s+an?\b|\s+(?:i|we)\b)|can (?:you|i|we|someone)|"
    r"could (?:you|i|we|someone)|would (?:you|it)|will (?:you|it|this)|"
    r"(?:is|was|has) (?:there|it|this|that|the|everything)|"
    r"(?:are|were|have) (?:there|you|we|they|these|the)|did (?:it|this|that|the)|"
    r"do (?:you|i|we)|does|did you|may i|should (?:i|we)|any (?:update|news)|"
    r"wie|warum|wieso|weshalb|wann|wo|wer|welche[rsmn]?|kann (?:ich|man)|können (?:sie|wir)|könnten (?:sie|wir)|"
    r"gibt es|(?:ist|war|hat|funktioniert|läuft|klappt|geht) (?:das|es|dies|der|die)|"
    r"comment|pourquoi|quand|où|quel(?:le)?s?|est-ce|pouvez-vous|pourriez-vous|y a-t-il|"
    r"cómo|por qué|cuándo|dónde|cuál|puede|podría|pueden|podrían|hay alguna?)\b"
)
#: The same behind a comma, where "which" and "where" alone only go on with a statement.
CLAUSE = re.compile(
    r"(?:how|why|when|where|which|what)(?: \w+)? "
    r"(?:do|does|did|can|could|should|will|is|are) (?:i|we|you|it|this|that|there)\b"
    r"|(?:can|could|would) you\b|(?:kann ich|können sie|könnten sie|pouvez-vous|pourriez-vous|est-ce qu|puede|podría)\b"
    r"|(?:ist|war|hat|funktioniert|läuft|klappt|geht) (?:das|es)\b"
)
#: The same anywhere in a sentence.
WONDERING = re.compile(r"\bi (?:was|am|'m) wondering\b|\blet me know (?:if|how|when|whether)\b")
#: The same in Chinese and Japanese, where nothing divides words.
ASKING_HAN = re.compile(
    r"(?:吗|嗎|么)(?:[。，,.!！~～\s]|$)|怎么(?:样|办|弄|做|回事)?|怎麼|如何|为什么|为何|為什麼|(?<!没)(?<!没有)什么|何时"
    r"|哪里(?:能|可以|有|找)|能否|可否|是否|请问|請問|有没有|有沒有|能不能|可不可以|是不是|多久|多少|几点"
    r"|ですか|ますか|でしょうか|ませんか|ましたか"
)
