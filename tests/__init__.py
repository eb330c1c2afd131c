"""The tests, laid out as the package is; `support` holds the real servers and clients."""
