"""HTTP as the API and the control API share it: requests, responses, errors, endpoints and OpenAPI documents."""
