"""The error codes of the loopback WeChat's API: they come inside an HTTP 200.

https://developers.weixin.qq.com/doc/oplatform/Return_codes/Return_code_descriptions_new.html
"""

BUSY = -1
BAD_TOKEN, NO_TOKEN_AT_ALL, ILLEGAL_TOKEN, EXPIRED_TOKEN = 40001, 41001, 40014, 42001
OUT_OF_WINDOW, OVER_QUOTA, NO_GRANT = 45015, 45047, 43101
BAD_FIELD, DAY_USED_UP, MINUTE_USED_UP, BAD_OPENID = 47003, 45009, 45011, 40003
NOT_FOLLOWING, NOT_ALLOWED, NOT_WHITELISTED = 43004, 48001, 40164
BAD_CODE, USED_CODE, NO_CODE, BLOCKED, NOT_RELEASED = 40029, 40163, 41008, 40226, 85079

_WORDS = {
    -1: "system error",
    0: "ok",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40004: "invalid media type",
    40007: "invalid media_id",
    40008: "invalid message type",
    40009: "invalid image size",
    40013: "invalid appid",
    40014: "invalid access_token",
    40016: "invalid button count",
    40017: "invalid button type",
    40018: "invalid button name size",
    40019: "invalid button key size",
    40020: "invalid button url size",
    40023: "invalid sub button count",
    40024: "invalid sub button type",
    40025: "invalid sub button name size",
    40029: "invalid code",
    40035: "invalid parameter",
    40037: "invalid template_id",
    40097: "invalid args",
    40125: "invalid appsecret",
    40129: "invalid scene",
    40163: "code been used",
    40164: "invalid ip {ip} ipv6 ::ffff:{ip}, not in whitelist",
    40169: "invalid length for scene, or the data is not json string",
    40200: "message type not supported by this account",
    40212: "invalid query",
    40226: "code blocked",
    40243: "AppSecret has been frozen",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41005: "media data missing",
    41008: "missing code",
    41030: "invalid page",
    42001: "access_token expired",
    43002: "require POST method",
    43004: "require subscribe",
    43101: "user refuse to accept the msg",
    44002: "empty post data",
    44004: "empty content",
    45002: "content size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    45072: "invalid command",
    45080: "a message must have been exchanged within 30 seconds",
    45081: "already typing",
    46003: "menu no exist",
    47001: "data format error",
    47003: "argument invalid! {field} invalid",
    48001: "api unauthorized",
    61010: "code is expired",
    65401: "invalid custom service account",
    65415: "the session is not open",
    85079: "miniprogram has no online release",
    85401: "time limit between 1min and 30 days",
    85402: "invalid env_version",
    1400001: "the phone numbers are used up",
    10060001: "支付单不存在",
    10060003: "支付单已使用重新发货机会",
    10060005: "物流类型有误",
}


class PlatformError(Exception):
    """The answer is this code; `said` fills what its words leave open (`field`, `ip`)."""

    def __init__(self, code: int, **said: str) -> None:
        super().__init__(code)
        self.code = code
        words = _WORDS.get(code, "refused")
        self.errmsg = (
            words.format(**said) if said else words.replace("{field}", "a field").replace("{ip}", "")
        )
