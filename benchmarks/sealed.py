"""Safe mode apart from the bot's own: what the platform posts, and the least that an answer costs."""

import base64
import hashlib
import time
from xml.etree import ElementTree as ET

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PATH = "/wechat/shop"
APPID = "wx0123456789abcdef"
TOKEN = "benchmarks"  # noqa: S105 - as it says
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
KEY = base64.b64decode(AES_KEY + "=")
_CIPHER = Cipher(algorithms.AES(KEY), modes.CBC(KEY[:16]))
_ACCOUNT = "gh_123456789abc"


def openid(member: int) -> str:
    """Who a member is in the official account."""
    return f"o{member:027}"


def sign(*texts: str) -> str:
    """Sign as https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html."""
    return hashlib.sha1("".join(sorted([TOKEN, *texts])).encode(), usedforsecurity=False).hexdigest()


def seal(message: bytes, random: bytes) -> str:
    whole = random + len(message).to_bytes(4, "big") + message + APPID.encode()
    padding = 32 - len(whole) % 32
    encryptor = _CIPHER.encryptor()
    return base64.b64encode(encryptor.update(whole + bytes([padding]) * padding)).decode()


def opened(sealed: str) -> bytes:
    whole = _CIPHER.decryptor().update(base64.b64decode(sealed))
    return whole[20 : 20 + int.from_bytes(whole[16:20], "big")]


def sealed_post(port: int, member: int, text: str, key: str) -> bytes:
    """An incoming text message, signed now."""
    serial = int(hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()[:15], 16)
    at, nonce = str(int(time.time())), str(serial % 10**10)
    message = (
        f"<xml><ToUserName><![CDATA[{_ACCOUNT}]]></ToUserName><FromUserName><![CDATA[{openid(member)}]]>"
        f"</FromUserName><CreateTime>{at}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{text}]]></Content><MsgId>{serial}</MsgId></xml>"
    )
    sealed = seal(message.encode(), f"{serial % 10**16:016}".encode())
    body = (
        f"<xml><ToUserName><![CDATA[{_ACCOUNT}]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    )
    query = (
        f"signature={sign(at, nonce)}&timestamp={at}&nonce={nonce}&openid={openid(member)}&encrypt_type=aes"
        f"&msg_signature={sign(at, nonce, sealed)}"
    )
    head = (
        f"POST {PATH}?{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: Mozilla/4.0\r\n"
        f"Content-Type: text/xml\r\nAccept: */*\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


def bare_round_trip(body: bytes, at: str, nonce: str, signature: str, reply: str) -> bytes:
    """Verify, open, parse, answer and seal, with nothing around it: no bot can leave that out."""
    sealed = ET.fromstring(body).findtext("Encrypt") or ""  # noqa: S314 - of our own making
    assert sign(at, nonce, sealed) == signature, "it was signed so"
    push = ET.fromstring(opened(sealed))  # noqa: S314 - as above
    answer = (
        f"<xml><ToUserName><![CDATA[{push.findtext('FromUserName')}]]></ToUserName>"
        f"<FromUserName><![CDATA[{push.findtext('ToUserName')}]]></FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{reply}]]></Content></xml>"
    )
    again = seal(answer.encode(), b"0123456789abcdef")
    return (
        f"<xml><Encrypt><![CDATA[{again}]]></Encrypt><MsgSignature><![CDATA[{sign(at, nonce, again)}]]>"
        f"</MsgSignature><TimeStamp>{at}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
    ).encode()
