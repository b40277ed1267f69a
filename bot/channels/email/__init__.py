"""Email by SMTP: sending, and reports of what did not arrive."""
