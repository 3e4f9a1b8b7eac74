"""The actions against a script of the vendor's answers: no host, no network."""

import unittest

from plugin import connector

from palisade_sdk import Authentication, NotFound
from palisade_sdk.testing import ConnectorTest, Exchange

URL = "https://api.example.com"


def vendor() -> ConnectorTest:
    return ConnectorTest(connector).configuration({"url": URL, "api_key": "the key"})


class Actions(unittest.TestCase):
    def test_a_known_address_has_a_score(self) -> None:
        exchange = Exchange.get(f"{URL}/v1/203.0.113.9.json").header("x-api-key", "the key")
        exchange.answer_json(200, {"score": 90, "categories": ["scanner"]})
        report = vendor().http(exchange).invoke("ip reputation", {"ip": "203.0.113.9"}).report()
        self.assertEqual(report.message, "203.0.113.9 has a score of 90: scanner.")
        self.assertEqual(report.data["score"], 90)

    def test_an_unknown_address_is_not_found(self) -> None:
        exchange = Exchange.get(f"{URL}/v1/192.0.2.1.json").answer(404, "no such address")
        failure = vendor().http(exchange).invoke("ip reputation", {"ip": "192.0.2.1"}).failure()
        self.assertEqual(failure, NotFound("no such address"))

    def test_the_vendor_says_its_version(self) -> None:
        exchange = Exchange.get(f"{URL}/v1/status.json").answer_json(200, {"version": "1.4"})
        report = vendor().http(exchange).invoke("test connectivity", {}).report()
        self.assertEqual(report.message, "The API answers, version 1.4.")

    def test_a_refused_key_fails_the_test(self) -> None:
        exchange = Exchange.get(f"{URL}/v1/status.json").answer(401)
        failure = vendor().http(exchange).invoke("test connectivity", {}).failure()
        self.assertIsInstance(failure, Authentication)


if __name__ == "__main__":
    unittest.main()
