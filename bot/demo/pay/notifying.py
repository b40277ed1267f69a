"""The notices of the loopback WeChat Pay: signed, sealed, told until taken, or doubled, late and lost."""

import asyncio
import json
import secrets
import uuid
from collections.abc import Callable
from datetime import datetime

import aiohttp
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from bot.demo.pay.book import told_at
from bot.demo.pay.crypto import sealed, signed
from bot.demo.pay.faults import Faults

RETRY_SECONDS = (15.0, 15.0, 30.0, 180.0, 600.0, 1200.0, 1800.0, 1800.0, 1800.0, 3600.0, 10800.0)
"""https://pay.weixin.qq.com/doc/v3/merchant/4012791861, the first of them."""
_TIMEOUT = aiohttp.ClientTimeout(total=5)
_TAKEN = frozenset({200, 204})


class Notifier:
    """Tells a merchant's server; `told` is what was answered to each try, by what it was about."""

    def __init__(
        self,
        key: RSAPrivateKey,
        key_id: str,
        apiv3_key: str,
        faults: Faults,
        clock: Callable[[], datetime],
        retry_seconds: tuple[float, ...] = RETRY_SECONDS,
    ) -> None:
        self.told: list[tuple[str, int]] = []
        self.retry_seconds = retry_seconds
        self._key, self._key_id, self._apiv3_key = key, key_id, apiv3_key
        self._faults, self._clock = faults, clock
        self._session: aiohttp.ClientSession | None = None
        self._telling: set[asyncio.Task[None]] = set()
        self._busy = 0
        self._at_rest = asyncio.Event()
        self._at_rest.set()

    async def open(self) -> None:
        """Begin to tell."""
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT)

    async def close(self) -> None:
        """Tell nothing more."""
        for task in self._telling:
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def settle(self) -> None:
        """Wait until nothing is being told at this moment; what is to be told again later stays."""
        await self._at_rest.wait()

    def tell(self, url: str, event: str, kind: str, resource: dict[str, object]) -> None:
        """Tell it, until it is taken."""
        if not url or self._faults.take("lose_notice", path=event):
            return
        body = self._written(event, kind, resource)
        late = self._faults.take("late_notice", path=event)
        times = 2 if self._faults.take("double_notice", path=event) else 1
        for _ in range(times):
            self._begin()
            task = asyncio.create_task(self._until_taken(url, event, body, late.seconds if late else 0.0))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def probe(self, url: str) -> int:
        """Look whether a server verifies signatures; returns what it answered."""
        body = self._written("TRANSACTION.SUCCESS", "transaction", {})
        headers = self._headers(body)
        headers["Wechatpay-Signature"] = f"WECHATPAY/SIGNTEST/{headers['Wechatpay-Signature']}"
        return await self._post(url, body, headers)

    async def post(self, url: str, body: bytes, **changed: str) -> int:
        """Post a body with headers of ours, some of them changed; returns what was answered."""
        named = {name.replace("_", "-"): text for name, text in changed.items()}
        return await self._post(url, body, self._headers(body) | named)

    def _written(self, event: str, kind: str, resource: dict[str, object]) -> bytes:
        nonce = secrets.token_hex(6)
        text = json.dumps(resource, ensure_ascii=False).encode()
        told = {
            "id": str(uuid.uuid4()),
            "create_time": told_at(self._clock()),
            "resource_type": "encrypt-resource",
            "event_type": event,
            "summary": "",
            "resource": {
                "original_type": kind,
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": sealed(self._apiv3_key, text, nonce, kind),
                "associated_data": kind,
                "nonce": nonce,
            },
        }
        return json.dumps(told, ensure_ascii=False).encode()

    def _headers(self, body: bytes) -> dict[str, str]:
        timestamp, nonce = str(int(self._clock().timestamp())), secrets.token_hex(16)
        return {
            "Content-Type": "application/json",
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": self._key_id,
            "Wechatpay-Signature": signed(self._key, timestamp, nonce, body),
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        }

    async def _until_taken(self, url: str, event: str, body: bytes, late_seconds: float) -> None:
        await asyncio.sleep(late_seconds)
        for wait in (*self.retry_seconds, None):
            status = await self._post(url, body, self._headers(body))
            self.told.append((event, status))
            self._end()
            if status in _TAKEN and not self._faults.take("lose_notice_answer", path=event):
                return
            if wait is not None:
                await asyncio.sleep(wait)
                self._begin()

    def _begin(self) -> None:
        self._busy += 1
        self._at_rest.clear()

    def _end(self) -> None:
        self._busy -= 1
        if not self._busy:
            self._at_rest.set()

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        assert self._session is not None, "it was opened"
        try:
            async with self._session.post(url, data=body, headers=headers) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0
