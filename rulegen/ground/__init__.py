"""What every room stands on: settings, keys, statistics, journal, hosts."""
