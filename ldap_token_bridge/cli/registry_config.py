"""`registry-config`: what the registry must be told, ready to be pasted."""

import json
import os
from pathlib import Path, PurePosixPath

import click

from ldap_token_bridge.registry import CONFIG_MAP, RegistryAuth
from ldap_token_bridge.settings import Settings, load_settings
from ldap_token_bridge.yamlfile import write_yaml

from .common import config_option, examples, find_config, format_option, run_or_explain, show_warnings
from .realm import realm_of

_BUNDLE = "/etc/registry/bundle.pem"
_ONLY_3X = (
    "token.ed25519 is on: this is for registries 3.x alone. A registry 2.x does not start with an Ed25519 certificate "
    "in its bundle."
)


@click.command(
    epilog=examples(
        "ldap-token-bridge registry-config -c bridge.yaml --realm https://bridge.corp.example.com/token",
        "ldap-token-bridge registry-config --realm https://bridge.corp.example.com/token --for env > registry.env",
        "ldap-token-bridge registry-config --realm https://bridge.corp.example.com/token --for helm > values.yaml",
    )
)
@config_option
@click.option("--realm", metavar="URL", help="Where clients reach the bridge: https://HOST/token.")
@click.option("--service", metavar="NAME", help="Which one of token.services; needed if there are several.")
@click.option(
    "--bundle",
    default=_BUNDLE,
    show_default=True,
    metavar="PATH",
    help="Where the registry finds the bundle of certificates, on its own machine.",
)
@click.option(
    "--for",
    "target",
    type=click.Choice(["stanza", "env", "helm"]),
    default="stanza",
    show_default=True,
    help="A part of config.yml, environment variables, or values of the Helm chart twuni/docker-registry.",
)
@format_option
@run_or_explain()
def command(
    *, config: Path | None, realm: str | None, service: str | None, bundle: str, target: str, output_format: str
) -> None:
    """Print what a registry needs to send people to the bridge.

    Standard output is the text alone. What is not known, and what is to be done beside it, goes to standard error.
    """
    path = find_config(config)
    settings = load_settings(path, os.environ)
    if not PurePosixPath(bundle).is_absolute() or not bundle.isprintable():
        raise click.BadParameter("must be an absolute path on the registry's machine", param_hint="--bundle")
    address, warnings = realm_of(realm, settings)
    auth = registry_auth(settings, address, _service(service, settings), bundle)
    show_warnings((*warnings, *_about_generation(settings)))
    values = {"stanza": auth.stanza, "env": auth.variables, "helm": auth.helm_values}[target]()
    if output_format == "json":
        click.echo(json.dumps(values, indent=2, ensure_ascii=False))
    elif target == "env":
        click.echo("\n".join(f"{name}={_scalar(value)}" for name, value in auth.variables().items()))
    else:
        click.echo(in_yaml(auth, config, target), nl=False)


def registry_auth(settings: Settings, realm: str, service: str, bundle: str = _BUNDLE) -> RegistryAuth:
    """What a registry must be told to believe the bridge with these settings."""
    return RegistryAuth(realm, service, settings.token.issuer, bundle, _jwks(bundle, settings))


def in_yaml(auth: RegistryAuth, config: Path | None, target: str = "stanza") -> str:
    """As `stanza` or `helm`, below comments that say where its files come from; `config` as it was typed."""
    values = {"stanza": auth.stanza, "helm": auth.helm_values}[target]()
    return "\n".join([*_comments(target, f" -c {config}" if config else "", auth), write_yaml(values)])


def _service(given: str | None, settings: Settings) -> str:
    services = settings.token.services
    if given is None and len(services) == 1:
        return services[0]
    if given not in services:
        what = "is needed, for there are several registries" if given is None else "is not in token.services"
        raise click.BadParameter(f"{what}: {', '.join(services)}", param_hint="--service")
    return given


def _jwks(bundle: str, settings: Settings) -> str:
    """Without x5c a registry 3.x finds keys by its JWKS alone; 2.x does not look at that setting."""
    return "" if settings.token.x5c else str(PurePosixPath(bundle).with_name("jwks.json"))


def _about_generation(settings: Settings) -> tuple[str, ...]:
    return (_ONLY_3X,) if settings.token.ed25519 else ()


def _scalar(value: str) -> str:
    """A registry reads its variables as YAML: a service named `123` would be a number."""
    return write_yaml({"x": value}).removeprefix("x: ").rstrip("\n")


def _comments(target: str, options: str, auth: RegistryAuth) -> list[str]:
    files = [f"ldap-token-bridge keys bundle{options} > bundle.pem"]
    if auth.jwks:
        files.append(f"ldap-token-bridge keys jwks{options} > jwks.json        (for registries 3.x)")
    lines = ["The registry reads these files at its start only:", *(f"  {file}" for file in files)]
    if target == "helm":
        names = " ".join(f"--from-file={PurePosixPath(path).name}" for path in (auth.bundle, auth.jwks) if path)
        lines += [
            f"  kubectl create configmap {CONFIG_MAP} {names}",
            "Leave secrets.htpasswd of the chart empty: it would win over what stands here.",
        ]
    return [f"# {line}" for line in lines]
