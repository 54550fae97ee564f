"""What the server costs, measured. Nothing here is a test: figures vary with the machine, ratios less."""
