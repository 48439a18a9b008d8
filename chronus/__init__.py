"""Music Chronus: a headless modular synthesizer that is played by typing."""
