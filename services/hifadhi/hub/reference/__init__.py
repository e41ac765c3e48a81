"""What the HTTP interface takes and gives, as one document for machines (OpenAPI 3.1), held true by tests."""
