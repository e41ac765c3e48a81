"""Delivery: who gets what, and what became of it.

Role: puts every sealed entry, in order, into the inboxes of those whom it concerns, and notes when they fetched it.
Reads: record, parts.
Writes: deliveries.
Holds: leaves, sealed parts, inboxes, hand-over rows, its own projection of cases and directory.
Never: delivers what is not sealed; shows a part to an agency that its header does not name as reader.
"""
