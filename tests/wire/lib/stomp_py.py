"""Talks to the gateway by stomp.py: stomp_py.py PORT VERSION"""
import queue
import sys

import stomp

PATIENCE = 20


class Listener(stomp.ConnectionListener):
    def __init__(self):
        self.messages, self.receipts, self.errors = queue.Queue(), queue.Queue(), queue.Queue()
        self.connected = queue.Queue()

    def on_connected(self, frame):
        self.connected.put(frame)

    def on_message(self, frame):
        self.messages.put(frame)

    def on_receipt(self, frame):
        self.receipts.put(frame.headers["receipt-id"])

    def on_error(self, frame):
        self.errors.put(frame)
        self.connected.put(frame)


def connect(port, version, passcode="guest"):
    kinds = {"1.0": stomp.Connection10, "1.1": stomp.Connection11, "1.2": stomp.Connection12}
    connection = kinds[version]([("127.0.0.1", port)])
    listener = Listener()
    connection.set_listener("", listener)
    connection.connect("guest", passcode, wait=False)
    frame = listener.connected.get(timeout=PATIENCE)
    return connection, listener, frame


def acknowledge(connection, version, frame, **more):
    headers = frame.headers
    if version == "1.2":
        connection.ack(headers["ack"], **more)
    elif version == "1.1":
        connection.ack(headers["message-id"], headers["subscription"], **more)
    else:
        connection.ack(headers["message-id"], **more)


def main(port, version):
    work = f"/queue/python{version}"
    connection, listener, _ = connect(port, version)
    connection.subscribe(work, id="1", ack="client")
    connection.send(work, "one", receipt="sent")
    assert listener.receipts.get(timeout=PATIENCE) == "sent"
    first = listener.messages.get(timeout=PATIENCE)
    assert first.body == "one", first
    acknowledge(connection, version, first)

    transaction = connection.begin()
    connection.send(work, "dropped", transaction=transaction)
    connection.abort(transaction)
    transaction = connection.begin()
    connection.send(work, "two \u00fc", transaction=transaction)
    connection.commit(transaction)
    second = listener.messages.get(timeout=PATIENCE)
    assert second.body == "two \u00fc", second

    # It is not acknowledged: another connection gets it again.
    connection.disconnect(receipt="bye")
    other, other_listener, _ = connect(port, version)
    other.subscribe(work, id="1", ack="auto")
    again = other_listener.messages.get(timeout=PATIENCE)
    assert again.body == "two \u00fc" and again.headers["redelivered"] == "true", again

    large = "x" * 1_000_000
    other.send(work, large)
    assert other_listener.messages.get(timeout=PATIENCE).body == large
    other.disconnect()

    _, _, refused = connect(port, version, "wrong")
    assert refused.headers.get("message") == "Bad login or passcode", refused
    print("all is well")


main(int(sys.argv[1]), sys.argv[2])
