"""The kinds of value in bridge.yaml: how each is read, and what an editor is told about it."""

from .addresses import Collector, Listen, ProxyNetwork, Store
from .amounts import CacheTime, FailureBudget, span, span_or_off, whole, whole_seconds
from .directory import Attribute, BindName, Dn, DomainName, Domains, Filter, ServerUrl, SiteName, TlsVersion
from .text import MAX_PASSWORD, Line, Message, Password

__all__ = [
    "MAX_PASSWORD",
    "Attribute",
    "BindName",
    "CacheTime",
    "Collector",
    "Dn",
    "DomainName",
    "Domains",
    "FailureBudget",
    "Filter",
    "Line",
    "Listen",
    "Message",
    "Password",
    "ProxyNetwork",
    "ServerUrl",
    "SiteName",
    "Store",
    "TlsVersion",
    "span",
    "span_or_off",
    "whole",
    "whole_seconds",
]
