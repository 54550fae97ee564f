"""What sandboxes start with: scenario files, and the Faker provider that draws their generated parts."""
