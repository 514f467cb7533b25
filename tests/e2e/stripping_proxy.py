"""Somebody in the middle of an SMTP session who takes STARTTLS out of what the server
offers, and says that a login is wanted without."""

import re
import socket
import threading

from servers import LOCAL_ADDRESS


class StrippingProxy:
    """`said` has what the client sent, in lines."""

    def __init__(self, port):
        self.target = port
        self.said = []
        self.listener = socket.create_server((LOCAL_ADDRESS, 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection((LOCAL_ADDRESS, self.target))
            threading.Thread(target=self._to_server, args=(client, server), daemon=True).start()
            threading.Thread(target=self._to_client, args=(server, client), daemon=True).start()

    def _to_server(self, client, server):
        with client:
            self._copy(client, server, lambda line: self.said.append(line) or line)

    def _to_client(self, server, client):
        with server:
            self._copy(server, client, lambda line: re.sub(rb"^250([- ])STARTTLS", rb"250\1AUTH PLAIN LOGIN", line))

    @staticmethod
    def _copy(source, target, change):
        try:
            with source.makefile("rb") as lines:
                for line in lines:
                    target.sendall(change(line))
            target.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
