"""From a page of the inbox to an item that was proved, opened, answered and handed over."""
