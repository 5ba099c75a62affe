"""Where the database and the broker are: from the environment, else those of `manage.py dev`.

A pure function of environment and data folder, so that any command in a second terminal reaches the running servers.
"""

import os

from .paths import data_dir
from .postgres import socket_folder, socket_url
from .valkey import valkey_url


def database_url() -> str:
    return os.environ.get("DATABASE_URL") or socket_url(socket_folder(data_dir()))


def redis_url() -> str:
    return os.environ.get("REDIS_URL") or valkey_url(data_dir() / "valkey")
