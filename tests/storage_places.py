"""Shared places for tests: a folder, and a bucket of an S3 server on this machine.

python -m tests.storage_places serves S3 on a free loopback port, says which, and ends with its stdin.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
}
BUCKET = "runs"
_ROOT = Path(__file__).parents[1]


@contextmanager
def s3_server() -> Iterator[str]:
    """URI of an empty bucket; the server runs in a process of its own and keeps its objects in memory."""
    from pyarrow.fs import S3FileSystem

    process = subprocess.Popen(
        [sys.executable, "-m", "tests.storage_places"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=_ROOT,
        env={**os.environ, **CREDENTIALS},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        address = f"127.0.0.1:{int(process.stdout.readline())}"
        server = S3FileSystem(
            access_key="test",
            secret_key="test",
            endpoint_override=address,
            scheme="http",
            region="us-east-1",
            allow_bucket_creation=True,
        )
        server.create_dir(BUCKET)
        yield f"s3://{BUCKET}?endpoint_override={address}&scheme=http&region=us-east-1"
    finally:
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


def _serve() -> None:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    sys.stdout.write(f"{server.get_host_and_port()[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    _serve()
