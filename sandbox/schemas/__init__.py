"""The marshmallow schemas of requests and responses, and reading JSON with them."""
