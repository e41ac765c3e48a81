"""The bodies of a transfer that is planned: who travels when and how, what is needed on the way, who agreed."""

from typing import Annotated, Literal

from pydantic import Field

from hifadhi.referral.closed import Closed, Items, Language, Maybe, Uuid7
from hifadhi.referral.coded import ResumptionReason, SpecificNeed, SuspensionReason
from hifadhi.referral.pieces import BestInterests, Contact, Document, Moment, Name, Note, Place, Reference

# With the longest names they still fit into a part.
MOST_TRAVELLERS = 50


class Traveller(Closed):
    """One person of a transfer, by case. `name` where the receiver would not know the case yet."""

    case: Uuid7
    name: Maybe[Name] = None


Manifest = Annotated[Items[Traveller], Field(min_length=1, max_length=MOST_TRAVELLERS)]


class Notified(Closed):
    """When and in which language the person was told of the transfer, and which remedy they have."""

    at: Moment
    language: Language
    remedy: Note


class ProposedContent(Closed):
    """The plan. The manifest has all who travel together, this message's person among them."""

    manifest: Manifest
    at: Moment
    place: Place
    mode: Literal["VOLUNTARY", "SUPERVISED", "ESCORTED"]
    documents: Annotated[Items[Document], Field(max_length=16)]
    person_notified: Notified
    contact: Contact


class FamilyContact(Closed):
    """Somebody of the family whom the receiver may call."""

    name: Name
    contact: Note


class ProposedSensitive(Closed):
    """What those who bring and receive the person need to know; of a minor, the best-interests procedure."""

    needs: Annotated[Items[SpecificNeed], Field(max_length=32)]
    health_certificate: Maybe[Reference] = None
    family_contacts: Annotated[Items[FamilyContact], Field(max_length=8)]
    best_interests: Maybe[BestInterests] = None


class AgreedContent(Closed):
    """When and where the person is expected, and by whom."""

    at: Moment
    place: Place
    officer: Contact
    arrangements: Maybe[Note] = None


class SuspendedContent(Closed):
    """Why the plan is halted."""

    reason: SuspensionReason
    text: Maybe[Note] = None


class ResumedContent(Closed):
    """Why the plan goes on."""

    reason: ResumptionReason
    text: Maybe[Note] = None
