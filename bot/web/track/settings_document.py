"""What Segment's browser client asks for before it sends: here only that it sends everything to us."""

from collections.abc import Mapping

from bot.core.contact import JsonValue


def settings_document(key: str, public_url: str) -> Mapping[str, JsonValue]:
    """The settings of a source's pages; the shape is `CDNSettings` of `@segment/analytics-next`."""
    scheme, _, host = public_url.partition("://")
    everything: JsonValue = {"__default": {"enabled": True, "integrations": {}}}
    return {
        "integrations": {
            "Segment.io": {
                "apiKey": key,
                "apiHost": f"{host}/v1",
                "protocol": scheme,
                "addBundledMetadata": False,
                "retryQueue": True,
                "versionSettings": {"version": "4.4.7", "componentTypes": ["browser"]},
            }
        },
        "plan": {"track": everything, "identify": everything, "group": everything},
        "analyticsNextEnabled": True,
        "edgeFunction": {},
        "enabledMiddleware": {},
        "legacyVideoPluginsEnabled": False,
        "metrics": {"sampleRate": 0, "host": f"{host}/v1"},  # of the client's own making; we want none
        "middlewareSettings": {"routingRules": []},
        "remotePlugins": [],
    }
