"""What is said into the directory: who is admitted, with which keys, until when; by governance and by the agency."""
