# Makes one thread hang and leaves the others alone: hang.py THREAD SECONDS. It prints a
# line when the thread has stopped.
import ctypes
import os
import sys
import time

PTRACE_ATTACH, PTRACE_DETACH = 16, 17
WAIT_ALL = 0x40000000  # __WALL: threads too

thread, seconds = int(sys.argv[1]), float(sys.argv[2])
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def trace(request):
    if libc.ptrace(request, thread, None, None) == -1:
        sys.exit(f'ptrace: {os.strerror(ctypes.get_errno())}')


trace(PTRACE_ATTACH)
os.waitpid(thread, WAIT_ALL)
print('stopped', flush=True)
time.sleep(seconds)
trace(PTRACE_DETACH)
