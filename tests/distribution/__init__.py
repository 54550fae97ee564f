"""What is built and shipped: the wheel, the image, the Procfile."""
