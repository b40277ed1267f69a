"""The shop API: orders, checkout, members, products and events over HTTP, described at `/openapi.json`."""
