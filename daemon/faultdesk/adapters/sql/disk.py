"""What a full or broken disk cannot write into the database about itself."""

import os
from pathlib import Path

import sqlalchemy as sa

from faultdesk.adapters.sql.listings import Row

_MEBIBYTE = 1024 * 1024


def disk_rows(connection: sa.Connection) -> list[Row]:
    """Say how many MiB are free for a SQLite database, and why it cannot be written to; nothing of a server's."""
    url = connection.engine.url
    if url.get_backend_name() != "sqlite" or not url.database:
        return []
    folder = Path(url.database).absolute().parent
    free = os.statvfs(folder)
    octets = free.f_bavail * free.f_frsize
    if free.f_flag & os.ST_RDONLY:
        detail = "read-only"
    elif octets < _MEBIBYTE:
        detail = "full"
    elif free.f_files and not free.f_favail:  # some file systems count no inodes
        detail = "no inode is left"
    else:
        detail = "MiB free"
    return [
        {"what": "disk", "name": str(folder), "count": octets // _MEBIBYTE, "since": None, "detail": detail}
    ]
