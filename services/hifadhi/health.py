"""Whether a service on this machine is ready: `python -m hifadhi.health PORT`, for a container's health check."""

import sys
from http.client import HTTPConnection, HTTPException

DEADLINE_S = 4.0
OK = 200


def ready(port: int) -> bool:
    """Whether /readyz says so in time."""
    connection = HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not ready(int(sys.argv[1])))
