"""A real mail server (aiosmtpd) that demands STARTTLS and a password; run by notices.py in an environment that has it.

  mail_server.py CERTIFICATE KEY USER PASSWORD FOLDER    prints its port, writes each message into FOLDER
"""

import ssl
import sys
import time
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


class Keep:
    def __init__(self, folder):
        self.folder, self.count = Path(folder), 0

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        part = self.folder / f"{self.count}.part"
        part.write_bytes(envelope.content)
        part.rename(self.folder / f"{self.count}.eml")
        return "250 2.0.0 kept"


def main(certificate, key, user, password, folder):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    def right(server, session, envelope, mechanism, given):
        ok = isinstance(given, LoginPassword) and (given.login, given.password) == (user.encode(), password.encode())
        return AuthResult(success=ok, handled=ok)

    class OnAnyPort(Controller):
        def _trigger_server(self):
            # Its own way to wake the server knows only a port that was chosen beforehand.
            self.port = self.server.sockets[0].getsockname()[1]
            super()._trigger_server()

    controller = OnAnyPort(Keep(folder), hostname="127.0.0.1", port=0, tls_context=context, require_starttls=True,
                           authenticator=right, auth_required=True)
    controller.start()
    print(controller.server.sockets[0].getsockname()[1], flush=True)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main(*sys.argv[1:])
