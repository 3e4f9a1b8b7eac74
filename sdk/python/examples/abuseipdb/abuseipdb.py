"""AbuseIPDB: what others have reported of an address, and reporting one. Source: https://docs.abuseipdb.com, API version 2."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any

from palisade_sdk import Failure, InvalidParameters, Range, RateLimited, Upstream
from palisade_sdk.connector import (
    Call,
    Connector,
    DidNotHappen,
    Done,
    Happened,
    HttpAccess,
    Pending,
    Secret,
    Unknown,
    Verdict,
    in_header,
)
from palisade_sdk.http import Response

API = "https://api.abuseipdb.com/api/v2"

REPORT_PAUSE = timedelta(minutes=15)
"""AbuseIPDB takes one report of an address in this time."""

VERIFY_DAYS = 1
"""How far back a report is looked for whose end nobody heard."""


@dataclass
class Configuration:
    """What an asset needs."""

    api_key: Secret
    """Key of the API, version 2; keys of version 1 are others."""


@dataclass
class Check:
    ip: IPv4Address | IPv6Address
    """IPv4 or IPv6 address."""
    max_age_days: Annotated[int, Range(1, 365)] = 30
    """Only reports of the last so many days count."""


@dataclass
class Reputation:
    score: int
    """AbuseIPDB's confidence that the address is abusive, in percent."""
    reports: int
    """Reports in that time."""
    reporters: int
    """Users who sent them."""
    whitelisted: bool
    """Whether AbuseIPDB holds the address to be good, whatever was reported of it."""
    last_reported: str | None
    """When the last report was sent (RFC 3339)."""
    country: str | None
    """Country of the address, two letters."""
    usage: str | None
    """What it is used for, for example `Data Center/Web Hosting/Transit`."""
    isp: str | None
    """Who it belongs to."""
    domain: str | None
    """Domain of who it belongs to."""


@dataclass
class Report:
    ip: IPv4Address | IPv6Address
    """IPv4 or IPv6 address. Everybody can read the report."""
    categories: list[Annotated[int, Range(1, 23)]]
    """Numbers of AbuseIPDB's categories: 14 is a port scan, 18 brute force, 22 SSH."""
    comment: str = ""
    """What was seen, without anything personal: everybody can read it."""


@dataclass
class Reported:
    score: int
    """AbuseIPDB's confidence that the address is abusive, in percent, with this report."""


connector = Connector(
    "abuseipdb",
    "0.1.0",
    about="Looks up what others have reported of addresses, and reports them.",
    publisher="Palisade",
    vendor="AbuseIPDB",
    product="AbuseIPDB",
    configuration=Configuration,
    http=[
        HttpAccess.to_host(
            "api.abuseipdb.com",
            methods=["GET", "POST"],
            secrets=[in_header("api_key", "Key")],
            because="It answers the look-ups and takes the reports.",
        )
    ],
)


@connector.test()
def test_connectivity(call: Call[Configuration]) -> Done[None]:
    # An address that is reserved for this (RFC 6890), and about which AbuseIPDB answers like about any other.
    _check(call, "127.0.0.1", 1)
    return Done.success("AbuseIPDB answers.", None)


@connector.investigate("check ip", time_limit=timedelta(seconds=20))
def check_ip(call: Call[Configuration], asked: Check) -> Done[Reputation]:
    """Asks how sure AbuseIPDB is that an address is abusive, and who reported it."""
    found = _check(call, str(asked.ip), asked.max_age_days)
    reputation = Reputation(
        score=found["abuseConfidenceScore"],
        reports=found["totalReports"],
        reporters=found["numDistinctUsers"],
        whitelisted=bool(found["isWhitelisted"]),
        last_reported=found["lastReportedAt"],
        country=found["countryCode"],
        usage=found["usageType"],
        isp=found["isp"],
        domain=found["domain"],
    )
    message = f"{asked.ip} has a score of {reputation.score} of 100, from {reputation.reports} reports."
    return Done.success(message, reputation, score=reputation.score, reports=reputation.reports)


