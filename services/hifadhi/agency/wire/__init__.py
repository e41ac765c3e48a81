"""What goes over the link to the exchange: requests, answers, receipts, the agency's token."""
