"""The console: how the exchange is.

Role: shows operators what waits, what is late and what was ruled, on pages that hold no personal data.
Reads: record, deliveries, dead-letters, progress, submissions (the oldest unsealed only, to see how long it waits).
Writes: nothing.
Holds: projections of the ledger's headers and rulings, which it can make again from index 0.
Never: shows personal data; decides; reads a sealed part.
"""
