"""Delivery: who gets what, and what became of it.

Role: puts every sealed entry, in order, into the inboxes of those whom it concerns, and notes when they fetched it.
Reads: record, parts.
Writes: deliveries, parts (tombstones only); where agencies read from Kafka, inbox.<agency>.
Holds: leaves, sealed parts, inboxes, hand-over rows, what each inbox's topic has, its own projection of the cases.
Never: delivers what is not sealed; shows a part to an agency that its header does not name as reader.
"""
