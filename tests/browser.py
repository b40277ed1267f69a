"""A real Chromium for the tests, driven by playwright: whichever is installed, else playwright's own."""

import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from typing import Final

from playwright.async_api import Browser, Error, async_playwright

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# No sandbox, since tests also run as root; nothing but our own pages is opened. No calls home.
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class ChromiumMissingError(Exception):
    """No Chromium could be started; the text says why."""


def installed_chromium() -> str | None:
    """Where a Chromium is, None if only playwright's own can be tried."""
    chosen = os.environ.get("REGULARS_TEST_CHROMIUM")
    return chosen or next(filter(None, map(shutil.which, NAMES)), None)


@contextlib.asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    """A headless Chromium for as long as the context lasts.

    Raises:
        ChromiumMissingError: none is installed, or it does not start.
    """
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(executable_path=installed_chromium(), args=FLAGS)
        except Error as error:
            raise ChromiumMissingError(error.message.strip().splitlines()[0]) from error
        try:
            yield browser
        finally:
            await browser.close()
