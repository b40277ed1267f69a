"""Chinese: Mandarin and Cantonese, written simplified here; traditional characters are folded to these."""

from bot.core.wording.grammar import Page

TRADITIONAL = "zh_Hant"
_FOLDED = (
    "訂订 閱阅 簡简 訊讯 傳传 發发 別别 號号 碼码 電电 話话 聯联 絡络 騷骚 擾扰 煩烦 請请 麻麻 "
    "幫帮 給给 對对 錯错 單单 刪删 將将 從从 資资 關关 閉闭 終终 銷销 撤撤 權权 廣广 垃垃 圾圾 "
    "為为 麼么 什什 們们 說说 過过 來来 這这 種种 還还 會会 沒没 優优 惠惠 結结 謝谢 夠够 舉举 "
    "報报 檢检 訴诉 繫系 絕绝 間间 點点 樣样 貨货 車车 場场 業业 週周 時时 帳账 戶户 員员 個个 "
    "誰谁 邊边 講讲 喺在 嚟来 哋们 嘅的 啲些 畀给 俾给 冇没 咗了 佢他 係是 唔不 咪咪 攪搅 機机 "
    "數数 據据 庫库 冊册 寫写 進进 郵邮 鎖锁 黑黑 滾滚 東东 準准 許许 須须 讓让 該该 無无 興兴 "
    "趣趣 實实 願愿 聽听 後后 裡里 裏里 嗎吗 喔哦 併并 繼继 續续 總总 經经 記记 錄录 應应 務务 "
    "於于 兩两 處处 產产 內内 勞劳 駕驾 託托 認认 禮礼 則则 現现 貴贵 開开 啟启 見见 張张 題题 "
    "親亲 屬属 稱称 頻频 擇择 隨随 與与 當当 動动 馬马 趕赶 緊紧 氣气 殺杀 買买 賣卖 換换 導导 "
    "護护 慣惯 虛虚 傷伤 塊块 覺觉 醒醒 罵骂 徹彻 獲获 逝逝 遺遗 囉啰"
)
SIMPLIFIED = {ord(pair[0]): pair[1] for pair in _FOLDED.split()}
_FOLDS = frozenset(chr(code) for code, to in SIMPLIFIED.items() if chr(code) != to)


def is_traditional(text: str) -> bool:
    """Tell whether a text has a traditional, or Cantonese, character."""
    return not _FOLDS.isdisjoint(text)


