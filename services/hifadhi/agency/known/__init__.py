"""What the agency knows of the exchange, because it has verified it: the directory, the newest tree."""
