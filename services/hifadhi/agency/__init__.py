"""The agency's side: holds keys, seals and opens, sends and receives, mirrors and verifies."""
