"""A DNS domain as the end of a distinguished name ([MS-ADTS] section 3.1.1.1.4: DC=corp,DC=example,DC=com)."""

from ldap_token_bridge.dn import DistinguishedName, InvalidName


def domain_of(dn: str) -> str:
    """`corp.example.com` for a name that ends in DC=corp,DC=example,DC=com; empty if it does not end so."""
    try:
        rdns = DistinguishedName.parse(dn).rdns
    except InvalidName:
        return ""
    labels: list[str] = []
    for rdn in reversed(rdns):
        (attribute, value), *others = rdn
        if others or attribute != "dc" or "." in value:
            break
        labels.insert(0, value)
    return ".".join(labels)


def base_of(domain: str) -> str:
    """The top of a domain's tree."""
    return ",".join(f"DC={label}" for label in domain.split("."))
