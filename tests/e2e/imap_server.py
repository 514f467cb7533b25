"""An IMAP server of the tests' own, for what real ones won't do on demand: one mailbox,
on loopback, without TLS; what it answers can be replaced, command by command."""

import base64
import re
import socketserver
import threading


class ImapServer:
    """`mails`: UID to bytes. `replies`: a command's word ("UID FETCH BODY") to bytes, sent in
    place of its answer, after which the connection is closed."""

    def __init__(self, mails=(), validity=1, greeting=b"* OK ready\r\n", replies=None, token=None,
                 capabilities=b"IMAP4rev1 MOVE SASL-IR AUTH=PLAIN AUTH=XOAUTH2", refuse=()):
        self.mails, self.validity, self.greeting = dict(mails), validity, greeting
        self.replies, self.token, self.capabilities = replies or {}, token, capabilities
        self.refuse = set(refuse)
        self.moved, self.folders, self.seen = [], {"INBOX"}, []
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                try:
                    outer.serve(self.rfile, self.wfile)
                except (OSError, ValueError):
                    pass

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self):
        return f"imap://127.0.0.1:{self.server.server_address[1]}/INBOX"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def serve(self, reader, writer):
        writer.write(self.greeting)
        if not self.greeting.startswith(b"* OK"):
            return
        while line := reader.readline():
            tag, _, rest = line.strip().partition(b" ")
            word = self.word_of(rest.decode("latin-1"))
            self.seen.append(word)
            if word in self.replies:
                writer.write(self.replies[word].replace(b"TAG", tag))
                return
            ending = b" NO refused\r\n" if word in self.refuse else self.answer(word, rest, reader, writer)
            writer.write(tag + ending)
            if word == "LOGOUT":
                return

    @staticmethod
    def word_of(rest):
        words = rest.upper().split()
        if words[:2] == ["UID", "FETCH"]:
            return "UID FETCH BODY" if "BODY" in rest.upper() else "UID FETCH LIST"
        return " ".join(words[:2]) if words and words[0] == "UID" else words[0] if words else ""

    def answer(self, word, rest, reader, writer):
        if word == "CAPABILITY":
            writer.write(b"* CAPABILITY " + self.capabilities + b"\r\n")
        elif word == "AUTHENTICATE":
            return self.authenticate(rest, reader, writer)
        elif word == "LIST":
            name = rest.split()[-1].strip(b'"').decode()
            if name in self.folders:
                writer.write(b'* LIST () "/" "' + name.encode() + b'"\r\n')
        elif word == "CREATE":
            self.folders.add(rest.split()[-1].strip(b'"').decode())
        elif word == "SELECT":
            writer.write(b"* %d EXISTS\r\n* 0 RECENT\r\n* FLAGS (\\Seen \\Deleted)\r\n* OK [UIDVALIDITY %d] x\r\n"
                         % (len(self.mails), self.validity))
        elif word == "UID FETCH LIST":
            for number, (uid, mail) in enumerate(sorted(self.mails.items()), 1):
                writer.write(b"* %d FETCH (UID %d RFC822.SIZE %d FLAGS ())\r\n" % (number, uid, len(mail)))
        elif word == "UID FETCH BODY":
            uid = int(rest.split()[2])
            if uid in self.mails:
                mail = self.mails[uid]
                writer.write(b"* 1 FETCH (UID %d BODY[]<0> {%d}\r\n" % (uid, len(mail)) + mail + b")\r\n")
        elif word == "UID MOVE":
            uid = int(rest.split()[2])
            self.moved.append((uid, rest.split()[-1].strip(b'"').decode()))
            self.mails.pop(uid, None)
        elif word == "APPEND":
            size = int(re.search(rb"\{(\d+)\}", rest).group(1))
            writer.write(b"+ go on\r\n")
            reader.read(size + 2)
        elif word == "LOGOUT":
            writer.write(b"* BYE\r\n")
        return b" OK done\r\n"

    def authenticate(self, rest, reader, writer):
        words = rest.split()
        if len(words) < 3:
            writer.write(b"+ \r\n")
            words.append(reader.readline().strip())
        said = base64.b64decode(words[2])
        if self.token is None or (words[1].upper() == b"XOAUTH2" and b"auth=Bearer " + self.token in said):
            return b" OK done\r\n"
        writer.write(b"+ eyJzdGF0dXMiOiI0MDAifQ==\r\n")
        reader.readline()
        return b" NO [AUTHENTICATIONFAILED] refused\r\n"
