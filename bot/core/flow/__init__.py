"""The flow language: what marketers write, checked, compiled and run without I/O."""
