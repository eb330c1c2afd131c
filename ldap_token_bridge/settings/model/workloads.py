"""`workloads` of bridge.yaml: platforms whose tokens log in, and which workload of the policy each token is."""

from typing import Annotated

from ldap_token_bridge.settings.types import Line, span
from ldap_token_bridge.workloads import ClaimPattern, parse_claim
from ldap_token_bridge.yamlfile import FilePath, Model, parsed

from .setting import setting

_DAY = 86_400.0

Claim = Annotated[ClaimPattern, *parsed(parse_claim, {"type": "string", "minLength": 1})]


class WorkloadEntry(Model):
    """One item of `workloads.NAME.subjects`."""

    name: Line = setting("`workload:NAME` in the policy.", example="deploy")
    claims: dict[str, Claim] = setting(
        "Claims that the token must have, all of them, each with its value; `*` stands for a run of characters without"
        " `/` and `:`, `**` behind the last of these for one part or more.",
        example={"project_path": "team-a/app", "ref_protected": "true"},
    )


class WorkloadIssuer(Model):
    """`workloads.NAME`."""

    issuer: Line = setting("The tokens' `iss`, to the letter.", example="https://gitlab.corp.example.com")
    audience: Line = setting(
        "What the tokens' `aud` must hold: a name of this bridge, for which jobs ask.",
        example="registry.corp.example.com",
    )
    jwks_file: FilePath | None = setting("File of the issuer's keys (JWKS); for an issuer that is out of reach.", None)
    jwks_url: Line | None = setting(
        "Where the issuer publishes its keys, `https://`. With neither: as"
        " `ISSUER/.well-known/openid-configuration` says.",
        None,
    )
    ca_file: FilePath | None = setting(
        "PEM file: the authorities that may sign the certificate of the address. Default: the system's.", None
    )
    jwks_cache: Annotated[float, *span(60, _DAY)] = setting(
        "How long fetched keys are used before they are fetched anew; a key that is not among them is asked for at"
        " once, at most once a minute.",
        "1h",
    )
    max_lifetime: Annotated[float, *span(60, 366 * _DAY)] = setting(
        "Tokens that are made for longer (`exp` less `iat`) are refused.", "24h"
    )
    subjects: tuple[WorkloadEntry, ...] = setting(
        "Whose token it is: each with its `name` and the `claims` that the token must have. A token that fits two"
        " names is refused.",
        example=({"name": "deploy", "claims": {"project_path": "team-a/app"}},),
    )
