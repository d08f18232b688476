"""Prints each datagram that comes to a socket, as a line: notified.py PATH"""
import socket
import sys

manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(sys.argv[1])
print("bound", flush=True)
while True:
    print(manager.recv(4096).decode().replace("\n", " "), flush=True)
