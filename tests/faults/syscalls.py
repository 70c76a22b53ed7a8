"""What SQLite asks of the system, seen and failed from inside the process, with nothing to install.

SQLite's unix VFS keeps its system calls in a table that may be changed, and hands out its files with
a table of methods that may be wrapped; both by its public interface, so this works wherever Python's
SQLite is a library or built in. `fsync` and `fdatasync` stand in no table: they are met at the
method that calls them, and a folder's at the call that opens the folder for it. What the program
itself does to files through `os` is met there. Not seen: the builtin `open`, and memory that is
mapped (the index of a write-ahead log, which is made anew after a crash).
"""

import ctypes
import errno
import functools
import os
import signal
import sqlite3
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

IOERR_FSYNC = 10 | (4 << 8)  # what SQLite's own code makes of a failed fsync
_P = ctypes.c_void_p


class Fault(NamedTuple):
    """At the nth `call` (write, sync, truncate, unlink, create) an error's name, or KILL.

    `lasting`: that call and every later one, as on a disk that stays full.
    """

    call: str
    at: int
    what: str
    lasting: bool = False


class Watch:
    """What the hooks tell: counted, kept as events where `root` is given, failed where planned.

    `report` is called with each fault before it strikes.
    """

    def __init__(
        self, fault: Fault | None = None, root: str = "", report: Callable[[str], None] = print
    ) -> None:
        self.fault = fault
        self.root = os.path.realpath(root) if root else ""
        self.report = report
        self.calls: Counter[str] = Counter()
        self.events: list[tuple[Any, ...]] = []

    def meets(self, call: str) -> int:
        """Count a call; the number of the error that it is to fail with, 0 for none."""
        self.calls[call] += 1
        fault = self.fault
        if fault is None or fault.call != call:
            return 0
        now = self.calls[call]
        if now < fault.at or (now > fault.at and not fault.lasting):
            return 0
        self.report(f"{call} {now} {fault.what}\n")
        if fault.what == "KILL":
            os.kill(os.getpid(), signal.SIGKILL)
        return int(getattr(errno, fault.what))

    def keep(self, kind: str, path: Any, *more: Any) -> None:
        """Remember what happened to a file under the root."""
        place = str(Path(path).absolute()) if self.root else ""
        if self.root and (place == self.root or place.startswith(self.root + os.sep)):
            self.events.append((kind, place, *more))

    def say(self, *what: Any) -> None:
        """Remember what a person is told, or tells."""
        self.events.append(("say", *what))


watch = Watch()


def _loud(function: Callable[..., int]) -> Callable[..., int]:
    """ctypes swallows exceptions, which would make a test that proves nothing."""

    @functools.wraps(function)
    def called(*args: Any) -> int:
        try:
            return function(*args)
        except BaseException:
            traceback.print_exc()
            os._exit(99)

    return called


# -- the tables of SQLite ----------------------------------------------------------------------

# A name stays a pointer: SQLite keeps it, and reads what lies around it.
_OPEN = ctypes.CFUNCTYPE(ctypes.c_int, _P, _P, _P, ctypes.c_int, _P)
_DELETE = ctypes.CFUNCTYPE(ctypes.c_int, _P, ctypes.c_char_p, ctypes.c_int)
_SET = ctypes.CFUNCTYPE(ctypes.c_int, _P, ctypes.c_char_p, _P)
_GET = ctypes.CFUNCTYPE(_P, _P, ctypes.c_char_p)
_VFS_METHODS = (
    "xOpen xDelete xAccess xFullPathname xDlOpen xDlError xDlSym xDlClose xRandomness xSleep"
    " xCurrentTime xGetLastError xCurrentTimeInt64 xSetSystemCall xGetSystemCall xNextSystemCall"
)
_FILE_METHODS = (
    "xClose xRead xWrite xTruncate xSync xFileSize xLock xUnlock xCheckReservedLock xFileControl"
    " xSectorSize xDeviceCharacteristics xShmMap xShmLock xShmBarrier xShmUnmap xFetch xUnfetch"
)


class _Vfs(ctypes.Structure):
    _fields_ = [
        ("iVersion", ctypes.c_int),
        ("szOsFile", ctypes.c_int),
        ("mxPathname", ctypes.c_int),
        ("pNext", _P),
        ("zName", ctypes.c_char_p),
        ("pAppData", _P),
        *((name, _P) for name in _VFS_METHODS.split()),
    ]


class _Methods(ctypes.Structure):
    _fields_ = [("iVersion", ctypes.c_int), *((name, _P) for name in _FILE_METHODS.split())]


