"""A token server for container registries that authenticates people by LDAP or Active Directory."""

__version__ = "0.1.0"