# After folding, Cantonese 唔好 is 不好, 唔想 不想, 畀我 给我, 唔該 不该.
PAGE = Page(
    language="zh_Hans",
    spaced=False,
    words={
        "stop": "停止 停掉 停了 停下 停 中止 终止 stop 打住 住手 让它停下 让它停 消停 停一停 消停点 停了吧",
        "thing": "东西 这些东西 这种东西 这个 这些 这种 啥",
        "not": (
            "别 不要 请勿 勿 不用 不准 不许 甭 不好 咪 不必 不可以 莫 不得 切勿 别来 禁止 不可 休 请别 "
            "不需要 不再 不该再 毋须 无须 无需 请不要 未经同意不要 拒绝 不使 不洗 少 别tm 別 不好再 不必再"
        ),
        "nwant": (
            "不要 不想 不需要 不想要 不愿 不愿意 不希望 不用 不再 没必要 不该 不会再 不欲 拒绝 谢绝 不同意 "
            "不接受 不需 没兴趣 对没兴趣 不感兴趣 无需 毋须 不稀罕"
        ),
        "again": "再 继续 老 老是 一直 总 总是 再次 天天 整天 以后 今后 再也 再给 成日 日日",
        "contact": "骚扰 打扰 扰 联系 联络 烦 搵 吵 搅 找 滋扰 轰炸 推销 再烦 来烦 联系了 缠 写来 再写",
        "call": "打电话给 打电话 打给 致电 打电话来 来电",
        "send": (
            "发 发送 传 传送 寄 寄送 推送 send 发来 传来 寄来 推 发给 传给 寄给 发到 send来 送 群发 投递 "
            "推给 发过来 sms"
        ),
        "message": (
            "短信 消息 信息 讯息 简讯 短讯 广告 推广 推销 推送 通知 垃圾短信 垃圾广告 营销 营销信息 "
            "营销短信 sms 简信 宣传 推广短信 推广信息 广告短信 短信通知 促销 促销短信 促销信息 优惠短信 "
            "优惠信息 广告信息 msg message 传单 电子报 群发短信 骚扰短信 骚扰信息 微信 短消息 提醒 讯 推播 "
            "推播通知 宣传短信 垃圾信息 垃圾讯息 这类短信 短訊 资讯"
        ),
        "content": "优惠券 优惠 链接 折扣 券",
        "me": (
            "我 给我 向我 对我 跟我 我们 本人 我手机 我的手机 到我手机 这个号码 此号码 本号码 我这里 我这 "
            "我这边"
        ),
        "number": (
            "号码 电话 手机号 手机号码 电话号码 联系方式 手机 联络方式 联络资料 资料 个人信息 联系电话 号 "
            "手提 电话号 个人资料 信息 门号 个资 number no"
        ),
        "list": (
            "名单 列表 通讯录 群发名单 数据库 系统 联系人 发送名单 名册 发送列表 客户名单 资料库 联络人 "
            "清单 群组 邮件列表 会员名单 推送名单"
        ),
        "remove": (
            "删除 删掉 删了 删去 删 移除 移出 剔除 去掉 去除 除名 拿掉 拉出 移走 抹掉 清除 注销 忘了 忘记 "
            "踢出 剔走 删咗 del delete 删除掉 停止利用 弄出去 弄走 弄掉 拿走"
        ),
        "cancel": "取消 关闭 关掉 关了 关 解除 注销 终止 停用 cut 停咗 屏蔽",
        "subscription": "订阅 短信订阅 短信服务 订阅服务 短信业务 推送服务 简讯服务 短讯服务",
        "unsub": (
            "退订 退定 推订 退顶 推定 取消订阅 取消订购 取消关注 解除订阅 拒收 拒绝接收 取消短信订阅 "
            "回td退订 td退订 退阅 取消接收 停止订阅 终止订阅 不订了 不订阅了 退订了 注销订阅 不再订阅 退群 "
            "unsub unsubscribe 不想订了 拒绝接受 不再接收 不接收 取消订閱 t退订 回t退订 拒接 td"
        ),
        "consent": "同意 授权 许可 同意书",
        "revoke": "撤回 撤销 收回 取消 撤消",
        "begone": "别烦 放过我 离我远点 莫挨我 饶了我 别骚扰 勿扰 少来烦我 咪烦 别吵我",
        "stranger": (
            "打错了 打错 发错人了 发错人 传错人了 传错人 号码错了 错号 打错电话了 打错电话 发错了 你打错 "
            "号码不对 找错人 不认识你们 不认识你 你是谁 你们是谁 你边位 不是本人 搞错人 认错人 寄错人 "
            "搞错了 错电话 打错啦 这不是他的号码 搵错人 找错 搵错 找错人了 send错 send错人 你是边个 边个来 "
            "认错人了 打错号码 发错号码 传错号码"
        ),
        "i_am_not": "我不是",
        "complaint": (
            "太频繁 太频密 不感兴趣 没兴趣 没有兴趣 没订阅过 从没订阅 没有订阅 无兴趣 不曾订阅 从来没订阅"
        ),
        "spam": "垃圾短信 垃圾广告 骚扰短信 垃圾简讯 垃圾讯息 垃圾信息 诈骗",
        "too_many": "太多 太多了 好多 太频繁 太频密 这么多 那么多 不停 过多 泛滥",
        "nreceive": "不收到 不收 不再收到 不会收到 不会再收到 不会收 收不到这些",
        "fewer": "少发 少发点 少传 少传一点 少发一点 少寄 少推送 减少 不要发这么多 少些",
        "block": "拉黑 投诉 举报 检举 起诉 报警 封锁 屏蔽 黑名单",
        "account": "账号 帐号 账户 会员 会籍 户口",
        "only": "只要 只发 只需要 只想要 仅限 只收 只传 只想收",
        "why": "为什么 为何 干嘛 怎么 点解 做咩 为啥 凭什么",
        "source": (
            "哪来我的 怎么有我 为什么有我 从哪得到我 给你我的 给你们我的 给我电话你 哪里拿到我 怎么知道我 "
            "怎么得到我 谁给你 哪里来的我的 点会有我 谁给的 边个给 泄露我 哪里弄到我 从哪里得到我 "
            "哪里得到我 怎么拿到我 从哪弄到我 点解有我 为何有我 怎会有我 如何得到我 哪儿来的我"
        ),
        "enough": "够了 够了吧",
        "small": (
            "了 的 吗 吧 啊 呀 啦 喇 嘛 呢 哦 请 我 你 您 你们 您们 贵司 贵公司 贵店 都 这些 这种 这类 此类 "
            "任何 所有 全部 一切 这个 那些 些 呢些 来 去 过来 就 还 也 把 将 从 给 一下 再 什么 没用的 "
            "无聊的 里 中 里面 内 到 有关 关于 掉 咯 各种 该 此 每天 乱 随便 以后 今后 之后 对 向 那种 好 "
            "很 一直 又 他妈 妈的 tmd 他妈的 几 条 封 则 们 那个 地 不停 垃圾 烦人的 我的 这样 继续 可恶的 "
            "该死的 啰 囉 喎 㗎 嘞 啫 其 本 手机 上 收 收到 接收 我们 嘢 这么 那么 过 tm 个 住 他 她 呢个 "
            "同 咁 已经 先 此前 先前 晒 嗮 曬 往 由 度 边 到底"
        ),
        "lead": (
            "请 麻烦 帮 帮我 帮忙 求求 求 拜托 谢谢 谢谢您 谢谢你 多谢 不该 不该你 我 我要 我想 要 想 你 "
            "你们 您 们 您好 你好 能不能 可不可以 可以 能否 可否 可以吗 好吗 行吗 行不行 好不好 好了 够了 "
            "滚 烦死了 烦死 好烦 烦 真烦 真的 立即 马上 立刻 现在 以后 今后 从今以后 从现在起 快 赶紧 直接 "
            "全部 所有 统统 哈 喂 嗨 hi hello ok thx thanks please pls plz 吗 能 会 就 td t 回复 我说了 "
            "说了 已经 一律 都 给 好 再 之后 强烈 要求 申请 需要 希望 本人 即日起 全都 永久 彻底 唉 拉黑了 "
            "封锁了 感谢 劳驾 啊 务必 帮手 想要 不好意思 烦请 敬请 唔该 快点 早点 也 又 还 就行 算了 气死了 "
            "傻逼 神经病 有病 去死 靠 操 妈的 他妈的 贵司 亲 小姐 先生 谢 拜托了 到底 够 最后一次 警告 很烦 "
            "太烦了 烦人 别 请问能 麻烦你 麻烦您 ga la la- 喇 啦"
        ),
        "join": "但是 但 而且 因为 所以 不然 否则 并且 并 和 跟 或者 或 就",
        "if": (
            "如果 若 假如 要是 万一 不小心 误 会不会 是不是 有没有 没 没有 为什么不 怎么不 还没 何时 什么时候"
        ),
        "ask": "怎么 怎样 如何 点样 点 怎样才能 怎么才能 哪里 在哪 哪里可以 怎么样才能 咋 怎麽",
        "limit": (
            "晚上 半夜 夜里 深夜 凌晨 早上 中午 周末 星期天 星期日 上班 工作时间 太晚 这么晚 点后 点以后 "
            "之前 暂时 先 这周 一周 一个月 每天 天天 这么多 那么多 频繁 这么频繁 除了 除非 只 老婆 老公 "
            "妈妈 爸爸 朋友 邮件 email 半夜三更 清晨 今天 明天 今晚 节假日 两周 两个星期 一个星期 太早"
        ),
        "ordinary": (
            "收据 收费 收现金 收钱 发货 发票 发错 发快递 发顺丰 传错 寄错 传真 别人 别的 别墅 别家 别处 "
            "别客气 特别 区别 个别 级别 性别 告别 分别 停车 停车场 停车位 停电 停业 停站 停下来 停不 终点 "
            "终于 退款 退货 退房 退出 取消订单 删除地址 烦恼 停产 停工 暂停 停水 咪錶 不停电 关门 关于 关注 "
            "关系 联系方式是 取消预约 传统 发现 发生 发型 送货 送到 送礼 寄到 取消会 好发 开发 不要紧 "
            "不用找 推荐 找零 找钱 打扰了 打扰一下 订单通知 到货通知 号码牌 不好吃 不好喝 不好意思 不好看 "
            "不要停 别停 不错 不想停 几点 狗 点错 点单 点餐"
        ),
        "isnt": "不是 不再是 已经不是 早就不是 换人了 换了主人 不是我的 不属于 已不属于 已经不属于",
        "gone": "去世 过世 离世 往生 身故 病逝 逝世 离开人世 走了好",
        "never": "从来没有 从来没 从没 从未 没有 没 未曾 不曾 未 根本没 根本没有",
        "enrolled": (
            "注册 注册过 登记 登记过 申请 申请过 订过 订阅过 报名 报过名 留过 填过 订阅 加入过 要求 要求过 "
            "同意过 答应过"
        ),
        "who": "谁让你们 谁叫你们 谁准你们 谁给你们权利 谁让你 谁叫你 边个叫你 谁准你",
        "rude": "滚 滚开 滚蛋 滚远点 去死 收皮 仆街 死开 闭嘴 收声 去你的",
        "permit": "授权 同意 允许 批准 许可",
        "quit": "退出 退掉 退出群发",
        "said": "回了 回复了 回复过 说了 讲了 话了 都说 都话 回过 讲过 说过 回覆了",
        "object": "订单 单 外卖 预约 订位 地址 字 订房",
        "most": "最多 顶多 只 不超过 至多",
        "rate": "每周 一周 一星期 每星期 一个礼拜 每个礼拜 每月 一个月 每天 一天",
        "elsewhere": "健身房 抖音 手机解锁 房租 微博 网易云",
        "praise": "好好味 好味 太好吃 好吃 好喝 好饮",
        "one": "一条 一则 两条 一次",
        "give": "给过",
        "tired": "受够 受够了 受不了 厌倦 烦透 厌烦",
        "still": "还 还在 仍 仍然 依然 继续 仲",
        "customer": "会员 客户 顾客 客人",
        "miss": "错过",
        "unsubbed": "退订过 已经退订 已退订 都退订 就退订",
        "wrong": "错人",
        "calm": "消停 冷静",
        "program": "计划 活动 会员计划",
        "nth": "第二次 第三次 第四次 第n次 最后一次 再三",
        "nobody": "没人 没有人 无人 冇人",
        "asked": "想 要 想要 叫 让",
        "wish": "希望 该 应该",
        "end": "停 停了 停了吧",
        "can": "能不能 可以 可不可以 有没有办法",
        "switch_off": "关掉 关闭 熄 熄了 熄咗 停掉",
    },
    triggers="nreceive nwant i_am_not why send again gone never rude quit enough isnt",
    plain=(
        "not again? me? again? send me? again? thing? $",
        "not again? me? again? send me? thing? message|content",
        "not me? again? contact $",
        "not again? contact me",
        "not 'line' me not? again? send",
        "nwant again? message $",
        "nwant again? thing? message $",
        "nwant again? '收'|'收到'|'接收'|'看到'|'接到'|'接'",
        "^ unsub $",
        "^ unsub message|subscription|number",
        "stranger unsub",
        "message unsub $",
        "^ stop thing? send|message",
        "stop me? send",
        "stop '给'|'向' me send",
        "stop contact",
        "cancel thing? message|subscription",
        "'把'|'将' number remove",
        "'把'|'将' me number? remove",
        "'把'|'将' me list remove",
        "'把'|'将' number list remove",
        "'把'|'将' me remove list",
        "list remove me",
        "me list remove",
        "remove me number",
        "remove number $",
        "^ remove number",
        "remove me $",
        "number remove $",
        "revoke consent",
        "again send ... block",
        "again send me? block",
        "again contact ... block",
        "i_am_not ... not me? again? send|contact",
        "i_am_not ... unsub",
        "revoke ... consent",
        "said ... stop|unsub",
        "rude not",
        "quit message|send|list",
        "number remove",
        "not again? me? send $",
        "'将'|'把' ... number remove",
        "never permit ... number|send|message|contact",
        "stranger ... not send",
        "not again message me",
        "cancel message",
        "not again? send thing? me $",
        "not me again? send",
        "me ... list remove",
    ),
    unclear=(
        "ask unsub",
        "ask not again? send",
        "ask ... nreceive message",
        "ask '不' '收'|'收到' message",
        "ask cancel thing? message|subscription",
        "ask stop thing? send|message",
        "message too_many",
        "too_many message",
        "'发'|'传' ... message too_many",
        "^ fewer",
        "^ block $",
        "why again me? send",
        "why again send",
        "why again me? send message",
        "why me? again? send message",
        "i_am_not",
        "source",
        "only ... message",
        "account remove|cancel",
        "remove|cancel account",
        "^ complaint $",
        "^ complaint message|stop|unsub|not",
        "^ stranger",
        "^ not me? send thing? message limit",
        "ask '可以'|'能'|'先'? cancel thing? $",
        "never enrolled thing? $",
        "^ number isnt",
        "^ me isnt",
        "number isnt ... $",
        "alone ^ enough $",
        "who send",
        "who ... send|contact",
        "stranger $",
        "source ... number",
        "rate most",
        "most ... rate ... message",
        "gone",
        "ask quit thing? $",
        "ask nreceive thing? $",
        "ask ... nreceive $",
        "'是' spam",
        "'是'|'算' contact $",
        "^ '这是' spam|contact",
        "ask ~ nreceive",
        "'把'|'将' me ~ remove $",
        "^ quit $",
        "not contact $",
    ),
    innocent=(
        "not stop",
        "not cancel",
        "not unsub",
        "'不要' '停'",
        "'会' unsub",
        "not again? send '错'",
        "'忘' send",
        "nwant '停'",
        "stop '营业'|'供应'",
        "'为什么不'|'怎么不' ... send",
        "stranger '字'",
        "'回复'|'回覆' unsub|stop unsub?",
        "unsub object",
        "stranger object",
        "not '寄'|'送'|'传真' $",
        "cancel object",
        "remove object",
        "object ... not",
        "not object",
        "'好' rude",
        "rude '烫'|'水'|'热'",
        "number isnt '五位'|'对'",
        "never enrolled '会员'",
        "not '找' $",
    ),
)
