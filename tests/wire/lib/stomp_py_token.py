"""Logs in by a token, sends the next one, and waits for a message:
stomp_py_token.py PORT VERSION USER TOKEN NEXT_TOKEN DESTINATION"""
import queue
import sys

import stomp

PATIENCE = 30


class Listener(stomp.ConnectionListener):
    def __init__(self):
        self.heard = queue.Queue()

    def on_connected(self, frame):
        self.heard.put(("connected", frame.headers["user-name"]))

    def on_message(self, frame):
        self.heard.put(("message", frame.body))

    def on_receipt(self, frame):
        self.heard.put(("receipt", frame.headers["receipt-id"]))

    def on_error(self, frame):
        self.heard.put(("error", frame.headers["message"]))


def main(port, version, user, token, next_token, destination):
    kinds = {"1.0": stomp.Connection10, "1.1": stomp.Connection11, "1.2": stomp.Connection12}
    connection = kinds[version]([("127.0.0.1", port)])
    listener = Listener()
    connection.set_listener("", listener)

    def expect(*what):
        got = listener.heard.get(timeout=PATIENCE)
        assert got == what, got

    connection.connect(headers={"Authorization": "Bearer " + token}, wait=False)
    expect("connected", user)
    connection.subscribe(destination, id="1", headers={"receipt": "subscribed"})
    expect("receipt", "subscribed")
    connection.send("/session/token", "", headers={"Authorization": "Bearer " + next_token}, receipt="fresh")
    expect("receipt", "fresh")
    print("refreshed", flush=True)
    expect("message", "still here")
    connection.disconnect()
    print("all is well", flush=True)


main(int(sys.argv[1]), *sys.argv[2:])
