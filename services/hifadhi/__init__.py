"""Hifadhi: signed referral messages between agencies, sealed in a ledger before they are delivered."""
