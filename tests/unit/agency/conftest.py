"""An exchange with three agencies, each with its own home folder, at a small hub."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp.test_utils import TestServer

from hifadhi.agency import governance
from hifadhi.agency.client import Client
from hifadhi.agency.directory_office import DirectoryOffice
from hifadhi.agency.enrolment import Enrolment, new_agency
from hifadhi.agency.governance import Governance
from hifadhi.agency.keyring import Keyring, read_key
from hifadhi.agency.transport import Patience

from .small_hub import SmallHub
