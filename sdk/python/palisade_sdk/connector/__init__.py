"""Connectors: typed actions on one kind of system.

    from dataclasses import dataclass
    from ipaddress import IPv4Address, IPv6Address

    from palisade_sdk.connector import Call, Connector, Done, HttpAccess, Secret, in_header


    @dataclass
    class Configuration:
        api_key: Secret
        \"\"\"API key of the account.\"\"\"


    @dataclass
    class Address:
        ip: IPv4Address | IPv6Address
        \"\"\"IPv4 or IPv6 address.\"\"\"


    @dataclass
    class Reputation:
        score: int
        \"\"\"From 0, good, to 100, bad.\"\"\"


    connector = Connector(
        "example-intel",
        "1.0.0",
        about="Looks up the reputation of addresses.",
        publisher="Example Inc.",
        vendor="Example Inc.",
        product="Example Intel",
        configuration=Configuration,
        http=[
            HttpAccess.to_host(
                "intel.example.com",
                methods=["GET"],
                secrets=[in_header("api_key", "x-api-key")],
                because="The API answers all look-ups.",
            )
        ],
    )


    @connector.investigate("ip reputation")
    def ip_reputation(call: Call[Configuration], asked: Address) -> Done[Reputation]:
        \"\"\"Says whether an address is known to be bad.\"\"\"
        url = palisade_sdk.http.url("https://intel.example.com/v1/ip", str(asked.ip))
        found = call.http.get(url, headers={"x-api-key": call.configuration.api_key}).ok().json(Reputation)
        return Done.success(f"{asked.ip} has a score of {found.score}.", found, score=found.score)

What it says is what the operator is shown and what the host enforces.
"""

from ..schema import Secret
from .access import HttpAccess, TcpAccess, in_authorization, in_body, in_header, in_query
from .action import Action
from .call import Call, File, State
from .connector import Connector
from .options import Options
from .outcome import DidNotHappen, Done, Happened, Pending, Unknown, Verdict

__all__ = [
    "Action",
    "Call",
    "Connector",
    "DidNotHappen",
    "Done",
    "File",
    "Happened",
    "HttpAccess",
    "Options",
    "Pending",
    "Secret",
    "State",
    "TcpAccess",
    "Unknown",
    "Verdict",
    "in_authorization",
    "in_body",
    "in_header",
    "in_query",
]
