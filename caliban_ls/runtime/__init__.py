"""Where jobs run and what they run in: images, engines, job backends, history."""
