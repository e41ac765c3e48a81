"""`hifadhi agency`, `directory`, `send`, `countersign`, `inbox`, `read`: what is typed, and what is said to it."""
