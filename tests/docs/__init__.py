"""What is written, executed: the documentation page, the README, the changelog."""
