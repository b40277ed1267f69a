"""The table of routes of our pages: each subject has a module of its own, with its `ROUTES`."""

from bot.web.mp import (
    account,
    bundles,
    checkin,
    consents,
    drops,
    events,
    grants,
    inbox,
    into_wechat,
    membership,
    orders,
    payouts,
    privacy,
    products,
    referral,
    rewards,
    shares,
    surveys,
    tiers,
    variables,
    wallets,
    wheel,
)
from bot.web.mp.asked import Shopper
from bot.web.mp.door import HOW_TO_LOG_IN, PREFIX
from bot.web.rest.openapi import Face
from bot.web.rest.routes import Route

ROUTES: tuple[Route[Shopper], ...] = (
    *account.ROUTES,
    *membership.ROUTES,
    *wallets.ROUTES,
    *products.ROUTES,
    *into_wechat.ROUTES,
    *orders.ROUTES,
    *payouts.ROUTES,
    *consents.ROUTES,
    *privacy.ROUTES,
    *inbox.ROUTES,
    *surveys.ROUTES,
    *grants.ROUTES,
    *events.ROUTES,
    *variables.ROUTES,
    *shares.ROUTES,
    *rewards.ROUTES,
    *tiers.ROUTES,
    *referral.ROUTES,
    *checkin.ROUTES,
    *wheel.ROUTES,
    *drops.ROUTES,
    *bundles.ROUTES,
)
"""In the order in which they are documented; another subject joins here."""

FACE = Face(
    prefix=PREFIX,
    what="`/mp`: what our pages, the mini program and its twin in the browser, ask for their shopper.",
    table=ROUTES,
    open_to_all=account.LOGINS,
    credential="session",
    remedy=HOW_TO_LOG_IN,
    refused={401: f"no open session: {HOW_TO_LOG_IN}"},
    tag="mp",
)
"""The API of our pages as `/openapi.json` says it."""