class _File(ctypes.Structure):
    _fields_ = [("methods", _P)]


_CLOSE = ctypes.CFUNCTYPE(ctypes.c_int, _P)
_WRITE = ctypes.CFUNCTYPE(ctypes.c_int, _P, _P, ctypes.c_int, ctypes.c_int64)
_TRUNCATE = ctypes.CFUNCTYPE(ctypes.c_int, _P, ctypes.c_int64)
_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, _P, ctypes.c_int)


def _system(*kinds: Any) -> Any:
    """A system call as C sees it: a signed word back, and errno."""
    return ctypes.CFUNCTYPE(ctypes.c_ssize_t, *kinds, use_errno=True)


_SYSTEM = {
    "write": ("write", _system(ctypes.c_int, _P, ctypes.c_size_t)),
    "pwrite": ("write", _system(ctypes.c_int, _P, ctypes.c_size_t, ctypes.c_long)),
    "pwrite64": ("write", _system(ctypes.c_int, _P, ctypes.c_size_t, ctypes.c_int64)),
}
_SYSTEM_INT = {  # those that give back an int, and nothing defined above it
    "ftruncate": (
        "truncate",
        ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_long, use_errno=True),
    ),
    "unlink": ("unlink", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, use_errno=True)),
}

_kept: list[Any] = []  # what SQLite points at must outlive us
_files: dict[int, str] = {}  # the open files by their address
_wrapped: dict[int, _Methods] = {}  # SQLite's methods by their address, as we hand them out


def _vfs() -> _Vfs:
    import _sqlite3

    library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
    library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
    found = library.sqlite3_vfs_find(None)
    assert found.contents.iVersion >= 3, "this SQLite has no table of system calls"
    return found.contents  # type: ignore[no-any-return]


def _address(kept: Any) -> int:
    _kept.append(kept)
    return int(ctypes.cast(kept, _P).value or 0)


def _hook_system_calls(vfs: _Vfs) -> None:
    """Every write, truncation and removal of SQLite passes `Watch.meets`."""
    get, put, this = _GET(vfs.xGetSystemCall), _SET(vfs.xSetSystemCall), ctypes.addressof(vfs)
    for name, (call, kind) in {**_SYSTEM, **_SYSTEM_INT}.items():
        place = get(this, name.encode())
        if place:
            assert put(this, name.encode(), _address(kind(_failing(call, kind(place))))) == 0
    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_int, use_errno=True)
    assert put(this, b"open", _address(kind(_opening(kind(get(this, b"open")))))) == 0
    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, _P)
    real = kind(get(this, b"openDirectory"))

    @_loud
    def open_directory(path: bytes, handle: int) -> int:
        found = int(real(path, handle))
        if found == 0:  # it is synced at once, and closed
            watch.keep("syncdir", Path(os.fsdecode(path)).parent)
        return found

    assert put(this, b"openDirectory", _address(kind(open_directory))) == 0


def _failing(call: str, real: Any) -> Callable[..., int]:
    @_loud
    def called(*args: Any) -> int:
        if number := watch.meets(call):
            ctypes.set_errno(number)
            return -1
        found = int(real(*args))
        if found < 0 and call == "write":  # the system itself refused it
            watch.report(f"{call} {watch.calls[call]} {errno.errorcode.get(ctypes.get_errno(), '?')}\n")
        return found

    return called


def _opening(real: Any) -> Callable[..., int]:
    @_loud
    def called(path: bytes, flags: int, mode: int) -> int:
        new = bool(flags & os.O_CREAT) and not os.path.lexists(path)
        if new and (number := watch.meets("create")):
            ctypes.set_errno(number)
            return -1
        found = int(real(path, flags, mode))
        if found < 0 and new:  # the system itself refused it
            watch.report(f"create {errno.errorcode.get(ctypes.get_errno(), '?')}\n")
        return found

    return called


