"""The auditor's tools: fetch the ledger, decide all of it again, tell a case's story, hand over what proves a leaf.

They need `root.json` and nothing else of an agency's: no keys, but to read the ledger from the exchange.
"""
