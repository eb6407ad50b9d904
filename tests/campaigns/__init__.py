"""Campaigns of injected faults: minutes to hours of kills, full disks, damaged files and bombs. No tests."""
