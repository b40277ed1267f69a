"""The API of our pages, `/mp`: what the mini program and its twin in the browser ask for their shopper."""