def _hook_files(vfs: _Vfs) -> None:
    """Every file that SQLite opens gets methods that tell what becomes of it."""
    real_open, real_delete = _OPEN(vfs.xOpen), _DELETE(vfs.xDelete)
    _kept.extend((real_open, real_delete))

    @_loud
    def opened(this: int, name: int | None, file: int, flags: int, out: int) -> int:
        path = os.fsdecode(ctypes.string_at(name)) if name else ""
        new = bool(path) and not os.path.lexists(path)
        code = int(real_open(this, name, file, flags, out))
        if code == 0 and path:
            if new:
                watch.keep("create", path)
            _files[file] = path
            head = _File.from_address(file)
            head.methods = ctypes.addressof(_methods(head.methods))
        return code

    @_loud
    def deleted(this: int, name: bytes, sync: int) -> int:
        # The order within: the name goes first, then its folder is synced.
        before = len(watch.events)
        code = int(real_delete(this, name, sync))
        if code == 0:
            synced = watch.events[before:]
            del watch.events[before:]
            watch.keep("unlink", os.fsdecode(name))
            watch.events.extend(synced)
        return code

    vfs.xOpen, vfs.xDelete = _address(_OPEN(opened)), _address(_DELETE(deleted))


def _methods(real: int) -> _Methods:
    """SQLite's methods of a file, those that change it wrapped."""
    if real in _wrapped:
        return _wrapped[real]
    ours = _Methods.from_buffer_copy(_Methods.from_address(real))
    close, write = _CLOSE(ours.xClose), _WRITE(ours.xWrite)
    truncate, sync = _TRUNCATE(ours.xTruncate), _SYNC(ours.xSync)
    _kept.extend((close, write, truncate, sync))

    @_loud
    def closed(file: int) -> int:
        _files.pop(file, None)
        return int(close(file))

    @_loud
    def written(file: int, content: int, size: int, offset: int) -> int:
        code = int(write(file, content, size, offset))
        if code == 0 and watch.root:
            watch.keep("write", _files[file], offset, ctypes.string_at(content, size))
        return code

    @_loud
    def truncated(file: int, size: int) -> int:
        code = int(truncate(file, size))
        if code == 0:
            watch.keep("truncate", _files[file], size)
        return code

    @_loud
    def synced(file: int, flags: int) -> int:
        if watch.meets("sync"):
            return IOERR_FSYNC
        before = len(watch.events)
        code = int(sync(file, flags))
        if code == 0:  # the file first, then the folder that holds it
            folders = watch.events[before:]
            del watch.events[before:]
            watch.keep("sync", _files[file])
            watch.events.extend(folders)
        return code

    ours.xClose, ours.xWrite = _address(_CLOSE(closed)), _address(_WRITE(written))
    ours.xTruncate, ours.xSync = _address(_TRUNCATE(truncated)), _address(_SYNC(synced))
    _wrapped[real] = ours
    return ours


# -- what the program does to files itself -------------------------------------------------------


def _hook_os() -> None:
    """The calls of `os` that change folders, or wait for the disk."""
    for name, call in (
        ("link", "create"),
        ("unlink", "unlink"),
        ("remove", "unlink"),
        ("mkdir", "create"),
        ("rename", "create"),
        ("replace", "create"),
    ):
        setattr(os, name, _of_os(name, call, getattr(os, name)))
    fsync, open_ = os.fsync, os.open

    def synced(handle: Any) -> None:
        number = handle if isinstance(handle, int) else handle.fileno()
        if error := watch.meets("sync"):
            raise OSError(error, os.strerror(error))
        path = Path(f"/proc/self/fd/{number}").readlink()
        fsync(number)
        if watch.root and path.is_file():  # what was written before is seen only here
            watch.keep("write", path, 0, path.read_bytes())
        watch.keep("syncdir" if path.is_dir() else "sync", path)

    def opened(path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
        new = bool(flags & os.O_CREAT) and not os.path.lexists(path)
        if new and (error := watch.meets("create")):
            raise OSError(error, os.strerror(error), os.fspath(path))
        handle = open_(path, flags, mode, **more)
        if new:
            watch.keep("create", path)
        return handle

    os.fsync = synced
    os.open = opened


def _of_os(name: str, call: str, real: Callable[..., Any]) -> Callable[..., Any]:
    kind = {"remove": "unlink", "replace": "rename"}.get(name, name)

    def called(path: Any, *more: Any, **named: Any) -> Any:
        if error := watch.meets(call):
            raise OSError(error, os.strerror(error), os.fspath(path))
        found = real(path, *more, **named)
        if kind in ("link", "rename"):
            watch.keep(kind, more[0], str(Path(path).absolute()))
        else:
            watch.keep(kind, path)
        return found

    return called


def install() -> None:
    """Hook SQLite and `os` in this process, for good; `watch` may be exchanged afterwards."""
    assert sys.platform == "linux" and sqlite3.sqlite_version_info >= (3, 8)
    vfs = _vfs()
    _hook_system_calls(vfs)
    _hook_files(vfs)
    _hook_os()
