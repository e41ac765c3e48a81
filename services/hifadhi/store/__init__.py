"""Rows and their transactions. One port, an embedded adapter (SQLite) and one for production (PostgreSQL)."""
