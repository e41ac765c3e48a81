"""`VERIFY.md` of a dossier: how to check it with OpenSSL and Python's own library, without anything of ours.

A test runs the commands as they stand. Keys with other algorithms than Ed25519 are left to tools that know them.
"""

from collections.abc import Iterator
from typing import Final

from hifadhi.agency.auditor.dossier import Proven, Signer, statement_name
from hifadhi.evidence import b64, note
from hifadhi.evidence.key_kinds import ED25519
from hifadhi.evidence.leaf import LAPSED, Ruling
from hifadhi.evidence.ledger_keys import ledger_verifiers
from hifadhi.evidence.note import Verifier, open_note
from hifadhi.referral.root import Root

# What stands before the 32 bytes of an Ed25519 key in its DER form (RFC 8410), in base64.
_DER: Final = "MCowBQYDK2VwAyEA"

_HEAD: Final = """# How to check this without trusting who gave it to you

This folder proves one leaf of the ledger `{origin}`: the leaf at index {index}.

{claim}

You need `root.json` as the exchange was founded with, from somebody you trust: see that the one here says the same.
What one leaf cannot prove: that the ruling follows from the leaves before it, and that no statement of the directory
was left out. For that an auditor verifies the whole ledger.

With Hifadhi: `hifadhi verify THIS.zip --root root.json`. Without it, in this folder, with OpenSSL 3 and Python 3:
"""

_CHECKPOINT: Final = """
## The ledger's checkpoint is signed

The key is one of `hub.ledger` in `root.json` (`x`, there in base64url).

```sh
cat > ledger.pem <<'END'
-----BEGIN PUBLIC KEY-----
{der}
-----END PUBLIC KEY-----
END
head -n 3 checkpoint > checkpoint.text
grep '^— {origin} {start}' checkpoint | cut -d ' ' -f 3 | base64 -d | tail -c 64 > checkpoint.signature
openssl pkeyutl -verify -pubin -inkey ledger.pem -rawin -in checkpoint.text -sigfile checkpoint.signature
```
"""

_INCLUSION: Final = """
## The leaf, and every statement of the directory, is in that tree (RFC 9162, 2.1.3.2)

```sh
python3 - <<'END'
import base64, hashlib, pathlib

def sha(*pieces):
    return hashlib.sha256(b"".join(pieces)).digest()

note = pathlib.Path("checkpoint").read_text(encoding="utf-8")
_, size, root = note.split("\\n")[:3]
for path in sorted(pathlib.Path().rglob("*.tlog-proof")):
    head, _, shown = path.read_text(encoding="utf-8").partition("\\n\\n")
    _, index, *hashes = head.split("\\n")
    at, last = int(index.removeprefix("index ")), int(size) - 1
    found = sha(b"\\0", path.with_suffix("").read_bytes())
    for sibling in map(base64.b64decode, hashes):
        if at % 2 or at == last:
            found = sha(b"\\1", sibling, found)
            while at and not at % 2:
                at, last = at // 2, last // 2
        else:
            found = sha(b"\\1", found, sibling)
        at, last = at // 2, last // 2
    assert shown == note and last == 0 and found == base64.b64decode(root), path
print("every leaf is in the tree")
END
```
"""

_MESSAGE: Final = """
## The leaf rules on `envelope.json`, and these keys signed it

```sh
tail -n +3 leaf | cmp - envelope.json
```
"""

_SIGNATURE: Final = """
{whose}

```sh
cat > signer-{number}.pem <<'END'
-----BEGIN PUBLIC KEY-----
{der}
-----END PUBLIC KEY-----
END
python3 - <<'END'
import base64, json

def raw(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

said = json.load(open("envelope.json"))
one = said["signatures"][{number}]
open("signed-{number}", "w").write(one["protected"] + "." + said["payload"])
open("signature-{number}", "wb").write(raw(one["signature"]))
print(raw(said["payload"]).decode())
END
openssl pkeyutl -verify -pubin -inkey signer-{number}.pem -rawin -in signed-{number} -sigfile signature-{number}
```
"""

_OTHER: Final = """
{whose}
It is no Ed25519 key: any JOSE library checks this signature (RFC 7515, General JSON).
"""


def page(proven: Proven, root: Root, checkpoint_note: bytes) -> str:
    """The page of a dossier, in Markdown. The note is that of its checkpoint."""
    head = _HEAD.format(origin=root.origin, index=proven.index, claim=_claim(proven))
    return "".join([head, *_checkpoints(root, checkpoint_note), _INCLUSION, *_message(proven)])


def _claim(proven: Proven) -> str:
    ruling = proven.leaf.ruling
    if ruling.ruling == LAPSED:
        return f"It says that the {ruling.clock} clock ran out at {ruling.due}, and nobody had answered."
    what = f"the message of type `{proven.header.type}`" if proven.header else "a message that breaks its schema"
    senders = " and ".join(f"`{signer.agency}`" for signer in proven.signers)
    return f"It says that {what}, signed by {senders}, was stored at {ruling.stored_at} and {_ruled(ruling)}."


def _ruled(ruling: Ruling) -> str:
    return f"refused with the code {ruling.code}" if ruling.code else "recorded"


def _checkpoints(root: Root, checkpoint_note: bytes) -> Iterator[str]:
    for verifier in open_note(checkpoint_note, ledger_verifiers(root)).verified:
        if verifier.alg != note.ED25519:  # ordinary tools do not know ML-DSA yet
            continue
        yield _CHECKPOINT.format(origin=root.origin, der=_der(verifier.public), start=_start(verifier))


def _start(verifier: Verifier) -> str:
    """With which letters the key's signature lines begin: its id's, those that nothing behind it touches."""
    return b64.encode(verifier.key_id)[:5]


def _message(proven: Proven) -> Iterator[str]:
    if proven.signers:
        yield _MESSAGE
    for number, signer in enumerate(proven.signers):
        if signer.key.alg == ED25519:
            yield _SIGNATURE.format(number=number, whose=_whose(signer), der=_der(signer.key.public))
        else:
            yield _OTHER.format(whose=_whose(signer))


def _whose(signer: Signer) -> str:
    added = "one of `governance` in `root.json`"
    if signer.added is not None:
        added = f"added by the statement in `{statement_name(signer.added)}`"
    return f"The key of `{signer.agency}`, kid `{signer.key.kid}`, is {added}."


def _der(public: bytes) -> str:
    return _DER + b64.encode(public)
