"""Makes the socket that it inherits as descriptor 3 deaf: the kernel drops whatever comes
in for it and acknowledges nothing, as if the peer had lost its network."""
import ctypes
import socket

SO_ATTACH_FILTER = 26
RETURN = 0x06


class Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32)]


class Program(ctypes.Structure):
    _fields_ = [("len", ctypes.c_uint16), ("filter", ctypes.POINTER(Instruction))]


take_nothing = Program(1, ctypes.pointer(Instruction(RETURN, 0, 0, 0)))
socket.socket(fileno=3).setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, bytes(take_nothing))
