"""An SMTP server that does what real ones do only on bad days, by a script."""

import base64
import socket
import ssl
import threading

LOCAL_ADDRESS = "127.0.0.1"
DROP = object()  # close the connection without a word


class HostileSmtp:
    """`script` maps a stage to a reply ("450 4.2.1 later"), to DROP, or to a list of
    these that is used up entry by entry (None: behave). Stages: connect, ehlo,
    starttls, auth, mail, rcpt, data, body (after the first bytes of the message),
    accepted (the message is taken, then this happens). `rcpt` may also be a
    mapping from addresses. What was accepted stands in `accepted`."""

    def __init__(self, script=None, certificate=None, key=None, login=None, address=LOCAL_ADDRESS):
        self.script = dict(script or {})
        self.login = login
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate, key)
        self.accepted = []
        self.commands = []
        self.connections = 0
        self.listener = socket.create_server((address, 0))
        self.port = self.listener.getsockname()[1]
        self.open = set()
        threading.Thread(target=self._serve, daemon=True).start()

    def url(self, host="localhost"):
        return f"smtp://{host}:{self.port}"

    def close(self):
        # Closing alone would leave accept() waiting in its thread.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in list(self.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        session = Session(self, connection)
        self.open.add(connection)
        try:
            session.run()
        except OSError:
            pass
        finally:
            self.open.discard(connection)
            session.close()

    def action(self, stage, address=None):
        """The next entry of the script for this stage, or None."""
        entry = self.script.get(stage)
        if isinstance(entry, dict):
            entry = entry.get(address)
        if isinstance(entry, list):
            entry = entry.pop(0) if entry else None
        return entry


class Dropped(OSError):
    pass


class Session:
    def __init__(self, server, connection):
        self.server = server
        self.connection = connection
        connection.settimeout(30)
        self.stream = connection.makefile("rb")
        self.sender, self.recipients = None, []

    def close(self):
        self.stream.close()
        self.connection.close()

    def say(self, text):
        self.connection.sendall(text.replace("\n", "\r\n").encode() + b"\r\n")

    def at(self, stage, usual, address=None):
        """Plays the script's entry for this stage; true when the usual reply was given."""
        action = self.server.action(stage, address)
        if action is DROP:
            raise Dropped
        self.say(usual if action is None else action)
        return action is None

    def run(self):
        self.at("connect", "220 localhost ready")
        handlers = {"EHLO": self.ehlo, "HELO": self.ehlo, "STARTTLS": self.starttls, "AUTH": self.auth,
                    "MAIL": self.mail, "RCPT": self.rcpt, "DATA": self.data, "RSET": self.rset}
        while True:
            line = self.stream.readline()
            if not line:
                return
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            self.server.commands.append(text)
            word = text.split(" ")[0].upper()
            if word == "QUIT":
                self.say("221 bye")
                return
            if word in handlers:
                handlers[word](text)
            else:
                self.say("502 5.5.1 unknown")

    def ehlo(self, _):
        words = ["localhost", "PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES"]
        if self.server.context and not isinstance(self.connection, ssl.SSLSocket):
            words.append("STARTTLS")
        if self.server.login:
            words.append("AUTH PLAIN LOGIN")
        lines = [f"250{' ' if word is words[-1] else '-'}{word}" for word in words]
        self.at("ehlo", "\n".join(lines))

    def starttls(self, _):
        if self.at("starttls", "220 go on"):
            self.stream.close()
            self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
            self.stream = self.connection.makefile("rb")

    def auth(self, text):
        mechanism = text.split(" ")[1].upper()
        if mechanism == "PLAIN":
            words = text.split(" ")
            answer = words[2] if len(words) > 2 else self.ask("")
            _, name, password = base64.b64decode(answer).decode().split("\0")
        else:
            name, password = (base64.b64decode(self.ask(prompt)).decode() for prompt in ("VXNlcm5hbWU6", "UGFzc3dvcmQ6"))
        if (name, password) == self.server.login:
            self.at("auth", "235 2.7.0 welcome")
        else:
            self.say("535 5.7.8 authentication failed")

    def ask(self, prompt):
        self.say(f"334 {prompt}")
        return self.stream.readline().decode().strip()

    def mail(self, text):
        self.recipients = []
        self.sender = text.partition("<")[2].partition(">")[0]
        self.at("mail", "250 2.1.0 ok")

    def rcpt(self, text):
        address = text.partition("<")[2].partition(">")[0]
        if self.at("rcpt", "250 2.1.5 ok", address):
            self.recipients.append(address)

    def rset(self, _):
        self.sender, self.recipients = None, []
        self.say("250 2.0.0 ok")

    def data(self, _):
        if not self.at("data", "354 go on"):
            return
        lines = []
        while True:
            line = self.stream.readline()
            if not line:
                raise Dropped
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b".") else line)
            if len(lines) == 1 and self.server.action("body") is DROP:
                raise Dropped
        action = self.server.action("accepted")
        if action is None or action is DROP or action.startswith("250"):
            self.server.accepted.append((self.sender, list(self.recipients), b"".join(lines)))
        if action is DROP:
            raise Dropped
        self.say(action or "250 2.0.0 taken")
