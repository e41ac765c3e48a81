"""From a signed message to what the hub has stored, whatever happens in between."""
