"""Topics: durable, ordered records. One port, an embedded adapter (SQLite) and one for production (Kafka)."""
