"""The gateway: the door.

Role: checks that a message is well-formed, authentic, addressed to known parties and complete; stores it;
signs a receipt.
Reads: directory, progress, submissions (the oldest unsealed only, to see how far the registry is behind).
Writes: parts, submissions.
Holds: nothing; not even database credentials.
Never: decides on a case; reads a sealed part.
"""
