"""Traditional characters for sentences written in simplified ones, with the words of Taiwan and Hong Kong.

Only what our own sentences need is here: a test looks for what a new one lacks.
"""

from functools import lru_cache

WORDS = {
    "一目了然": "一目瞭然",
    "二维码": "二維碼",
    "小程序": "小程式",
    "没关系": "沒關係",
    "一并": "一併",
    "保存": "儲存",
    "信息": "資訊",
    "制作": "製作",
    "刷新": "重新整理",
    "发送": "傳送",
    "合并": "合併",
    "回复": "回覆",
    "复制": "複製",
    "打开": "開啟",
    "支持": "支援",
    "数据": "資料",
    "查看": "檢視",
    "概率": "機率",
    "消息": "訊息",
    "登录": "登入",
    "短信": "簡訊",
    "积分": "點數",
    "网络": "網路",
    "联系": "聯絡",
    "通过": "透過",
    "邮件": "郵件",
    "重复": "重複",
    "链接": "連結",
    "账": "帳",
    "里": "裡",
}
"""Whole words come first: they are other words, or their characters are written in more than one way."""
_SIMPLIFIED = (
    "与专业丢两个为么买于产仅从们价优会体余兑关内写准减几凭则刚删别办动励单双发变号后吗员周响图处"
    "备复够头奖实对导将届属帮并应废开弃张当录态总户托抢护择换据数断无旧时显暂机权条来标样检欢没满"
    "点状现盘码确礼种积称签简类约级组细经绑结给络绝统继续维编网联获营补见规计订认让记证识试该详语"
    "说请读谢账货购费资赠转达过运还这进适选递遗邮里钟钱链销键长门闭问间阅随隐页项须预领频题额马验"
)
_TRADITIONAL = (
    "與專業丟兩個為麼買於產僅從們價優會體餘兌關內寫準減幾憑則剛刪別辦動勵單雙發變號後嗎員週響圖處"
    "備復夠頭獎實對導將屆屬幫並應廢開棄張當錄態總戶託搶護擇換據數斷無舊時顯暫機權條來標樣檢歡沒滿"
    "點狀現盤碼確禮種積稱簽簡類約級組細經綁結給絡絕統繼續維編網聯獲營補見規計訂認讓記證識試該詳語"
    "說請讀謝賬貨購費資贈轉達過運還這進適選遞遺郵裡鐘錢鏈銷鍵長門閉問間閱隨隱頁項須預領頻題額馬驗"
)
_CHARACTERS = str.maketrans(_SIMPLIFIED + "“”", _TRADITIONAL + "「」")


@lru_cache(maxsize=1024)
def traditional(text: str) -> str:
    """Return a sentence in traditional characters; names in braces stay as they are."""
    for word, other in WORDS.items():
        text = text.replace(word, other)
    return text.translate(_CHARACTERS)
