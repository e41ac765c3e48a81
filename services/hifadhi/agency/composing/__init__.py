"""From a draft to a message that is checked, sealed and signed, and has not left yet."""
