"""A TCP proxy in front of PostgreSQL that loses a connection at a commit: the server
gets it or does not, and the client hears nothing of it."""

import socket
import threading

from servers import LOCAL_ADDRESS

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"  # a simple query, as libpq sends it


class LossyProxy:
    """`lose_at` counts commits down: the one at which it is 1 loses its connection, after the
    server has done it (`is_done`) or before it has heard of it. 0: none. With `closes` nobody is let in
    from then on."""

    def __init__(self, port):
        self.target = port
        self.lock = threading.Lock()
        self.lose_at, self.is_done, self.closes = 0, False, False
        self.listener = socket.create_server((LOCAL_ADDRESS, 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        if self.listener.fileno() >= 0:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()

    def _serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection((LOCAL_ADDRESS, self.target))
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            mute = threading.Event()
            threading.Thread(target=self._to_server, args=(client, server, mute), daemon=True).start()
            threading.Thread(target=self._to_client, args=(server, client, mute), daemon=True).start()

    def _is_the_one(self):
        with self.lock:
            if self.lose_at:
                self.lose_at -= 1
                if not self.lose_at:
                    if self.closes:
                        self.close()
                    return True
        return False

    def _to_server(self, client, server, mute):
        try:
            while data := client.recv(65536):
                if COMMIT in data and self._is_the_one():
                    mute.set()
                    if not self.is_done:
                        break
                server.sendall(data)
        except OSError:
            pass
        if not mute.is_set() or not self.is_done:
            self._end(server, client)

    def _to_client(self, server, client, mute):
        try:
            while data := server.recv(65536):
                if mute.is_set():
                    break  # the commit's reply: it is done, and nobody hears of it
                client.sendall(data)
        except OSError:
            pass
        self._end(server, client)
        server.close()
        client.close()

    @staticmethod
    def _end(*sockets):
        for one in sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
