"""The marshmallow schemas: what is accepted, what is answered, and what OpenAPI says of both."""
