"""The main job, from end to end on the embedded exchange, with invented people; it ends by verifying the ledger."""
