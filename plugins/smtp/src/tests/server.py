"""A mail server for one test: aiosmtpd, with STARTTLS on one port and TLS from the beginning on another.

Usage: server.py CERTIFICATE KEY. It writes its two ports as the first line, then each message that it took as a line of
JSON, read with Python's own parser of email; it ends with its standard input.
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 No such user"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        said = {
            "from": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "headers": [[name, str(value)] for name, value in message.items()],
            "defects": [repr(defect) for defect in message.defects],
            "type": message.get_content_type(),
            "body": message.get_content(),
        }
        print(json.dumps(said), flush=True)
        return "250 2.0.0 Ok: queued as 42"


def authenticate(server, session, envelope, mechanism, data):
    right = (data.login, data.password) == (b"soar", "gehe\u00efm, 1".encode())
    # Not handled: the server itself is to send the refusal.
    return AuthResult(success=right, handled=False)


async def main():
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(sys.argv[1], sys.argv[2])
    common = {"authenticator": authenticate, "auth_required": True, "data_size_limit": 2_000_000}

    def with_starttls():
        return SMTP(Handler(), tls_context=tls, require_starttls=True, **common)

    def over_tls():
        # aiosmtpd knows only of TLS that it began itself. Without PLAIN, clients have to fall back to LOGIN.
        return SMTP(Handler(), auth_require_tls=False, auth_exclude_mechanism=["PLAIN"], **common)

    loop = asyncio.get_running_loop()
    first = await loop.create_server(with_starttls, "127.0.0.1", 0)
    second = await loop.create_server(over_tls, "127.0.0.1", 0, ssl=tls)
    print(json.dumps([server.sockets[0].getsockname()[1] for server in (first, second)]), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
