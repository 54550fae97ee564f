"""The initial data of sandboxes: scenario files, and the Faker provider for their generated conversations."""