@connector.generic("report ip", time_limit=timedelta(seconds=20))
def report_ip(call: Call[Configuration], asked: Report) -> Done[Reported] | Pending:
    """Reports an address to AbuseIPDB, where everybody can read it."""
    comment = f"{asked.comment} {_mark(call)}".strip()
    categories = ",".join(str(category) for category in asked.categories)
    fields = {"ip": str(asked.ip), "categories": categories, "comment": comment}
    headers = {"Key": call.configuration.api_key, "Accept": "application/json"}
    response = call.http.post(f"{API}/report", headers=headers, form=fields)
    try:
        data = _data(response)
    except RateLimited as limited:
        # Too many calls of a day are one thing, a report too soon after another of the address is another.
        if call.cancelled or not _is_about_address(response):
            raise
        message = f"AbuseIPDB takes one report of {asked.ip} in 15 minutes."
        return Pending(limited.retry_after or REPORT_PAUSE, "too-soon", message)
    return _reported(asked, data["abuseConfidenceScore"])


@report_ip.verified_by
def was_reported(call: Call[Configuration], asked: Report) -> Verdict:
    """The comment of each report is in the answer to a verbose look-up."""
    found = _check(call, str(asked.ip), VERIFY_DAYS, verbose=True)
    reports = found.get("reports")
    if reports is None:
        return Unknown("AbuseIPDB's answer has no reports")
    if any(_mark(call) in report["comment"] for report in reports):
        return Happened(_reported(asked, found["abuseConfidenceScore"]))
    return DidNotHappen()


def _reported(asked: Report, score: int) -> Done[Reported]:
    return Done.success(f"Reported {asked.ip}; its score is now {score} of 100.", Reported(score), score=score)


def _mark(call: Call[Configuration]) -> str:
    """By which a report of this call is known again; the key itself need not be public."""
    return f"[{hashlib.sha256(call.idempotency_key.encode()).hexdigest()[:16]}]"


def _check(call: Call[Configuration], ip: str, max_age_days: int, *, verbose: bool = False) -> dict[str, Any]:
    query: dict[str, str | int] = {"ipAddress": ip, "maxAgeInDays": max_age_days}
    if verbose:
        query["verbose"] = ""
    headers = {"Key": call.configuration.api_key, "Accept": "application/json"}
    data = _data(call.http.get(f"{API}/check", query=query, headers=headers))
    missing = [name for name in FIELDS if name not in data]
    if missing:
        raise Upstream(f"the answer lacks {', '.join(missing)}", 200)
    return data


FIELDS = (
    "abuseConfidenceScore",
    "totalReports",
    "numDistinctUsers",
    "isWhitelisted",
    "lastReportedAt",
    "countryCode",
    "usageType",
    "isp",
    "domain",
)


def _data(response: Response) -> dict[str, Any]:
    """What the API answers, or its error as a failure. What it calls unprocessable is wrong with the parameters."""
    try:
        answer = response.ok(_words).json(dict[str, Any])
    except Upstream as failure:
        if failure.http_status == 422:
            raise InvalidParameters(failure.message) from None
        raise
    data = answer.get("data")
    if not isinstance(data, dict):
        raise Upstream("the answer has no data", response.status)
    return data


def _errors(response: Response) -> list[dict[str, Any]]:
    """The errors of an answer, in the form of JSON:API."""
    try:
        errors = response.json(dict[str, Any]).get("errors")
    except Failure:
        return []
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _words(response: Response) -> str | None:
    return "; ".join(str(error["detail"]) for error in _errors(response) if "detail" in error) or None


def _is_about_address(response: Response) -> bool:
    sources = (error.get("source") for error in _errors(response))
    return any(isinstance(source, dict) and source.get("parameter") == "ip" for source in sources)
