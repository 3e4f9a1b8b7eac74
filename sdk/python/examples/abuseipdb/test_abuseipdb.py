"""The actions against a script of AbuseIPDB's answers: no host, no network."""

import unittest
from typing import Any

from abuseipdb import connector

from palisade_sdk import Authentication, InvalidParameters, RateLimited, Upstream
from palisade_sdk.contract.connector import Verdict_DidNotHappen, Verdict_Unknown
from palisade_sdk.testing import ConnectorTest, Ended, Exchange

IP = "203.0.113.66"
CHECK = f"https://api.abuseipdb.com/api/v2/check?ipAddress={IP}&maxAgeInDays=30"
VERIFY = f"https://api.abuseipdb.com/api/v2/check?ipAddress={IP}&maxAgeInDays=1&verbose="
REPORT = "https://api.abuseipdb.com/api/v2/report"
MARK = "[62af8704764faf8e]"

FOUND: dict[str, Any] = {
    "ipAddress": IP,
    "isPublic": True,
    "ipVersion": 4,
    "isWhitelisted": None,
    "abuseConfidenceScore": 100,
    "countryCode": "NL",
    "usageType": "Data Center/Web Hosting/Transit",
    "isp": "Example Hosting",
    "domain": "example.net",
    "hostnames": [],
    "isTor": False,
    "totalReports": 41,
    "numDistinctUsers": 17,
    "lastReportedAt": "2026-11-19T04:12:00+00:00",
}


def asset() -> ConnectorTest:
    return ConnectorTest(connector).configuration({"api_key": "the-key"})


def check(exchange: Exchange) -> Ended:
    return asset().http(exchange.header("Key", "the-key")).invoke("check ip", {"ip": IP})


def errors(detail: str, status: int, **more: Any) -> dict[str, Any]:
    return {"errors": [{"detail": detail, "status": status} | more]}


class Check(unittest.TestCase):
    def test_a_reported_address_has_a_score(self) -> None:
        report = check(Exchange.get(CHECK).answer_json(200, {"data": FOUND})).report()
        self.assertEqual(report.message, f"{IP} has a score of 100 of 100, from 41 reports.")
        self.assertEqual(report.summary, {"score": 100, "reports": 41})
        self.assertEqual(report.data["whitelisted"], False)

    def test_errors_are_failures_in_the_vendors_words(self) -> None:
        for status, kind in ((401, Authentication), (422, InvalidParameters), (429, RateLimited), (500, Upstream)):
            ended = check(Exchange.get(CHECK).answer_json(status, errors("No.", status), {"Retry-After": "29241"}))
            failure = ended.failure()
            self.assertIs(type(failure), kind)
            self.assertEqual(failure.message, "No.")
            if isinstance(failure, RateLimited):
                assert failure.retry_after
                self.assertEqual(failure.retry_after.total_seconds(), 29_241)

    def test_an_answer_that_makes_no_sense_is_one_of_upstream(self) -> None:
        for answer in ({}, {"data": []}, {"data": {"abuseConfidenceScore": 1}}, []):
            self.assertIsInstance(check(Exchange.get(CHECK).answer_json(200, answer)).failure(), Upstream)

    def test_a_time_beyond_a_year_is_no_parameter(self) -> None:
        ended = asset().invoke("check ip", {"ip": IP, "max_age_days": 366})
        self.assertIn("max_age_days is 366", ended.failure().message)


class Report(unittest.TestCase):
    parameters = {"ip": IP, "categories": [14, 18], "comment": "It scans."}
    body = f"ip={IP}&categories=14%2C18&comment=It%20scans.%20%5B{MARK[1:-1]}%5D".encode()

    def test_a_report_is_marked_and_found_again(self) -> None:
        exchange = Exchange.post(REPORT).header("Key", "the-key").body(self.body)
        ended = asset().http(exchange.answer_json(200, {"data": {"ipAddress": IP, "abuseConfidenceScore": 52}}))
        report = ended.invoke("report ip", self.parameters).report()
        self.assertEqual(report.message, f"Reported {IP}; its score is now 52 of 100.")

        for comments, expected in (([f"It scans. {MARK}"], None), (["It scans."], Verdict_DidNotHappen())):
            reports = [{"comment": comment, "categories": [14]} for comment in comments]
            exchange = Exchange.get(VERIFY).answer_json(200, {"data": FOUND | {"reports": reports}})
            verified = asset().http(exchange).verify("report ip", self.parameters)
            if expected is None:
                self.assertEqual(verified.report().data, {"score": 100})
            else:
                self.assertEqual(verified.verdict, expected)
        exchange = Exchange.get(VERIFY).answer_json(200, {"data": FOUND})
        self.assertIsInstance(asset().http(exchange).verify("report ip", self.parameters).verdict, Verdict_Unknown)

    def test_a_report_too_soon_waits_for_its_turn(self) -> None:
        words = f"You can only report the same IP address (`{IP}`) once in 15 minutes."
        answer = errors(words, 429, source={"parameter": "ip"})
        soon = Exchange.post(REPORT).body(self.body).answer_json(429, answer)
        pending = asset().http(soon).invoke("report ip", self.parameters).pending()
        self.assertEqual((pending.after_ms, pending.token), (15 * 60 * 1000, "too-soon"))

        soon = Exchange.post(REPORT).body(self.body).answer_json(429, answer)
        ended = asset().resume("too-soon").cancelled().http(soon).invoke("report ip", self.parameters)
        self.assertIsInstance(ended.failure(), RateLimited)

        daily = errors("Daily rate limit of 1000 requests exceeded for this endpoint.", 429)
        exchange = Exchange.post(REPORT).body(self.body).answer_json(429, daily)
        self.assertIsInstance(asset().http(exchange).invoke("report ip", self.parameters).failure(), RateLimited)


if __name__ == "__main__":
    unittest.main()
