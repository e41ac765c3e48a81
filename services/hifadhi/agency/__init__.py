"""The agency's side: holds keys, seals and opens, sends and receives, mirrors and verifies.

An agency's own software needs `client.Client`, and of `home.keyring` what makes and reads its keys:

    root = hifadhi.referral.root.parse(Path("root.json").read_bytes())
    async with Client(Path("home"), root, "https://hifadhi.example") as agency:
        sent = await agency.send(
            "referral.requested", to=["ZA-DHA"], case=case, seen=7, kind="responsibility", urgency="urgent",
            bodies={"content": {...}, "sensitive": {...}, "statistics": {...}},
        )
        sent.id, sent.receipt.token, sent.ruling            # ruling: None, if not sealed within `wait_s`
        async for item in agency.receive():                 # for ever; `receive_once()` gives a list
            item.index, item.header, item.bodies, item.problems

What it promises:

* A message is checked as the gateway and the receivers will check it, before anything leaves: `Refused` has a fault
  with code and pointer for each thing to mend, and nothing was sent.
* `Unavailable` from `send` after the message was signed: it is kept in the home folder, goes out with the next sending
  of whichever process, and must not be composed again. `send_kept()` sends it and nothing else.
* What takes the signature of another officer or state goes to them in a file: `prepare`, `countersigning.examine`,
  `send_signed`. A prepared message has its number for good; see `journal`.
* An item is handed over when leaf, proof, signatures, parts, commitment and schema have been checked, and
  `referral.received` or `message.bounced` was sent where that is due: exactly once, whenever the process is killed. The
  item itself is handed over at least once: asking for the next says that it has been taken.
* `Tampered`: the hub's own evidence contradicts itself. Stop; keep the home folder, which holds `evidence.jsonl`, and
  beside `checkpoint` the signed one that contradicts it, if there is one (`known.contradictions`): that proves a fork.

Several processes may use one home: they send in turns. Role: an agency's edge. Reads: `root.json`, the home folder, the
exchange. Writes: the home folder, messages. Holds: private keys. Never: a key of others from anywhere but the directory
that it has verified itself.
"""
