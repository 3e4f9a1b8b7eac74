"""Connector for the vendor's API: what is known of an address."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from palisade_sdk.connector import Call, Connector, Done, HttpAccess, Secret, in_header
from palisade_sdk.http import Response, url


@dataclass
class Configuration:
    """What an asset needs. The text below each field is what the operator reads beside it."""

    url: str
    """URL of the vendor's API."""
    api_key: Secret
    """API key of the account. It is asked for and sealed; this code only ever sees a placeholder."""


@dataclass
class Address:
    """The parameters of `ip reputation`."""

    ip: IPv4Address | IPv6Address
    """IPv4 or IPv6 address."""


@dataclass
class Reputation:
    """What the vendor answers, and what the action returns as its data."""

    score: int
    """From 0, good, to 100, bad."""
    categories: list[str]
    """What it is known for."""


@dataclass
class Status:
    """What the vendor says of itself."""

    version: str


# What the operator is shown before installing it, and what the host then enforces.
connector = Connector(
    "{{name}}",
    "0.1.0",
    about="Looks up what the vendor knows of an address.",
    publisher="Your company",
    vendor="The vendor",
    product="The vendor's product",
    configuration=Configuration,
    http=[
        HttpAccess.to_configured(
            "url",
            methods=["GET"],
            secrets=[in_header("api_key", "x-api-key")],
            because="The vendor's API answers all look-ups.",
        )
    ],
)


@connector.test()
def test_connectivity(call: Call[Configuration]) -> Done[None]:
    # That something answers is not enough: a proxy's page for browsers would do.
    status = get(call, "status.json").json(Status)
    return Done.success(f"The API answers, version {status.version}.", None)


@connector.investigate("ip reputation")
def ip_reputation(call: Call[Configuration], asked: Address) -> Done[Reputation]:
    """Says how bad an address is, and what it is known for."""
    reputation = get(call, f"{asked.ip}.json").json(Reputation)
    message = f"{asked.ip} has a score of {reputation.score}"
    if reputation.categories:
        message += f": {', '.join(reputation.categories)}"
    return Done.success(f"{message}.", reputation, score=reputation.score)


def get(call: Call[Configuration], what: str) -> Response:
    """Asks for one thing. `ok` turns 401, 404, 429 and the rest into failures that the host knows what to do about."""
    place = url(f"{call.configuration.url}/v1", what)
    return call.http.get(place, headers={"x-api-key": call.configuration.api_key}).ok()
