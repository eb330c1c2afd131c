"""The whole service under load: the real `serve`, slapd and wrk, each a process of its own, beside plain handlers."""
