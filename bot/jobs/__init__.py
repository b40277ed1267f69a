"""Work a clock starts: APScheduler strikes, the database decides who works."""
