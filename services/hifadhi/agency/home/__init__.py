"""What an agency keeps in its home folder: its keys, and what it has sent and not settled yet."""
