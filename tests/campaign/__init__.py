"""Real searches under real faults: a seeded nemesis, and a checker that reads the files by itself."""
