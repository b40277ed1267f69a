# mypy: ignore-errors
# The peers live in a virtual environment of their own, which the type checker does not see.
"""aiogram 3 behind its webhook, state in its memory storage: the same conversation in its own idiom.

Nothing is durable and nothing deduped. Its session answers at once instead of calling Telegram.
"""

import os
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.session.base import BaseSession
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.memory import MemoryStorage
from aiogram.methods import SendMessage, TelegramMethod
from aiogram.types import Chat, Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web

HELP = "Bean & Leaf rewards: text BALANCE, REWARDS or LOYALTY."
REWARDS = [(f"Reward {i}", 100 * i) for i in range(1, 13)]
router = Router()


class Joining(StatesGroup):
    name = State()


class LoopbackSession(BaseSession):
    """Telegram's side of the network, left out: a sent message is returned as Telegram would."""

    async def make_request(self, bot: Bot, method: TelegramMethod, **options: object) -> object:
        del options  # the time a call over the network may take
        if isinstance(method, SendMessage):
            chat = Chat(id=method.chat_id, type="private")
            return Message(message_id=1, date=datetime.now(UTC), chat=chat, text=method.text).as_(bot)
        return True

    async def stream_content(self, *args: object, **options: object) -> AsyncGenerator[bytes, None]:
        del args, options
        yield b""

    async def close(self) -> None:
        pass


@router.message(F.text.upper() == "LOYALTY")
async def loyalty(message: Message, state: FSMContext) -> None:
    member = await state.get_data()
    if member:
        await message.answer(
            f"Welcome back, {member.get('name', 'friend')}! You have ${member['balance'] / 100:.2f}."
        )
        return
    await state.update_data(balance=500)
    await state.set_state(Joining.name)
    await message.answer("Welcome! We put $5.00 in your wallet. What shall we call you?")


@router.message(F.text.upper() == "BALANCE")
async def balance(message: Message, state: FSMContext) -> None:
    member = await state.get_data()
    await message.answer(f"You have ${member.get('balance', 0) / 100:.2f}.")


@router.message(F.text.upper() == "REWARDS")
async def rewards(message: Message, state: FSMContext) -> None:
    member = await state.get_data()
    fitting = [title for title, price in REWARDS if price <= member.get("balance", 0)]
    await message.answer("You can have: " + ", ".join(fitting))


@router.message(F.text.upper() == "HELP")
async def help_(message: Message) -> None:
    await message.answer(HELP)


@router.message(Joining.name, F.text)
async def name(message: Message, state: FSMContext) -> None:
    await state.update_data(name=message.text)
    await state.set_state(None)
    await message.answer(f"Thanks, {message.text}!")


@router.message()
async def fallback(message: Message) -> None:
    await message.answer("Sorry, I did not get that. " + HELP)


async def ready(_request: web.Request) -> web.Response:
    return web.Response()


def main() -> None:
    bot = Bot(token="42:made_up_for_benchmarks", session=LoopbackSession())
    dispatcher = Dispatcher(storage=MemoryStorage())
    dispatcher.include_router(router)
    app = web.Application()
    SimpleRequestHandler(dispatcher=dispatcher, bot=bot).register(app, path="/telegram/messages")
    setup_application(app, dispatcher, bot=bot)
    app.router.add_get("/readyz", ready)
    web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]))


if __name__ == "__main__":
    main()
